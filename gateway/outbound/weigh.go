package outbound

import (
	"time"

	"hookgate/gateway/shares"
)

const (
	// copies is how often an attempt has what it carries: as it was read, in its envelope,
	// and as it is written.
	copies = 4
	// light is what needs no room: all attempts at once with so much are what a process has.
	light = 16 << 10
	// roomRest is how long a lane rests that finds no room.
	roomRest = 200 * time.Millisecond
)

// room is the memory that an attempt has taken of all attempts'.
type room struct {
	holder shares.Holder
	size   int64
}

// weigh takes room for what is carried, as tenants share it (SPEC 16). Where there is none
// the delivery goes back to its lane, without an attempt. No delivery is too large for the
// share that its tenant has while others want some.
func (c *carrier) weigh(a *attempt) bool {
	size := 0
	for i := range a.events {
		size += len(a.events[i].Body)
	}
	budget := c.options.Attempts
	if size <= light || budget == nil {
		return true
	}
	r := room{holder: c.options.Holder(a.lane.key.Tenant), size: min(int64(copies*size), budget.Most()/4)}
	if !budget.Take(r.holder, r.size) {
		a.again, a.rest = ptr(a.delivery.Due()), roomRest
		return false
	}
	a.room = r
	return true
}

// lighten gives the room back.
func (c *carrier) lighten(a *attempt) { c.options.Attempts.Give(a.room.holder, a.room.size) }
