package outbound

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/tracing"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// carrier takes attempts from their lease to their end. It has no lock: what lanes
// know is asked of the schedule, what is known of endpoints of their standing.
type carrier struct {
	options  *Options
	backlog  Backlog
	archive  Archive
	log      *slog.Logger
	agent    string // the User-Agent
	schedule *schedule
	statuses *statuses
	prover   *prover
	haste    haste
}

// attempt is one delivery on its way, or the proof of an endpoint. Its lane holds
// a place for it until it lands.
type attempt struct {
	lane     *lane
	due      gateway.Due
	with     []gateway.Due // deliveries that may travel with it
	target   *Target
	permit   breaker.Permit
	proves   bool  // there is no delivery: it makes the handshake
	lends    bool  // somebody who pulls is to make it
	ends     bool  // it is not made: its lease has run out, or nobody came for it
	said     *Said // what somebody who pulled it says of it; nil: nothing
	delivery *gateway.Delivery
	events   []gateway.Event // those of the delivery
	at       time.Time       // when it was begun
	room     room            // taken for them
	request  transport.Request
	upstream string // where a relay goes
	span     tracing.Span
	answer   *transport.Answer
	sent     *transport.Error // why there is no answer

	// Guarded by the schedule's lock.
	writing   bool // what it carries is being written: nobody else may
	cancelled bool // by hand: its outcome is not written
	merged    bool // what may not travel with it is known

	// What land is to do.
	carried []gateway.Due // what with was
	back    []gateway.Due // of those, what stands in the window again
	spent   int           // of those, what is no more
	verdict breaker.Verdict
	rest    time.Duration // how long the lane sleeps
	asked   bool          // the endpoint asked for that
	again   *gateway.Due  // where the delivery now stands; nil: it has ended, or stands elsewhere
}

// way is the steps of an attempt that has its lease and its permit, in order; one that
// returns false is the last.
var way = []func(*carrier, *attempt) bool{
	(*carrier).load, (*carrier).merge, (*carrier).weigh, (*carrier).prepare, (*carrier).send, (*carrier).settle,
}

// carry takes an attempt that has its lease and its permit to its end. It never
// panics: the delivery is then put off, and the place in its lane given back.
func (c *carrier) carry(a *attempt) {
	a.verdict = breaker.Ignored
	a.back = a.carried
	defer c.flush(a.lane)
	defer c.lighten(a)
	defer c.schedule.land(a)
	defer func() { a.span.End(c.schedule.now(), "left") }() // of one that was not settled; else it has ended
	defer c.caught(a)
	if a.proves {
		_ = c.prover.prove(a.lane.ctx, a.lane, a.target) // the status tells
		return
	}
	for _, step := range way { // this line is the design
		if !step(c, a) {
			return
		}
	}
}

// flush writes how an endpoint stands now, if the store has it otherwise. Whoever waits for the
// store meanwhile is nobody who looks for a turn.
func (c *carrier) flush(n *lane) {
	if n.standing.unwritten() {
		aside(c.schedule, func() { c.statuses.flush(n) })
	}
}

// caught is deferred: it puts off a delivery that made this process panic.
func (c *carrier) caught(a *attempt) {
	if p := recover(); p != nil {
		// The value may hold anything; its type and the stack tell the place.
		c.log.Error("a delivery panicked", "tenant", a.lane.key.Tenant, "endpoint", a.lane.key.Endpoint,
			"delivery_id", a.due.ID, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		c.putOff(a)
	}
}

// putOffFor is the rest of a delivery that made this process panic.
const putOffFor = time.Minute

// putOff moves a delivery to a later time without an attempt, so that it keeps
// no other from being sent.
func (c *carrier) putOff(a *attempt) {
	a.again = &a.due
	a.rest = storeRest
	if a.delivery == nil {
		return
	}
	if !c.schedule.write(a) {
		return
	}
	defer c.schedule.written(a)
	later := *a.delivery
	later.NextAttemptAt = c.schedule.now().Add(putOffFor).Round(0)
	c.schedule.holds.keepHold(a, &later)
	if err := c.backlog.Settle(&later, nil); err == nil {
		a.again, a.rest = ptr(later.Due()), 0
	}
}

func ptr[T any](v T) *T { return &v }

// storeRest is the pause before the store is asked again after it failed.
const storeRest = time.Second
