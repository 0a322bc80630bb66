package limits

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// forward is a rate.Limiter whose time never goes back: with a time that does, that one
// gives out again what it gave. A request counts by when it began, and with a slow body
// it may come long behind those that began after it; and of two that come at once, the
// later may be asked for first. So its time is chosen and used under one lock.
type forward struct {
	mu      sync.Mutex
	latest  time.Time
	limiter *rate.Limiter
}

// at gives now, or what was given before, where that is later. The caller has the lock.
func (f *forward) at(now time.Time) time.Time {
	if now.After(f.latest) {
		f.latest = now
	}
	return f.latest
}

// allow takes n, if they are free.
func (f *forward) allow(now time.Time, n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.limiter.AllowN(f.at(now), n)
}

// giveBack gives back n that were taken. A rate.Reservation would not do: it gives nothing
// back once a later time was seen, as it is where many come at once.
func (f *forward) giveBack(now time.Time, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limiter.AllowN(f.at(now), -n)
}

// set changes the limit, and keeps what was used of it.
func (f *forward) set(now time.Time, perSecond float64, burst int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now = f.at(now)
	f.limiter.SetLimitAt(now, rate.Limit(perSecond))
	f.limiter.SetBurstAt(now, burst)
}
