package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// budget is what open waits and parked callbacks may take of this process.
type budget struct {
	places, contexts *shares.Budget
	parked           *shares.Budget
	holder           func(tenant string) shares.Holder
	above            func(*directory.Tenant) []*directory.Tenant
}

// otherName is what memory keeps of another name of an open wait beside its text, in bytes.
const otherName = 128

// sizeOfOpen is what an open wait counts of the budget of contexts: what it brings along, and
// its names beside its key.
func sizeOfOpen(brought int, key string, names []string) int {
	for _, other := range names {
		if other != key {
			brought += otherName + len(other)
		}
	}
	return brought
}

// place is what one open wait has of the budgets. It goes back to the holder for
// whom it was taken, whatever tenants are above that one by then.
type place struct {
	holder  *shares.Holder // nil: it has nothing
	context int            // bytes
}

// take takes the place of one more open wait of a tenant.
func (b *budget) take(r *room, context int) (place, error) {
	h := r.holding(b.holder(r.tenant))
	if !b.places.Take(*h, 1) {
		return place{}, errNoOpen
	}
	if !b.contexts.Take(*h, int64(context)) {
		b.places.Give(*h, 1)
		return place{}, errNoContext
	}
	return place{h, context}, nil
}

// limited refuses a wait that has its place when limits.waits_open of its tenant, or
// of one above it, allows no more: each counts those of the whole tree below (SPEC
// 16).
func (b *budget) limited(t *directory.Tenant) error {
	for above := b.above(t); ; t, above = above[0], above[1:] {
		if most := t.Spec.Limits.WaitsOpen; most != nil && b.places.Held(t.ID) > int64(*most) {
			return errLimited
		}
		if len(above) == 0 {
			return nil
		}
	}
}

// force takes it for a wait that a former owner has promised.
func (b *budget) force(r *room, context int) place {
	h := r.holding(b.holder(r.tenant))
	b.places.Force(*h, 1)
	b.contexts.Force(*h, int64(context))
	return place{h, context}
}

func (b *budget) giveBack(p place) {
	if p.holder == nil {
		return
	}
	b.places.Give(*p.holder, 1)
	b.contexts.Give(*p.holder, int64(p.context))
}

// space is what one parked callback has of the budget of those.
type space struct {
	holder *shares.Holder // nil: it has nothing
	bytes  int64
}

// parking takes the space of one more parked callback of a tenant.
func (b *budget) parking(r *room, p *gateway.Parked) (space, bool) {
	s := space{r.holding(b.holder(r.tenant)), sizeOfParked(p)}
	return s, b.parked.Take(*s.holder, s.bytes)
}

// forceParking takes it for one that a former owner has promised.
func (b *budget) forceParking(r *room, p *gateway.Parked) space {
	s := space{r.holding(b.holder(r.tenant)), sizeOfParked(p)}
	b.parked.Force(*s.holder, s.bytes)
	return s
}

func (b *budget) unpark(s space) {
	if s.holder != nil {
		b.parked.Give(*s.holder, s.bytes)
	}
}

var (
	errNoParking = gateway.Unavailable("as many callbacks of the tenant are parked as may be now of what this process can hold (bounds.parked)", 5*time.Second)

	errLimited = &gateway.Error{
		Code: gateway.CodeRateLimited, RetryAfter: time.Second,
		Message: "the tenant, or one above it, has as many open waits as limits.waits_open allows",
	}
	errNoOpen    = gateway.Unavailable("the tenant has as many open waits as it may have now of what this process can hold (bounds.waits)", time.Second)
	errNoContext = gateway.Unavailable("the open waits of the tenant have as much context as they may have now of what this process can hold (bounds.contexts)", time.Second)
)
