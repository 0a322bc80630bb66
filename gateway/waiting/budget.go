package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// place is what one open wait has of the budgets. It goes back to the holder for
// whom it was taken, whatever tenants are above that one by then.
type place struct {
	holder  *shares.Holder // nil: it has nothing
	context int            // bytes
}

// take takes the place of one more open wait of a tenant.
func (s *Sessions) take(r *room, context int) (place, error) {
	h := r.holding(s.Holder(r.tenant))
	if !s.Places.Take(*h, 1) {
		return place{}, errNoOpen
	}
	if !s.Contexts.Take(*h, int64(context)) {
		s.Places.Give(*h, 1)
		return place{}, errNoContext
	}
	return place{h, context}, nil
}

// limited refuses a wait that has its place when limits.waits_open of its tenant, or
// of one above it, allows no more: each counts those of the whole tree below (SPEC
// 16).
func (s *Sessions) limited(t *directory.Tenant) error {
	for above := s.Above(t); ; t, above = above[0], above[1:] {
		if most := t.Spec.Limits.WaitsOpen; most != nil && s.Places.Held(t.ID) > int64(*most) {
			return errLimited
		}
		if len(above) == 0 {
			return nil
		}
	}
}

// force takes it for a wait that a former process has promised.
func (s *Sessions) force(r *room, context int) place {
	h := r.holding(s.Holder(r.tenant))
	s.Places.Force(*h, 1)
	s.Contexts.Force(*h, int64(context))
	return place{h, context}
}

func (s *Sessions) giveBack(p place) {
	if p.holder == nil {
		return
	}
	s.Places.Give(*p.holder, 1)
	s.Contexts.Give(*p.holder, int64(p.context))
}

// holding gives one holder for all waits of a room: a million waits need not keep
// one each.
func (r *room) holding(now shares.Holder) *shares.Holder {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder == nil || !r.holder.Is(now) {
		kept := now
		r.holder = &kept
	}
	return r.holder
}

var (
	errLimited = &gateway.Error{
		Code: gateway.CodeRateLimited, RetryAfter: time.Second,
		Message: "the tenant, or one above it, has as many open waits as limits.waits_open allows",
	}
	errNoOpen    = gateway.Unavailable("the tenant has as many open waits as it may have now of what this process can hold (bounds.waits)", time.Second)
	errNoContext = gateway.Unavailable("the open waits of the tenant have as much context as they may have now of what this process can hold (bounds.contexts)", time.Second)
)
