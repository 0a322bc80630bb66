package api

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// seat is the place of a request that stays until somebody else is done: a wait's
// end, a backend, an endpoint that is asked for its proof. Each has a connection and
// some memory meanwhile, of which the listener has no more than so many.
type seat struct {
	among  *shares.Budget // nil: it has none
	holder shares.Holder
}

// stay takes the request's seat, which Handler or the end of its hold gives back.
func (c *call) stay() error {
	if c.seat.among != nil || c.holds == nil {
		return nil
	}
	holder := c.snapshot.Holder(c.tenant)
	if !c.holds.Take(holder, 1) {
		return errNoSeat
	}
	c.seat = seat{c.holds, holder}
	return nil
}

func (s seat) leave() { s.among.Give(s.holder, 1) }

var errNoSeat = gateway.Unavailable("as many requests of the tenant are held as may be now of what this process can hold (bounds.holds)", time.Second)
