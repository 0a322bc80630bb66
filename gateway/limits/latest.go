package limits

import (
	"sync/atomic"
	"time"
)

// latest holds a limiter's time to what it was, for rate.Limiter goes back with a time
// that does, and then gives out again what it gave. A request counts by when it began,
// and with a slow body it may come long behind those that began after it.
type latest struct {
	since time.Time
	seen  atomic.Int64 // ns after since
}

// at gives now, or what was given before, where that is later.
func (l *latest) at(now time.Time) time.Time {
	passed := int64(now.Sub(l.since))
	for {
		seen := l.seen.Load()
		if passed <= seen {
			return l.since.Add(time.Duration(seen))
		}
		if l.seen.CompareAndSwap(seen, passed) {
			return now
		}
	}
}
