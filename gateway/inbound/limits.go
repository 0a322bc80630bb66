package inbound

import (
	"net/netip"
	"sync"
	"time"
)

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
