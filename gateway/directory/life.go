package directory

import (
	"math"
	"sync"
	"sync/atomic"
)

// Life is one life of a tenant: from the PUT, or the file, that made it to its
// deletion. All that a tenant becomes in between has the same; one that is made anew
// under the id has another. Whoever is to store something for a tenant enters its life
// before the commit and leaves it after, so that nothing of an old tenant can be
// stored when it is gone, nor found by the one who has its id next (SPEC 16). nil
// never ends.
type Life struct {
	inside atomic.Int64 // below 0: it is over
	left   sync.Once
	empty  chan struct{} // closed when it is over and the last has left
}

func newLife() *Life { return &Life{empty: make(chan struct{})} }

// Enter says whether the life still goes on: then it does until Leave. Nobody waits
// here; one goroutine may enter more than once.
func (l *Life) Enter() bool {
	if l == nil || l.inside.Add(1) > 0 {
		return true
	}
	l.Leave()
	return false
}

// Leave ends what an Enter that was granted began.
func (l *Life) Leave() {
	if l != nil && l.inside.Add(-1) == math.MinInt64 {
		l.left.Do(func() { close(l.empty) })
	}
}

// Over says whether it has ended: somebody may be waiting for those who are inside.
func (l *Life) Over() bool { return l != nil && l.inside.Load() < 0 }

// End lets nobody in any more, and waits for those who are inside. It is called once.
func (l *Life) End() {
	if l == nil || l.inside.Add(math.MinInt64) == math.MinInt64 {
		return
	}
	<-l.empty
}

// inherit gives each tenant of a snapshot the life that it has in the one before.
func (s *Snapshot) inherit(last *Snapshot) {
	for id := range s.tenants.otherwise(last.tenants) {
		t := s.tenants.get(id)
		if t == nil || t.Life != nil {
			continue
		}
		if before := last.tenants.get(id); before != nil {
			t.Life = before.Life
		} else {
			t.Life = newLife()
		}
	}
}
