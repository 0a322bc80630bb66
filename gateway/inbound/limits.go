package inbound

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"hookgate/gateway"
)

// rateKey names a limiter: a source, or a whole tenant (source "").
type rateKey struct{ tenant, source string }

// rates keeps the limiters. They outlive the snapshot: a PUT resets none.
type rates struct {
	mu sync.RWMutex
	of map[rateKey]*limiter
}

type limiter struct {
	*rate.Limiter
	set gateway.Rate
}

// take lets one callback pass, or says after what time the next may.
func (t *rates) take(key rateKey, limit *gateway.Rate, now time.Time) time.Duration {
	if limit == nil {
		return 0
	}
	l := t.limiter(key, *limit, now)
	if l.AllowN(now, 1) {
		return 0
	}
	return time.Duration(math.Ceil(1/limit.PerSecond)) * time.Second
}

func (t *rates) limiter(key rateKey, limit gateway.Rate, now time.Time) *limiter {
	t.mu.RLock()
	l := t.of[key]
	t.mu.RUnlock()
	if l != nil && l.set == limit {
		return l
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = map[rateKey]*limiter{}
	}
	if l = t.of[key]; l == nil {
		l = &limiter{Limiter: rate.NewLimiter(rate.Limit(limit.PerSecond), limit.Burst), set: limit}
	} else if l.set != limit {
		l.SetLimitAt(now, rate.Limit(limit.PerSecond))
		l.SetBurstAt(now, limit.Burst)
		l = &limiter{Limiter: l.Limiter, set: limit}
	}
	t.of[key] = l
	return l
}

// Forget drops the limiters of a tenant that is no more.
func (in *Inbound) Forget(tenant string) {
	in.rates.mu.Lock()
	defer in.rates.mu.Unlock()
	for key := range in.rates.of {
		if key.tenant == tenant {
			delete(in.rates.of, key)
		}
	}
}

// Failed verifications of one client address at one source (SPEC 14).
const (
	failuresPerMinute = 60
	// mostFailing bounds the addresses that are remembered. Beyond it an address
	// that is not known counts as having failed too often: it loses nothing but
	// the difference between 401 and 429.
	mostFailing = 1 << 16
)

// failures counts failed verifications, minute by minute.
type failures struct {
	mu     sync.Mutex
	minute time.Time
	of     map[failureKey]int
}

type failureKey struct {
	tenant, source string
	client         netip.Addr
}

func newFailures() failures { return failures{of: map[failureKey]int{}} }

// count counts one failure. It gives the time until the client may fail again
// when it has failed too often, else 0.
func (f *failures) count(tenant, source string, client netip.Addr, now time.Time) time.Duration {
	if client.Is6() { // one host has a whole /64
		if prefix, err := client.WithZone("").Prefix(64); err == nil {
			client = prefix.Addr()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if since := now.Sub(f.minute); since >= time.Minute || since < 0 {
		f.minute = now
		clear(f.of)
	}
	key := failureKey{tenant, source, client}
	n := f.of[key]
	if n >= failuresPerMinute || n == 0 && len(f.of) >= mostFailing {
		return max(time.Second, f.minute.Add(time.Minute).Sub(now))
	}
	f.of[key] = n + 1
	return 0
}
