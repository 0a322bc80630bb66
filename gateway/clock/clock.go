// Package clock is the clock of one process, by which everything is due and everything
// expires. It never goes back and never leaps: a wall clock that is set, by hand or by
// a supervisor that had it wrong, would otherwise let retries stall for as long as it
// went back, and forget for as long as it went ahead (SPEC 16).
//
// It starts with the wall clock, goes on with the one that does not jump (the
// monotonic), and where the two part it follows the wall clock slowly: a twentieth
// faster, or slower, until they agree. What a pause is off by meanwhile is less than
// its jitter. Over restarts the store remembers how far it had come: a start begins
// with the wall clock, or where the last one had come to if that is later.
//
// After a step of two hours it is off for forty. It is not quicker, in either
// direction, for the rate is what everything else loses: at twice the speed a retry
// comes after half its pause, and a parked callback or an Idempotency-Key is forgotten
// after half its time. A twentieth is lost in their jitter.
//
// What is kept for people (created_at, ended_at, the timestamp of a notice) is this
// clock's too, and as far off meanwhile. It says when something happened by the clock
// by which it was due: what lies between two moments is what passed, and the order of
// times is that of ids and places in lists. With the wall clock's in their place a
// wait could end before it began, and dead letters, which are kept by the day on which
// they died, would go early. Off says how far off it is. A restart begins with the
// wall clock at once, where that is ahead, and with all that is due by it.
//
// What others check by their own clocks (the timestamp of a signature, a Retry-After
// that is a date) is not for it: that is the wall clock's.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// slack is how far the wall clock and this one may be apart for no reason.
	slack = 2 * time.Millisecond
	// part of what passes is what a clock that is off gains, or loses.
	part = 20
	// trusted is how far off the wall clock is believed at once: that is no clock that
	// was set, but a machine that slept, or one whose clock was wrong by years.
	trusted = 48 * time.Hour
)

// Clock is safe for concurrent use.
type Clock struct {
	wall func() (at, wall time.Time)

	agree atomic.Pointer[reading] // while the two clocks agree; else nil

	mu   sync.Mutex
	last reading
}

// reading is what the clock showed at a moment of the clock that does not jump.
type reading struct{ at, shown time.Time }

// New makes a clock that follows a wall clock that may be set; nil is the machine's.
// What wall gives is compared with time.Now, which passes whatever is set.
func New(wall func() time.Time) *Clock {
	if wall != nil {
		return newWith(func() (time.Time, time.Time) { return time.Now(), wall().Round(0) })
	}
	return newWith(func() (time.Time, time.Time) {
		at := time.Now()
		return at, at.Round(0)
	})
}

func newWith(wall func() (at, wall time.Time)) *Clock {
	at, shown := wall()
	c := &Clock{wall: wall}
	c.agree.Store(&reading{at, shown})
	return c
}

// Now is the moment. It has no monotonic reading: it is one.
func (c *Clock) Now() time.Time {
	at, wall := c.wall()
	if r := c.agree.Load(); r != nil {
		if shown := r.shown.Add(at.Sub(r.at)); near(wall.Sub(shown)) {
			return shown
		}
	}
	return c.follow(at, wall)
}

// Off is how far this clock is behind the wall clock: below 0 where it is ahead.
func (c *Clock) Off() time.Duration {
	shown := c.Now()
	_, wall := c.wall()
	if off := wall.Sub(shown); !near(off) {
		return off
	}
	return 0
}

func near(d time.Duration) bool { return -slack <= d && d <= slack }

// follow goes after a wall clock that was set.
func (c *Clock) follow(at, wall time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.agree.Swap(nil); r != nil {
		c.last = reading{at, r.shown.Add(at.Sub(r.at))} // up to now they agreed
	}
	passed := max(at.Sub(c.last.at), 0)
	shown := c.last.shown.Add(passed)
	switch off := wall.Sub(shown); {
	case off > trusted:
		shown = wall
	case near(off):
		c.agree.Store(&reading{at, shown})
	default:
		shown = shown.Add(min(max(off, -passed/part), passed/part))
	}
	if at.After(c.last.at) {
		c.last = reading{at, shown}
	}
	return shown
}

// NotBefore says that this clock had shown a moment already, in a former process. One
// that lies far ahead was shown by a clock that was wrong.
func (c *Clock) NotBefore(moment time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, wall := c.wall()
	if ahead := moment.Sub(wall); ahead > 0 && ahead <= trusted {
		c.agree.Store(nil)
		c.last = reading{at, moment.Round(0)}
	}
}
