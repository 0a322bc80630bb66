package pgstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// queue is what is unfinished, by lane.
type queue struct {
	*writers
	loads  *asker
	making *making
}

// deliveryStates are to be added to at the end, and never changed.
var deliveryStates = [...]gateway.DeliveryState{
	gateway.DeliveryPending, gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled,
}

func deliveryState(state gateway.DeliveryState) (n int64) {
	for i, s := range deliveryStates {
		if s == state {
			n = int64(i)
		}
	}
	return n
}

// Of an unfinished delivery there is a row with all of it, and one in the window of its lane.
const (
	unfinishedColumns = "tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows"
	dueColumns        = "slot, tenant, endpoint, at, id, conversation, also, lent"
	// toDue turns a row of the one into one of the other.
	toDue = "slot, tenant, endpoint, due AS at, id, conversation, also, lent"
	// takeDue removes the place in the window of what a verb removed; was is where it was.
	// Joined to {this} all of what that has would be copied for each row, with the record.
	takeDue = "DELETE FROM {s}due WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM {this} AS g, LATERAL (SELECT d.ctid FROM {s}due AS d WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id OFFSET 0) AS k)) RETURNING 1"
	// wasIn is what a verb tells of the row that it removed.
	wasIn = "u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was"
)

// unfinishedIn are the columns of a verb that makes a delivery unfinished.
const unfinishedIn = "tenant bytea, id bytea, slot int2, endpoint bytea, due int8, state int2, type bytea, conversation int8, events bytea, also bytea, lent int2, value bytea, follows int2"

// putDelivery puts a new delivery. One that is there already stays as it is.
var putDelivery = &verb{
	name: "put a delivery", table: "deliveries", keys: 2, in: columns(unfinishedIn),
	sql:  putDeliveryIn + " ON CONFLICT DO NOTHING RETURNING " + toDue,
	then: []string{"INSERT INTO {s}due (" + dueColumns + ") SELECT " + dueColumns + " FROM {this}"},
}

const (
	putDeliveryIn  = "INSERT INTO {s}unfinished (" + unfinishedColumns + ") SELECT " + unfinishedColumns + " FROM {in}"
	insertDelivery = putDeliveryIn + " RETURNING " + toDue
)

// unfinished gives the values of unfinishedIn. It follows no event: see follows.go.
func (p *promise) unfinished(d *gateway.Delivery) []cell {
	p.keys("delivery", d.Endpoint)
	var e, also record.Encoder
	e.Delivery(d, nil)
	also.Also(d.Also)
	lent := int64(0)
	if d.Lent != nil {
		lent = 1
	}
	return []cell{
		text(d.Tenant), p.id("delivery", gateway.PrefixDelivery, d.ID), number(int64(d.Lane().Slot())), text(d.Endpoint), number(record.Nanos(d.NextAttemptAt)),
		number(deliveryState(d.State)), text(d.EventType), hash(gateway.ConversationHash(d.ConversationKey)), p.eventIDs(d), raw(also.B), number(lent), raw(e.B), number(0),
	}
}

// eventIDs gives the ids of what a delivery carries, as one text.
func (p *promise) eventIDs(d *gateway.Delivery) cell {
	b := make([]byte, 0, 16*len(d.EventIDs))
	for _, id := range d.EventIDs {
		b = append(b, p.id("delivery", gateway.PrefixEvent, id).b...)
	}
	return raw(b)
}

// delivery puts a new delivery, and lets its events find it: follows says that lists find it
// by its event.
func (p *promise) delivery(d *gateway.Delivery, follows bool) {
	p.of(d.Tenant)
	cells := p.unfinished(d)
	if follows {
		cells[len(cells)-1] = number(1)
	}
	p.do(putDelivery, cells...)
	if !besideEvent(d) {
		p.carry(d)
	}
}

// Lanes gives every lane of the slots that has unfinished deliveries. Before that it makes
// what former processes promised to tenants of these slots and did not make.
func (s *queue) Lanes(slots gateway.SlotSet) (lanes []gateway.LaneKey, err error) {
	if slots.Len() == 0 {
		return nil, nil
	}
	if err := s.firm(gateway.SlotSet{}, slots); err != nil {
		return nil, err
	}
	s.hand.ForgetLanes(slots)
	if err := s.making.finish(slots); err != nil {
		return nil, err
	}
	return s.lanesIn(slots)
}

