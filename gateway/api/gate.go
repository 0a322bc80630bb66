package api

import (
	"runtime"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// mostReads is how many calls of one tree of tenants may wait to read.
const mostReads = 256

// newGate lets a few calls at a time read one thing that can be large. What the store
// reads for a call is not in the budget of answers, for its size is known only then. One
// tree may have them all, until others want some.
func newGate() *shares.Turns {
	most := max(4, 2*runtime.GOMAXPROCS(0))
	return shares.NewTurns(most, mostReads, 0).Each(most)
}

var errManyReads = gateway.Unavailable("so many things of this tenant are being read", time.Second)

// pass waits for the gate, which the call has until it ends: none takes long, for none
// waits for anything but the store.
func (c *call) pass(g *shares.Turns) error {
	owner := ownerOf(c)
	if !g.Take(owner) {
		return errManyReads
	}
	c.gate = func() { g.Give(owner) }
	return nil
}

// leave ends a call, but for the seat of one that is answered later: a panic must keep
// neither its turn nor its gate, nor the memory of an answer that nobody is sent.
func (c *call) leave(later bool) {
	if !later {
		c.seat.leave()
	}
	c.turn.leave()
	if c.gate != nil {
		c.gate()
	}
	if c.kept != nil {
		c.kept()
	}
	if c.account != nil {
		c.account.free()
	}
}
