package calling

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// seats are what calls may take of this process.
type seats struct {
	pending, waited, requests *shares.Budget
	answers                   *shares.Budget // bytes of large answers
	holder                    func(tenant string) shares.Holder
}

// place is what a call has of the budgets, until its end. It goes back to the holder
// for whom it was taken.
type place struct {
	taken  bool
	holder shares.Holder
	among  *shares.Budget // where it is counted: pending or waited
	bytes  int64          // of requests
	made   int64          // of what was rendered, in the budget of requests too
	answer int64          // of answers
}

// take takes the place of a call among those of a kind.
func (s *seats) take(k *call, among *shares.Budget) error {
	p := place{taken: true, holder: s.holder(k.result.Tenant), among: among, bytes: int64(len(k.Body))}
	if !among.Take(p.holder, 1) {
		return s.full(among)
	}
	if !s.requests.Take(p.holder, p.bytes) {
		among.Give(p.holder, 1)
		return errRequests
	}
	k.place = p
	return nil
}

// force takes it whatever others have.
func (s *seats) force(k *call) {
	k.place = place{taken: true, holder: s.holder(k.result.Tenant), among: s.pending, bytes: int64(len(k.Body))}
	s.pending.Force(k.place.holder, 1)
	s.requests.Force(k.place.holder, k.place.bytes)
}

// change counts a call among others; it keeps its request.
func (s *seats) change(k *call, among *shares.Budget) error {
	if !among.Take(k.place.holder, 1) {
		return s.full(among)
	}
	k.place.among.Give(k.place.holder, 1)
	k.place.among = among
	return nil
}

func (s *seats) giveBack(k *call) {
	if p := k.place; p.taken {
		p.among.Give(p.holder, 1)
		s.requests.Give(p.holder, p.bytes+p.made)
		s.answers.Give(p.holder, p.answer)
	}
	k.place = place{}
}

func (s *seats) full(among *shares.Budget) error {
	if among == s.pending {
		return errPending
	}
	return errWaited
}

var (
	errPending  = gateway.Unavailable("the tenant has as many pending calls as it may have now of what this process can hold (bounds.calls)", time.Second)
	errWaited   = gateway.Unavailable("the tenant has as many calls under way as it may have now of what this process can hold (bounds.waited_calls)", time.Second)
	errRequests = gateway.Unavailable("the requests of the tenant's calls take as much memory as they may now of what this process has (bounds.call_requests)", time.Second)
)
