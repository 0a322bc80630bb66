package waiting

import "time"

// Deadlines in memory are those of the clock that does not jump. What is stored and
// shown is stamped by Options.Now, with which a store expires things.

// monotonic gives a moment of a clock on the one that does not jump. That one is
// read last: between two readings a busy machine may let milliseconds pass, and a
// deadline must not come before the one that was promised.
func monotonic(at time.Time, now func() time.Time) time.Time {
	left := at.Sub(now())
	return time.Now().Add(left)
}

// nowBefore says whether a moment on the monotonic clock is still to come.
func nowBefore(at time.Time) bool { return time.Now().Before(at) }
