package outbound

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
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
	mostHasty    = 1024 // tenants that are remembered before the idle ones are dropped
)

// haste holds back retries that come soon. Its zero value is ready.
type haste struct {
	mu sync.Mutex
	of map[string]*rate.Limiter // by the outermost tenant
}

// pause gives the pause before a retry: the one that is wanted, or a longer one.
func (h *haste) pause(tenant string, wanted time.Duration, now time.Time) time.Duration {
	if wanted >= hasty {
		return wanted
	}
	return max(wanted, h.limiter(tenant, now).ReserveN(now, 1).DelayFrom(now))
}

func (h *haste) limiter(tenant string, now time.Time) *rate.Limiter {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.of[tenant]
	if l != nil {
		return l
	}
	if h.of == nil {
		h.of = map[string]*rate.Limiter{}
	}
	if len(h.of) >= mostHasty {
		for name, idle := range h.of {
			if idle.TokensAt(now) >= hastyBurst {
				delete(h.of, name)
			}
		}
	}
	l = rate.NewLimiter(hastyRetries, hastyBurst)
	h.of[tenant] = l
	return l
}
