package outbound

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// lane is one endpoint's. Everything in it is guarded by the lanes' lock.
type lane struct {
	key     gateway.LaneKey
	tenant  *tenant
	window  window
	watched Observer
	circuit *breaker.Breaker // nil: none, or no attempt yet
	known   bool             // from a former process: it begins with care

	flying      []string  // ids of the deliveries on their way
	concurrency int       // of its target when it was last asked
	rest        time.Time // it sleeps until then
	held        bool      // the breaker wants to see an attempt's end first
	parked      bool      // it has no target
	queued      bool      // it stands in its tenant's turn
	active      bool      // queued or flying
	asleep      int       // its place in the heap of sleepers, -1 for none
	wakes       time.Time

	depth int // unfinished, as far as it was counted
}

// tenant is what fairness knows of a tenant.
type tenant struct {
	turn   []*lane // that have something to send, in the order of their turns
	lanes  int     // active ones
	flying int
	queued bool // it stands in the turn of tenants
	active bool // queued or flying
}

// next takes one delivery that is due and not on its way already.
func (n *lane) next(now time.Time) (gateway.Due, bool) {
	for {
		d, ok := n.window.pop(now)
		if !ok || !slices.Contains(n.flying, d.ID) {
			return d, ok
		}
	}
}

// adopt takes over what a target says of the lane itself. The state of the
// breaker outlives a change of its settings.
func (n *lane) adopt(t *Target, changed func(breaker.State, time.Time)) {
	n.concurrency = t.concurrency()
	switch {
	case t.Breaker == nil:
		if n.circuit != nil {
			n.circuit = nil
			n.watched.breaker(breaker.Closed)
		}
	case n.circuit == nil:
		n.circuit = breaker.New(*t.Breaker, changed)
		if n.known {
			n.circuit.Ramp()
		}
	case n.circuit.Settings() != *t.Breaker:
		_, until := n.circuit.State()
		n.circuit = breaker.Restored(*t.Breaker, changed, until)
	}
}

// permit asks the breaker.
func (n *lane) permit() (p breaker.Permit, ok bool) {
	if n.circuit == nil {
		return p, true
	}
	p, until, ok := n.circuit.Allow(n.concurrency)
	if !ok {
		n.held = until.IsZero()
		if until.After(n.rest) {
			n.rest = until
		}
	}
	return p, ok
}
