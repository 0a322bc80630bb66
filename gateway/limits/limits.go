// Package limits holds back what is too much for a tenant or a part of it. The
// limiters stand in a table keyed by id, for they outlive every snapshot: a PUT
// resets none of them.
package limits

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hookgate/gateway"
)

// Key names a limiter: a part of a tenant, or the whole of it (Part ""). A route
// stands for a tenant of its own, in a table of its own.
type Key struct{ Tenant, Part string }

// Table keeps limiters. Its zero value is ready.
type Table struct {
	mu sync.RWMutex
	of map[Key]*limiter
}

type limiter struct {
	*forward
	set gateway.Rate // of which it was made, or to which it was changed
}

// Take lets n pass, or says after what time some may; nil is no limit. More than
// a burst at once passes when the whole burst is free: nobody could ever send it
// otherwise.
func (t *Table) Take(key Key, limit *gateway.Rate, n int, now time.Time) time.Duration {
	if limit == nil {
		return 0
	}
	l := t.limiter(key, *limit, now)
	if l.allow(now, min(n, limit.Burst)) {
		return 0
	}
	return pause(*limit, n)
}

// giveBack gives back what Take let pass.
func (t *Table) giveBack(d Demand, now time.Time) {
	if d.Limit != nil {
		t.limiter(d.Key, *d.Limit, now).giveBack(now, min(d.N, d.Limit.Burst))
	}
}

// pause is after what time n that were refused may pass: whole seconds.
func pause(limit gateway.Rate, n int) time.Duration {
	return max(time.Second, time.Duration(math.Ceil(float64(min(n, limit.Burst))/limit.PerSecond))*time.Second)
}

func (t *Table) limiter(key Key, limit gateway.Rate, now time.Time) *limiter {
	t.mu.RLock()
	l := t.of[key]
	t.mu.RUnlock()
	if l != nil && l.set == limit {
		return l
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[Key]*limiter{}
	}
	if l = t.of[key]; l == nil {
		l = &limiter{&forward{limiter: rate.NewLimiter(rate.Limit(limit.PerSecond), limit.Burst)}, limit}
	} else if l.set != limit {
		l.forward.set(now, limit.PerSecond, limit.Burst)
		l = &limiter{l.forward, limit}
	}
	t.of[key] = l
	return l
}

// Forget drops the limiters of a tenant that is no more.
func (t *Table) Forget(tenant string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.of {
		if key.Tenant == tenant {
			delete(t.of, key)
		}
	}
}
