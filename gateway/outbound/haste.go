package outbound

import (
	"sync"
	"time"
)

// Whoever sets the pauses of a schedule may set them to nothing, and the breaker off:
// thousands of deliveries to a closed port would then take all of the processor. So the
// retries of a tenant, with those of all below it, that come within a second of the
// attempt before have a rate together; what is too much comes later, by turns (SPEC 16:
// no tenant may slow another).
const (
	hasty        = time.Second // a pause from here on is nobody's business
	hastyRetries = 500         // a second
	hastyBurst   = 1000
	hastyApart   = time.Second / hastyRetries
	hastySaved   = hastyBurst * hastyApart // what a burst saves up in time
	mostHasty    = 1024                    // tenants that are remembered before the idle ones are dropped
)

// haste holds back retries that come soon. Its zero value is ready.
//
// Each retry has a moment of its own, hastyApart after the one before, and comes no
// sooner: however many there are and whenever they ask, no more than hastyBurst and
// hastyRetries a second ever come. Attempts end side by side, so that what one calls now
// is often earlier than what the one before it did; a rate.Limiter goes back with such a
// time and gives out again what it gave.
type haste struct {
	mu   sync.Mutex
	last map[string]time.Time // the moment of the latest retry, by the outermost tenant
}

// pause gives the pause before a retry: the one that is wanted, or a longer one.
func (h *haste) pause(tenant string, wanted time.Duration, now time.Time) time.Duration {
	if wanted >= hasty {
		return wanted
	}
	return max(wanted, h.take(tenant, now).Sub(now))
}

// take gives a retry its moment, which has passed while the burst is not used up.
func (h *haste) take(tenant string, now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	idle := now.Add(-hastySaved)
	last, known := h.last[tenant]
	if !known {
		h.makeRoom(idle)
	}
	if last.Before(idle) {
		last = idle
	}
	last = last.Add(hastyApart)
	h.last[tenant] = last
	return last
}

// makeRoom drops those that have their whole burst again, where there are many.
func (h *haste) makeRoom(idle time.Time) {
	if h.last == nil {
		h.last = map[string]time.Time{}
	}
	if len(h.last) < mostHasty {
		return
	}
	for tenant, last := range h.last {
		if !last.After(idle) {
			delete(h.last, tenant)
		}
	}
}
