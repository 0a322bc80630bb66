package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Clock names who knows how far the clock by which all is due is behind the wall clock;
// below 0 it is ahead. It is asked at each scrape, and called once.
func (s *Set) Clock(off func() time.Duration) {
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookgate_clock_off_seconds",
		Help: "How far the clock by which all is due, and shown, is behind the wall clock since that was set; below 0: ahead.",
	}, func() float64 { return off().Seconds() }))
}
