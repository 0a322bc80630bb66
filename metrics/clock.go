package metrics

import "time"

// Clock names who knows how far the clock by which all is due is behind the wall clock;
// below 0 it is ahead. It is asked at each scrape, and called once.
func (s *Set) Clock(off func() time.Duration) {
	s.library.gauge("hookgate_clock_off_seconds", "How far the clock by which all is due, and shown, is behind the wall clock since that was set; below 0: ahead.",
		nil, func() float64 { return off().Seconds() })
}
