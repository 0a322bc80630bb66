package outbound

import (
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// lane is one endpoint's. Everything in it is guarded by the lanes' lock.
type lane struct {
	key      gateway.LaneKey
	tenant   *tenant
	window   window
	watched  Observer
	circuit  *breaker.Breaker // nil: none, or no attempt yet
	circuits int              // how many it had: one that was replaced tells nothing
	order    *order           // nil: it keeps none
	pace     pace
	proof    proof
	known    bool // from a former process: it begins with care

	upstreams upstreams // of a relay

	primed  bool // its status and holds were read
	priming bool // they are being read
	asked   bool // a reader is to read for it
	status  gateway.EndpointStatus
	dirty   bool           // the store has another status
	held    []gateway.Hold // as a former process left them, until its target says that it keeps an order

	target      *Target             // as it was last asked for
	flying      map[string]*attempt // by the deliveries that they carry, or are moved by hand (nil)
	sending     int                 // attempts on their way
	moving      int                 // deliveries that are moved by hand
	concurrency int                 // of its target
	rest        time.Time           // it sleeps until then
	shy         bool                // the breaker wants to see an attempt's end first
	parked      bool                // it has no target, or may not be sent to
	gone        bool                // its endpoint was deleted
	queued      bool                // it stands in its tenant's turn
	active      bool                // queued or sending
	asleep      int                 // its place in the heap of sleepers, -1 for none
	wakes       time.Time

	depth int // unfinished, as far as it was counted
}

// tenant is what fairness knows of a tenant.
type tenant struct {
	turn   fifo[*lane] // that have something to send, in the order of their turns
	lanes  int         // active ones
	flying int
	queued bool // it stands in the turn of tenants
	active bool // queued or flying
}

// next takes one delivery that is due and may go.
func (n *lane) next(now time.Time) (gateway.Due, bool) {
	if n.order != nil {
		n.order.expire(now)
	}
	for n.order == nil || !n.order.choked() {
		d, ok := n.pop(now)
		if !ok {
			return d, false
		}
		if _, flies := n.flying[d.ID]; flies {
			continue
		}
		if n.order == nil || n.order.admit(d) {
			return d, true
		}
	}
	return gateway.Due{}, false
}

func (n *lane) pop(now time.Time) (gateway.Due, bool) {
	if !n.target.batches() {
		return n.window.pop(now)
	}
	i := n.ripe(now)
	if i < 0 {
		return gateway.Due{}, false
	}
	return n.window.take(i), true
}

// soonest is when it has something to do.
func (n *lane) soonest(now time.Time) (at time.Time, ok bool) {
	if n.target != nil && n.target.batches() {
		at, ok = n.ripens(now)
	} else {
		at, ok = n.window.soonest()
	}
	if n.order != nil && !n.order.expiry.IsZero() && (!ok || n.order.expiry.Before(at)) {
		at, ok = n.order.expiry, true
	}
	return at, ok
}

// waits says that nothing may go until something has come to its end: an attempt,
// or, where an order is kept, what is moved by hand.
func (n *lane) waits() bool {
	return n.shy && n.sending > 0 || n.sending >= n.concurrency || n.order != nil && (n.moving > 0 || n.order.choked())
}

// adopt takes over what a target says of the lane itself. What the lane knows of
// its endpoint outlives a change of settings.
func (n *lane) adopt(t *Target, l *Lanes) {
	n.target = t
	n.concurrency = t.concurrency()
	n.adoptBreaker(t, l)
	n.window.setPlain(t.Ordered || t.batches())
	n.window.resize(max(l.options.Window, min(t.MaxEvents, gateway.MaxEvents)))
	switch {
	case t.Ordered && n.order == nil:
		n.order = newOrder(&n.window, n.held)
		n.held = nil
		for _, a := range n.flying {
			if a != nil && a.due.Conversation != 0 {
				n.order.busy[a.due.Conversation] = struct{}{}
			}
		}
	case !t.Ordered && n.order != nil:
		n.order.leave()
		n.order = nil
	}
}

func (n *lane) adoptBreaker(t *Target, l *Lanes) {
	if t.Breaker == nil {
		if n.circuit != nil {
			n.circuit = nil
			n.circuits++
			n.status.OpenUntil, n.status.Trips, n.dirty = time.Time{}, 0, true
			n.watched.breaker(breaker.Closed)
		}
		return
	}
	if n.circuit != nil && n.circuit.Settings() == *t.Breaker {
		return
	}
	n.circuits++
	changed := l.changed(n, n.circuits)
	until, trips := n.status.OpenUntil, n.status.Trips
	if fresh := n.circuit == nil; trips > 0 {
		n.circuit = breaker.Restored(*t.Breaker, changed, time.Now().Add(until.Sub(l.now())), trips)
		n.status.OpenUntil, n.status.Trips = until, trips // as it was: this was no trip
	} else if n.circuit = breaker.New(*t.Breaker, changed); fresh && n.known {
		n.circuit.Ramp()
	}
}

// permit asks the breaker.
func (n *lane) permit(now time.Time) (p breaker.Permit, ok bool) {
	if n.circuit == nil {
		return p, true
	}
	p, until, ok := n.circuit.Allow(n.concurrency)
	if !ok {
		n.shy = until.IsZero()
		if until := now.Add(time.Until(until)); !n.shy && until.After(n.rest) { // the breaker has another clock
			n.rest = until
		}
	}
	return p, ok
}
