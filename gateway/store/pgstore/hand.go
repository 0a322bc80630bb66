package pgstore

import (
	"time"

	"hookgate/gateway"
)

// What was just published is sent by the node that published it, as a rule: it owns the lane,
// too, or another node does, and then it is of no use here. So it stays at hand (store/handy)
// and is not read back. Another node may move it all the same: who owns its tenant cancels it,
// say. So it is given out for a moment only, about as long as that would have taken to arrive;
// whose lanes have come from another owner, or which may have been lost, are forgotten whole.

// handyFor is how long something is at hand.
const handyFor = time.Second

// atHand gives a delivery with its event if it was just published here; else nil.
func (s *queue) atHand(tenant, id string) (*gateway.Delivery, []gateway.Event) {
	one := s.hand.Find(tenant, id)
	if one == nil {
		return nil, nil
	}
	if age := s.opts.Now().Sub(one.Delivery.CreatedAt); age < 0 || age > handyFor {
		return nil, nil
	}
	return &one.Delivery, one.Events[:]
}

// letGo takes from what is at hand what a promise is about to move.
func (w *writers) letGo(p *promise) {
	for i := range p.ops {
		if o := &p.ops[i]; o.verb.takes {
			w.hand.Drop([16]byte(o.cells[1].b))
		}
	}
}
