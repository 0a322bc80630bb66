package limits

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Of picks one of a tenant's limits.
type Of func(*gateway.Limits) *gateway.Rate

// Callbacks, Events and Calls are the rates that a tenant may have (SPEC 14).
func Callbacks(l *gateway.Limits) *gateway.Rate { return l.CallbacksPerSecond }

// Events is limits.events_per_second.
func Events(l *gateway.Limits) *gateway.Rate { return l.EventsPerSecond }

// Calls is limits.calls_per_second.
func Calls(l *gateway.Limits) *gateway.Rate { return l.CallsPerSecond }

// Demand is what is asked of one limiter.
type Demand struct {
	Key   Key
	Limit *gateway.Rate // nil is no limit
	N     int
}

// Tree appends what n of a tenant ask of its own limit and of those above it: a limit
// holds for the whole tree below, so that who makes many tenants has no more for that
// (SPEC 16).
func Tree(dst []Demand, of *directory.Tenant, above []*directory.Tenant, limit Of, n int) []Demand {
	if set := limit(&of.Spec.Limits); set != nil {
		dst = append(dst, Demand{Key{Tenant: of.ID}, set, n})
	}
	for _, at := range above {
		if set := limit(&at.Spec.Limits); set != nil {
			dst = append(dst, Demand{Key{Tenant: at.ID}, set, n})
		}
	}
	return dst
}

// TakeTree is Take for a tenant and for those above it.
func (t *Table) TakeTree(of *directory.Tenant, above []*directory.Tenant, limit Of, n int, now time.Time) time.Duration {
	var room [8]Demand
	_, again := t.TakeAll(Tree(room[:0], of, above, limit, n), now)
	return again
}

// TakeAll is Take for several limiters, each of which is named once: what one of them
// refuses is counted by none. It gives the place of the one that refuses.
func (t *Table) TakeAll(all []Demand, now time.Time) (refusing int, again time.Duration) {
	for i := range all {
		d := &all[i]
		if again = t.Take(d.Key, d.Limit, d.N, now); again == 0 {
			continue
		}
		for _, taken := range all[:i] {
			t.giveBack(taken, now)
		}
		return i, again
	}
	return 0, 0
}
