//go:build linux

package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets that grow with them: 32 to an octave, so
// that a quantile is at most 3 % too low.
type histogram struct {
	counts [60 * 32]uint32
	n      int
	most   time.Duration
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	octave := max(0, bits.Len64(uint64(d))-6)
	h.counts[octave*32+int(d>>octave)]++
	h.n++
	h.most = max(h.most, d)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.most = max(h.most, other.most)
}

// quantile gives the duration that the part q of all stays within.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(q * float64(h.n))
	for i, n := range h.counts {
		if left -= int(n); left < 0 {
			octave := max(0, i/32-1)
			return time.Duration(i-octave*32) << octave
		}
	}
	return h.most
}
