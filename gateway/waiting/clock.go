package waiting

import "time"

// Deadlines in memory are those of the clock that does not jump. What is stored and
// shown is stamped by Options.Now, with which a store expires things.

// monotonic gives a moment of Options.Now on the clock that does not jump. That one is
// read last: between two readings a busy machine may let milliseconds pass, and a
// deadline must not come before the one that was promised.
func (s *Sessions) monotonic(at time.Time) time.Time {
	left := at.Sub(s.Now())
	return time.Now().Add(left)
}

// nowBefore says whether a moment on the monotonic clock is still to come.
func nowBefore(at time.Time) bool { return time.Now().Before(at) }
