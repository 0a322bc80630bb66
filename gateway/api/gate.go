package api

import "runtime"

// gate lets a few calls at a time read one thing that can be large. What the store
// reads for a call is not in the budget of answers, for its size is known only then.
type gate chan struct{}

func newGate() gate { return make(gate, max(4, 2*runtime.GOMAXPROCS(0))) }

// pass waits for the gate, which the call has until it ends: none takes long, for none
// waits for anything but the store.
func (c *call) pass(g gate) {
	g <- struct{}{}
	c.gate = g
}

// leave ends a call, but for the seat of one that is answered later: a panic must keep
// neither its turn nor its gate, nor the memory of an answer that nobody is sent.
func (c *call) leave(later bool) {
	if !later {
		c.seat.leave()
	}
	c.turn.leave()
	if c.gate != nil {
		<-c.gate
	}
	if c.account != nil {
		c.account.free()
	}
}
