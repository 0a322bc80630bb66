package pgstore

import (
	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// calls are those whose outcome is still promised.
type calls struct{ *writers }

var pendingTable = newTable("pending call", "pending", "tenant bytea, id bytea", "slot int2, value bytea")

func (p *promise) pending(c *gateway.PendingCall) {
	p.of(c.Tenant)
	var e record.Encoder
	e.PendingCall(c)
	p.put(pendingTable, text(c.Tenant), p.id("pending call", gateway.PrefixCall, c.ID), slotCell(c.Tenant), raw(e.B))
}

// settledCall removes what may not be there: whoever settles a call again after a commit of
// unknown outcome settles nothing.
func settledCall(p *promise, c *gateway.PendingCall) {
	p.of(c.Tenant)
	p.remove(pendingTable, text(c.Tenant), p.id("pending call", gateway.PrefixCall, c.ID))
}

// PendingCalls gives the calls of the slots' tenants whose outcome is still promised,
// oldest first. They are as many as a process had under way at once, so this is all of
// them. It waits until it is known what was written.
func (s *calls) PendingCalls(slots gateway.SlotSet) (list []*gateway.PendingCall, err error) {
	if err := s.firm(gateway.SlotSet{}, gateway.SlotSet{}); err != nil {
		return nil, err
	}
	p := &params{}
	err = s.readFor(whole, "SELECT tenant, id, value FROM {s}pending WHERE slot = ANY("+p.slots(slots)+") ORDER BY id", p, func(row [][]byte) (bool, error) {
		c, err := record.DecodePendingCall(string(row[0]), row[1], row[2])
		list = append(list, c)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
