package limits

import (
	"net/netip"
	"sync"
	"time"
)

// Failed verifications of one client address at one place (SPEC 14).
const (
	failuresPerMinute = 60
	// mostFailing bounds the addresses that are remembered. Beyond it an address
	// that is not known counts as having failed too often: it loses nothing but
	// the difference between 401 and 429.
	mostFailing = 1 << 16
)

// Failures counts failed verifications, minute by minute. Its zero value is ready.
type Failures struct {
	mu     sync.Mutex
	minute time.Time
	of     map[failureKey]int
}

type failureKey struct {
	at     Key
	client netip.Addr
}

// Count counts one failure. It gives the time until the client may fail again
// when it has failed too often, else 0.
func (f *Failures) Count(at Key, client netip.Addr, now time.Time) time.Duration {
	if client.Is6() { // one host has a whole /64
		if prefix, err := client.WithZone("").Prefix(64); err == nil {
			client = prefix.Addr()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if since := now.Sub(f.minute); f.of == nil || since >= time.Minute || since < 0 {
		f.minute = now
		f.of = map[failureKey]int{}
	}
	key := failureKey{at, client}
	n := f.of[key]
	if n >= failuresPerMinute || n == 0 && len(f.of) >= mostFailing {
		return max(time.Second, f.minute.Add(time.Minute).Sub(now))
	}
	f.of[key] = n + 1
	return 0
}
