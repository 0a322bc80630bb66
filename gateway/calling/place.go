package calling

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// place is what a call has of the budgets, until its end. It goes back to the holder
// for whom it was taken.
type place struct {
	taken  bool
	holder shares.Holder
	among  *shares.Budget // where it is counted: Pending or Waited
	bytes  int64          // of Requests
}

// seat takes the place of a call among those of a kind.
func (c *Calls) seat(k *call, among *shares.Budget) error {
	p := place{true, c.Holder(k.result.Tenant), among, int64(len(k.Body))}
	if !among.Take(p.holder, 1) {
		return c.full(among)
	}
	if !c.Requests.Take(p.holder, p.bytes) {
		among.Give(p.holder, 1)
		return errRequests
	}
	k.place = p
	return nil
}

// forceSeat takes it whatever others have.
func (c *Calls) forceSeat(k *call) {
	k.place = place{true, c.Holder(k.result.Tenant), c.Pending, int64(len(k.Body))}
	c.Pending.Force(k.place.holder, 1)
	c.Requests.Force(k.place.holder, k.place.bytes)
}

// reseat counts a call among others; it keeps its request.
func (c *Calls) reseat(k *call, among *shares.Budget) error {
	if !among.Take(k.place.holder, 1) {
		return c.full(among)
	}
	k.place.among.Give(k.place.holder, 1)
	k.place.among = among
	return nil
}

func (c *Calls) unseat(k *call) {
	if p := k.place; p.taken {
		p.among.Give(p.holder, 1)
		c.Requests.Give(p.holder, p.bytes)
	}
	k.place = place{}
}

func (c *Calls) full(among *shares.Budget) error {
	if among == c.Pending {
		return errPending
	}
	return errWaited
}

var (
	errPending  = gateway.Unavailable("the tenant has as many pending calls as it may have now of what this process can hold (bounds.calls)", time.Second)
	errWaited   = gateway.Unavailable("the tenant has as many calls under way as it may have now of what this process can hold (bounds.waited_calls)", time.Second)
	errRequests = gateway.Unavailable("the requests of the tenant's calls take as much memory as they may now of what this process has (bounds.call_requests)", time.Second)
)
