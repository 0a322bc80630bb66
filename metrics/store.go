package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

type store struct {
	library     *library
	storeCommit prometheus.Histogram
	storeSize   *atomic.Pointer[func() int64]
}

func newStore(l *library) store {
	s := store{
		library: l,
		storeCommit: l.histogram("hookgate_store_commit_seconds", "How long one durable commit took, its wait for the disk included.",
			.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .5, 2.5),
		storeSize: new(atomic.Pointer[func() int64]),
	}
	l.gauge("hookgate_store_bytes", "What the store takes on disk.", nil, func() float64 {
		if read := s.storeSize.Load(); read != nil {
			return float64((*read)())
		}
		return 0 // the store is not open
	})
	return s
}

// StoreCommit takes the seconds of each durable commit.
func (s *Set) StoreCommit() prometheus.Observer { return s.storeCommit }

// StoreBytes names who knows the size of the store on disk; it is asked at each
// scrape. Nil takes it back, when the store closes.
func (s *Set) StoreBytes(read func() int64) {
	if read == nil {
		s.storeSize.Store(nil)
		return
	}
	s.storeSize.Store(&read)
}
