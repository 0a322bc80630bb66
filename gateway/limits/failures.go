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
	// mostTold bounds the failures of a minute that are worth a line in the log: ever
	// new addresses must not fill it.
	mostTold = 1000
)

// Failures counts failed verifications, minute by minute. Its zero value is ready.
type Failures struct {
	mu     sync.Mutex
	minute time.Time
	of     map[failureKey]int
	told   int // in this minute
}

type failureKey struct {
	at     Key
	client netip.Addr
}

// Count counts one failure. It gives the time until the client may fail again when
// it has failed too often, else 0; tell says whether the failure is to be logged.
func (f *Failures) Count(at Key, client netip.Addr, now time.Time) (again time.Duration, tell bool) {
	client = host(client)
	f.mu.Lock()
	defer f.mu.Unlock()
	// An earlier now is that of a request whose body was slow: it counts in this minute,
	// or whoever keeps such ones ready begins the minute anew as often as he likes.
	if f.of == nil || now.Sub(f.minute) >= time.Minute {
		f.minute, f.told = now, 0
		f.of = map[failureKey]int{}
	}
	key := failureKey{at, client}
	n := f.of[key]
	if n >= failuresPerMinute || n == 0 && len(f.of) >= mostFailing {
		return max(time.Second, f.minute.Add(time.Minute).Sub(now)), false
	}
	f.of[key] = n + 1
	f.told++
	return 0, f.told <= mostTold
}

// Over gives the time until who has failed too often may fail again, else 0: for whoever
// must not even try before.
func (f *Failures) Over(at Key, client netip.Addr, now time.Time) (again time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.minute) >= time.Minute || f.of[failureKey{at, host(client)}] < failuresPerMinute {
		return 0
	}
	return max(time.Second, f.minute.Add(time.Minute).Sub(now))
}

// host gives the address by which a host is known: one has a whole /64.
func host(client netip.Addr) netip.Addr {
	if client.Is6() {
		if prefix, err := client.WithZone("").Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return client
}
