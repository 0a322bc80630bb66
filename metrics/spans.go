package metrics

import (
	"math"
	"slices"
	"sync/atomic"
)

// spans is how long the waits of one source took: a histogram with the bounds of
// waitBounds. One of the library's takes 1.3 KB and more than twice the time; there may
// be as many as there are sources.
type spans struct {
	in  [maxBounds + 1]atomic.Uint64 // by the first bound that is not less; the last: above all
	sum atomic.Uint64                // bits of a float64
}

const maxBounds = 10

func (s *spans) observe(seconds float64) {
	i, _ := slices.BinarySearch(waitBounds, seconds)
	s.in[i].Add(1)
	for {
		was := s.sum.Load()
		if s.sum.CompareAndSwap(was, math.Float64bits(math.Float64frombits(was)+seconds)) {
			return
		}
	}
}

// counted is how it stands: the counts by bucket, each with those below it, the last of
// them all. Of nil all is 0.
func (s *spans) counted() (below [maxBounds + 1]uint64, sum float64) {
	if s == nil {
		return below, 0
	}
	for i := range s.in {
		below[i] = s.in[i].Load()
		if i > 0 {
			below[i] += below[i-1]
		}
	}
	return below, math.Float64frombits(s.sum.Load())
}
