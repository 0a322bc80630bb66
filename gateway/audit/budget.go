package audit

import (
	"sync"
	"time"
)

// DefaultDaily is how many bytes of lines the tokens of one tenant and of all in its tree
// may have written in a day: about 20,000 changes.
const DefaultDaily = 8 << 20

// budget holds each tree of tenants to what it may have written in a day. What was
// written is forgotten evenly, a day's measure in a day.
type budget struct {
	mu   sync.Mutex
	most float64 // bytes
	of   map[string]*level
}

// level is what one tree has written and what was not forgotten yet, in bytes.
type level struct {
	used float64
	at   time.Time
}

const aDay = 24 * time.Hour

// mostLevels is of how many trees levels are kept before those that are empty again go.
const mostLevels = 1024

// reserved is the part of a day's measure that is kept for deeds that end something: whoever
// has used up the rest can still sign out, and take rights away.
const reserved = 1.0 / 8

// take has a tree write n bytes at now; else it says after what time they may be. What
// ends something may be of the reserve.
func (b *budget) take(root string, n int, now time.Time, ends bool) (after time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.of[root]
	if l == nil {
		b.tidy(now)
		l = &level{at: now}
		b.of[root] = l
	}
	l.sink(b.most, now)
	most := b.most
	if !ends {
		most -= b.most * reserved
	}
	if over := l.used + float64(n) - most; over > 0 {
		return time.Duration(over / b.most * float64(aDay)), false
	}
	l.used += float64(n)
	return 0, true
}

func (l *level) sink(most float64, now time.Time) {
	if passed := now.Sub(l.at); passed > 0 {
		l.used = max(0, l.used-most*float64(passed)/float64(aDay))
		l.at = now
	}
}

// tidy forgets trees that have written nothing that counts.
func (b *budget) tidy(now time.Time) {
	if len(b.of) < mostLevels {
		return
	}
	for root, l := range b.of {
		if l.sink(b.most, now); l.used == 0 {
			delete(b.of, root)
		}
	}
}
