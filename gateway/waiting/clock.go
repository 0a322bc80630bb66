package waiting

import "time"

// monotonic gives a moment of the wall clock on the clock that does not jump. The
// clock is read once: between two readings a busy machine may let milliseconds
// pass, and a deadline must not come before the one that was promised.
func monotonic(at time.Time) time.Time {
	now := time.Now()
	return now.Add(at.Sub(now))
}

// nowBefore says whether a moment on the monotonic clock is still to come.
func nowBefore(at time.Time) bool { return time.Now().Before(at) }
