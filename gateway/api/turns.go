package api

import "runtime"

// turns let a few calls at a time read what can be large. What the store reads for a
// call is not in the budget of answers, for its size is known only then; and callbacks
// must not stand behind hundreds of those who read as fast as they can.
type turns chan struct{}

func newTurns() turns { return make(turns, max(4, 2*runtime.GOMAXPROCS(0))) }

// wait waits for a turn, which the call has until it ends: none takes long, for none
// waits for anything but the store.
func (c *call) wait(t turns) {
	t <- struct{}{}
	c.turn = t
}

// leave ends a call, but for the seat of one that is answered later: a panic must not
// keep its turn, or the memory of an answer that nobody is sent.
func (c *call) leave(later bool) {
	if !later {
		c.seat.leave()
	}
	if c.turn != nil {
		<-c.turn
	}
	if c.account != nil {
		c.account.free()
	}
}
