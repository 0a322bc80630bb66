// Package gate counts who is inside a store, so that its Close can wait for them.
package gate

import (
	"errors"
	"sync"
	"sync/atomic"
)

// ErrClosed is told to who comes after the end.
var ErrClosed = errors.New("the store is closed")

// Gate counts who is inside. Unlike a read lock it can be entered again from inside (by who
// is visited by a read) while the end waits: that is told ErrClosed. The zero Gate is open.
type Gate struct {
	n    atomic.Int64
	mu   sync.Mutex
	idle chan struct{} // closed when it was ended and nobody is inside; nil: nobody waits yet
}

const ended = 1 << 62 // set in n by End

// Enter lets one in who leaves later.
func (g *Gate) Enter() error {
	if g.n.Add(1)&ended == 0 {
		return nil
	}
	g.Leave()
	return ErrClosed
}

// Leave is called once by each who was let in.
func (g *Gate) Leave() {
	if g.n.Add(-1) == ended {
		g.empty()
	}
}

// End lets nobody in any more and waits until all are out; false when somebody else did so
// before.
func (g *Gate) End() bool {
	was := g.n.Or(ended)
	if was&ended != 0 {
		return false
	}
	if was == 0 {
		g.empty()
	}
	<-g.waiting()
	return true
}

// Ended says whether it was ended.
func (g *Gate) Ended() bool { return g.n.Load()&ended != 0 }

// waiting gives what is closed when nobody is inside.
func (g *Gate) waiting() chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	return g.idle
}

// empty says that nobody is inside. Who was refused leaves, too: it may be said twice.
func (g *Gate) empty() {
	idle := g.waiting()
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-idle:
	default:
		close(idle)
	}
}
