package outbound

import (
	"container/list"
	"context"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// lane is one endpoint's. Everything in it is guarded by the schedule's lock, but for
// standing and upstreams, which have their own, and holding.
type lane struct {
	key      gateway.LaneKey
	slot     gateway.Slot
	tenant   *tenant
	among    int // its place in tenant.all
	window   window
	watched  Observer
	circuit  *breaker.Breaker // nil: none, or no attempt yet
	circuits int              // how many it had: one that was replaced tells nothing
	order    *order           // nil: it keeps none
	pace     pace
	known    bool            // a former owner left something: it begins with care
	follows  bool            // it takes from the store what comes: see comings
	ctx      context.Context // of its attempts
	giveUp   context.CancelFunc

	standing  standing
	upstreams upstreams  // of a relay
	holding   sync.Mutex // the store's holds are changed as the order's are, one after the other

	primed  bool           // its standing and holds were read
	priming bool           // they are being read
	asked   bool           // a reader is to read for it
	held    []gateway.Hold // as a former owner left them, until its target says that it keeps an order

	target      *Target                 // as it was last asked for
	flying      map[string]*attempt     // by the deliveries that they carry, or are moved by hand (nil)
	withheld    map[string]*gateway.Due // which of them are, and where the lane came upon them; nil: it did not
	sending     int                     // attempts on their way
	moving      int                     // deliveries that are moved by hand
	concurrency int                     // of its target
	rest        time.Time               // it sleeps until then
	shy         bool                    // the breaker wants to see an attempt's end first
	parked      bool                    // it has no target, or may not be sent to
	hands       int                     // that do something to its deliveries by hand
	leaving     bool                    // its slot goes to another owner: it takes up nothing
	gone        bool                    // its endpoint was deleted, or it has left
	queued      bool                    // it stands in its tenant's turn
	active      bool                    // queued or sending
	asleep      int                     // its place in the heap of sleepers, -1 for none
	wakes       time.Time

	depth int // unfinished, as far as it was counted

	pullers list.List // of *puller: who waits to be called
	called  bool      // one was called, and is not back
}

// tree is what fairness knows of a tenant that has none above it, with all below it: whoever
// makes many tenants has no more for that (SPEC 16).
type tree struct {
	name    string
	members int           // tenants
	turn    fifo[*tenant] // that have something to send, in the order of their turns
	tenants int           // active ones
	flying  int
	queued  bool // it stands in the turn of trees
	active  bool // queued or flying
}

// tenant is what fairness knows of a tenant.
type tenant struct {
	tree   *tree
	all    []*lane     // in no order
	turn   fifo[*lane] // that have something to send, in the order of their turns
	lanes  int         // active ones
	flying int
	queued bool // it stands in the turn of its tree
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
			if _, is := n.withheld[d.ID]; is {
				here := d // which so does not ask for memory for all others
				n.withheld[d.ID] = &here
			}
			continue
		}
		if n.order == nil || n.order.admit(d) {
			return d, true
		}
	}
	return gateway.Due{}, false
}

func (n *lane) pop(now time.Time) (gateway.Due, bool) {
	i := -1
	switch {
	case n.target.batches():
		i = n.ripe(now)
	case n.target.Pull:
		if i = n.window.first(false); i >= n.window.ready(now) {
			i = -1
		}
	default:
		return n.window.pop(now)
	}
	if i < 0 {
		return gateway.Due{}, false
	}
	return n.window.take(i), true
}

// soonest is when it has something to do.
func (n *lane) soonest(now time.Time) (at time.Time, ok bool) {
	switch {
	case n.target != nil && n.target.batches():
		at, ok = n.ripens(now)
	case n.pulled():
		if i := n.window.first(false); i >= 0 {
			at, ok = n.window.due[i].At, true
		}
	default:
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
	return n.shy && n.sending > 0 || n.sending >= n.concurrency || n.bound()
}

// bound says that an order lets nothing go: deliveries are moved by hand, or as many wait
// as may.
func (n *lane) bound() bool { return n.order != nil && (n.moving > 0 || n.order.choked()) }

// adopt takes over what a target says of the lane itself. What the lane knows of
// its endpoint outlives a change of settings.
func (n *lane) adopt(t *Target, s *schedule) {
	n.target = t
	n.concurrency = t.concurrency()
	n.adoptBreaker(t, s)
	n.window.setPlain(t.Ordered || t.batches() || t.Pull)
	if t.Ordered {
		s.comings.begin(n)
	}
	n.window.resize(max(s.options.Window, min(t.MaxEvents, gateway.MaxEvents)))
	switch {
	case t.Ordered && n.order == nil:
		n.order = newOrder(&n.window, n.held)
		n.held = nil
		for _, a := range n.flying {
			if a != nil {
				n.order.leaves(a.due)
			}
		}
	case !t.Ordered && n.order != nil:
		n.order.leave()
		n.order = nil
	}
	if n.order != nil {
		n.order.lends = t.Pull
	}
	if !t.Pull {
		s.loans.dismiss(n, errPushed)
	}
}

// wanted is when the lane should have its turn; false: something else must happen
// first.
func (n *lane) wanted(now time.Time) (at time.Time, ok bool) {
	if !n.primed || n.parked {
		return at, false
	}
	if n.target != nil {
		if at, under, missing := n.standing.proofDue(n.target); missing {
			return at, !under
		}
	}
	if n.waits() {
		return at, false
	}
	if n.pulled() {
		return n.lapses()
	}
	if at, ok = n.soonest(now); ok && n.rest.After(at) {
		at = n.rest
	}
	return at, ok
}
