package pgstore

import (
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

var parkedTable = newTable("parked callback", "parked", "tenant bytea, id bytea", "slot int2, expires int8, value bytea")

func (p *promise) park(c *gateway.Parked) {
	p.of(c.Tenant)
	var e record.Encoder
	e.Parked(c)
	p.put(parkedTable, text(c.Tenant), p.id("parked callback", gateway.PrefixCallback, c.Callback.ID), slotCell(c.Tenant), number(record.Nanos(c.Expires)), raw(e.B))
}

func unpark(p *promise, c *gateway.Parked) {
	p.of(c.Tenant)
	p.remove(parkedTable, text(c.Tenant), p.id("parked callback", gateway.PrefixCallback, c.Callback.ID))
}

// Parked gives a parked callback whole; else gateway.ErrNotFound. Whether its time
// is over is not looked at: who took it in time may still need it.
func (s *marks) Parked(tenant, id string) (c *gateway.Parked, err error) {
	u, is := gateway.ParseID(gateway.PrefixCallback, id)
	if !is {
		return nil, gateway.ErrNotFound
	}
	if err := s.steadyFor(tenant); err != nil {
		return nil, err
	}
	p := &params{}
	found, err := s.one("SELECT value FROM {s}parked WHERE tenant = "+p.text(tenant)+" AND id = "+p.bytes(u[:]), p, func(row [][]byte) (err error) {
		c, err = record.DecodeParked(tenant, u[:], row[0], false)
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return c, err
}

// parkedHead is how much of a parked callback's record is read where its body is not
// wanted: what stands before it is shorter, as a rule.
const parkedHead = 4 << 10

func (s *waits) recoverParked(slots gateway.SlotSet, parked func(*gateway.Parked) error) error {
	type long struct {
		tenant string
		id     []byte
	}
	var longer []long
	now := s.opts.Now()
	p := &params{}
	sql := "SELECT tenant, id, substr(value, 1, " + strconv.Itoa(parkedHead) + "), length(value)::int8 FROM {s}parked WHERE slot = ANY(" + p.slots(slots) + ") AND expires > " + p.long(record.Nanos(now))
	err := s.readFor(whole, sql, p, func(row [][]byte) (bool, error) {
		c, err := record.DecodeParked(string(row[0]), row[1], row[2], true)
		if err != nil && longAt(row[3]) > parkedHead {
			longer = append(longer, long{string(row[0]), append([]byte(nil), row[1]...)})
			return true, nil
		}
		if err == nil && c.Expires.After(now) {
			err = parked(c)
		}
		return true, err
	})
	for _, one := range longer {
		if err != nil {
			break
		}
		p := &params{}
		_, err = s.one("SELECT value FROM {s}parked WHERE tenant = "+p.text(one.tenant)+" AND id = "+p.bytes(one.id), p, func(row [][]byte) error {
			c, err := record.DecodeParked(one.tenant, one.id, row[0], true)
			if err == nil {
				err = parked(c)
			}
			return err
		})
	}
	return err
}