// lanesIn is Lanes for who takes nothing over: what is stale stays so.
func (s *queue) lanesIn(slots gateway.SlotSet) (lanes []gateway.LaneKey, err error) {
	p := &params{}
	// It leaps from lane to lane.
	const next = "SELECT d.tenant, d.endpoint FROM {s}due AS d WHERE d.slot = s.slot %s ORDER BY d.tenant, d.endpoint LIMIT 1"
	sql := "SELECT l.tenant, l.endpoint FROM unnest(" + p.slots(slots) + ") AS s(slot), LATERAL (WITH RECURSIVE r AS ((" + fmt.Sprintf(next, "") + ") UNION ALL SELECT n.tenant, n.endpoint FROM r, LATERAL (" +
		fmt.Sprintf(next, "AND (d.tenant, d.endpoint) > (r.tenant, r.endpoint)") + ") AS n) SELECT tenant, endpoint FROM r) AS l ORDER BY l.tenant, l.endpoint"
	err = s.readFor(whole, sql, p, func(row [][]byte) (bool, error) {
		lanes = append(lanes, gateway.LaneKey{Tenant: string(row[0]), Endpoint: string(row[1])})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return lanes, nil
}

// Window gives the unfinished deliveries of a lane after the given one (the zero Due: from
// the start), at most so many, in the order (At, ID). What it shows is durable, but for what
// comes again by itself: the rest of a fan-out that is durable, and a delivery as it was
// before an attempt that a crash loses.
func (s *queue) Window(lane gateway.LaneKey, after gateway.Due, most int) (due []gateway.Due, err error) {
	if !keyable(lane.Tenant, lane.Endpoint) || most <= 0 {
		return nil, nil
	}
	p := &params{}
	sql := "SELECT at, id, conversation, also, lent FROM {s}due WHERE slot = " + p.short(int(lane.Slot())) + " AND tenant = " + p.text(lane.Tenant) + " AND endpoint = " + p.text(lane.Endpoint)
	if after != (gateway.Due{}) {
		u, is := gateway.ParseID(gateway.PrefixDelivery, after.ID)
		if !is && after.ID != "" {
			return nil, fmt.Errorf("window after %q: not the id of a delivery", after.ID)
		}
		from := u[:]
		if !is {
			from = nil
		}
		sql += " AND (at, id) > (" + p.long(record.Nanos(after.At)) + ", " + p.bytes(from) + ")"
	}
	err = s.read(sql+fmt.Sprintf(" ORDER BY at, id LIMIT %d", most), p, func(row [][]byte) (bool, error) {
		also, ok := record.DecodeAlso(string(row[3]))
		if !ok {
			return false, record.Corrupt("place in a window")
		}
		due = append(due, gateway.Due{
			ID: record.FormatID(gateway.PrefixDelivery, row[1]), At: record.FromNanos(longAt(row[0])),
			Conversation: binary.BigEndian.Uint64(row[2]), Also: also, Lent: shortAt(row[4]) != 0,
		})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

// Load gives an unfinished delivery with the events that it carries; else
// gateway.ErrNotFound.
func (s *queue) Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	if d, events := s.atHand(tenant, id); d != nil {
		return d, events, nil
	}
	if d, events, err := s.loadWithOthers(tenant, id); d != nil || err != nil {
		return d, events, err
	}
	for tries := 0; ; tries++ {
		d, _, err := s.waiting(tenant, id)
		if err != nil {
			return nil, nil, err
		}
		events, err := s.eventsOf(d)
		if err == nil && len(events) < len(d.EventIDs) {
			if tries < 2 {
				continue // it may have ended between the two looks
			}
			err = fmt.Errorf("delivery %s: not all of its events are in the store", d.ID)
		}
		return d, events, err
	}
}

// Unfinished gives an unfinished delivery alone; else gateway.ErrNotFound.
func (s *queue) Unfinished(tenant, id string) (*gateway.Delivery, error) {
	d, _, err := s.waiting(tenant, id)
	return d, err
}

// waiting gives an unfinished delivery, and its record; else gateway.ErrNotFound.
func (e *engine) waiting(tenant, id string) (d *gateway.Delivery, value []byte, err error) {
	u, is := gateway.ParseID(gateway.PrefixDelivery, id)
	if !is || !keyable(tenant) {
		return nil, nil, gateway.ErrNotFound
	}
	p := &params{}
	found, err := e.one("SELECT value FROM {s}unfinished WHERE tenant = "+p.text(tenant)+" AND id = "+p.bytes(u[:]), p, func(row [][]byte) (err error) {
		value = append([]byte(nil), row[0]...)
		d, _, err = record.DecodeDelivery(tenant, u[:], value)
		return err
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return d, value, err
}

// firmly is a verb that does nothing.
var firmly = &verb{name: "make firm", table: "firm", keys: 1, in: columns("n int8"), blind: true, answers: true, sql: "SELECT i.o FROM {in} WHERE false"}

// Firm makes durable what was settled since a moment: one commit that waits for the disk, and for
// the standby, has all before it there too. Where the database was started anew or promoted
// since, that may be lost, and is not known.
func (s *queue) Firm(since time.Time) error {
	p := newPromise()
	p.begun = since
	p.do(firmly, number(0))
	return s.write(p)
}
