package limits

import (
	"time"

	"golang.org/x/time/rate"

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

// TakeTree is Take for a tenant and for those above it: a tenant's limit holds for
// the whole tree below it, so that who makes many tenants has no more for that (SPEC
// 16). What one of them refuses is counted by none.
func (t *Table) TakeTree(of *directory.Tenant, above []*directory.Tenant, limit Of, n int, now time.Time) time.Duration {
	if len(above) == 0 { // as most
		return t.Take(Key{Tenant: of.ID}, limit(&of.Spec.Limits), n, now)
	}
	type took struct {
		from *limiter
		r    *rate.Reservation
	}
	var taken []took
	for i := -1; i < len(above); i++ {
		at := of
		if i >= 0 {
			at = above[i]
		}
		set := limit(&at.Spec.Limits)
		if set == nil {
			continue
		}
		l := t.limiter(Key{Tenant: at.ID}, *set, now)
		r, free := l.reserve(now, min(n, set.Burst))
		taken = append(taken, took{l, r})
		if free {
			continue
		}
		for _, t := range taken {
			t.from.giveBack(t.r, now)
		}
		return pause(*set, n)
	}
	return 0
}
