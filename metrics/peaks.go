package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Peak is the most that one thing has had, since the start, of a bound that each has
// for itself: the largest list, the most work for one callback. A nil Peak is not
// shown. It is safe for concurrent use.
type Peak struct{ n atomic.Int64 }

// Saw hears what one thing had, in the unit of its bound.
func (p *Peak) Saw(n int64) {
	if p == nil {
		return
	}
	for had := p.n.Load(); n > had && !p.n.CompareAndSwap(had, n); had = p.n.Load() {
	}
}

// Peak shows a bound, and how near to it one thing has come.
func (s *Set) Peak(bound string, limit float64) *Peak {
	p := new(Peak)
	labels := prometheus.Labels{"bound": bound}
	s.library.gauge("hookgate_bound_limit", "What one thing may have of a bound that each has for itself: bytes, instructions, deliveries or nanoseconds.",
		labels, func() float64 { return limit })
	s.library.gauge("hookgate_bound_peak", "The most that one thing has had of such a bound since the start.",
		labels, func() float64 { return float64(p.n.Load()) })
	return p
}
