package pgstore

import (
	"sync"
	"sync/atomic"
)

// users counts who is inside the store, so that Close can wait for them. It can be entered
// again from inside (by who is visited by a read) while Close waits: that is told errClosed.
type users struct {
	n    atomic.Int64
	once sync.Once
	idle chan struct{} // closed when the store was ended and nobody is inside
}

const ended = 1 << 62 // set in n by end

func (u *users) enter() error {
	if u.n.Add(1)&ended == 0 {
		return nil
	}
	u.leave()
	return errClosed
}

func (u *users) leave() {
	if u.n.Add(-1) == ended {
		u.once.Do(func() { close(u.idle) })
	}
}

// end lets nobody in any more and waits until all are out; false when somebody else did so
// before.
func (u *users) end() bool {
	was := u.n.Or(ended)
	if was&ended != 0 {
		return false
	}
	if was == 0 {
		u.once.Do(func() { close(u.idle) })
	}
	<-u.idle
	return true
}
