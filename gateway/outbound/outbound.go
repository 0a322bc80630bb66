// Package outbound carries events to every endpoint that wants their type, and
// what hookgate itself has to say to the platform: at-least-once deliveries, each
// on the lane of its endpoint.
//
//	accept       check every event of a request, find its tenant
//	deduplicate  answer a repeated Idempotency-Key as the first time
//	fanout       make one delivery for each endpoint
//	learn        find which names the events give their conversations
//	enqueue      store all of it in one commit; only then is the answer 202
//	lease        take what is due from the lane's window in memory
//	permit       hold back while the endpoint rests, or its circuit breaker is open
//	load         read the delivery and its event from the store
//	prepare      write headers and signature, or what a relay received
//	send         make one attempt, bounded in time and in bytes
//	settle       succeeded, due again later, or dead letter
//
// A delivery is sent at least once: a crash between send and settle repeats it
// under the same webhook-id, by which the receiver can drop the repeat. Whoever
// promises a delivery stores it together with the promise, then wakes its lane;
// the lanes only ever see what is durable.
//
// A relay's deliveries are requests that came from outside (relay.go): stored as an
// event under the marks of the provider's ids, then made again, byte for byte, to one
// of the route's upstreams (relaysend.go, upstreams.go). All else about them is as
// with events.
//
// # Lanes
//
// A lane holds the soonest of its deliveries in memory, their ids and due times
// alone; the rest stays in the store behind a cursor and is read when the window
// runs low. So a million deliveries for a dead endpoint cost disk, not memory.
// A lane with nothing due costs an entry in a heap: one timer serves all lanes,
// goroutines live only while there is something to send, and nothing polls.
//
// What an endpoint asks for is its lane's business: its rate, how many attempts at
// once, that events travel in batches (batch.go) or keep their order within a
// conversation (order.go). What happened to it outlives a restart as its status: a
// pause, a disablement, what its handshake proved (proof.go), until when its
// breaker is open. While it is paused, disabled or not proved, everything waits.
//
// Operators act on single deliveries, too (byhand.go, replay.go): a lane never
// leases what is being moved, and what is being sent when it is cancelled is not
// written.
//
// # Fairness
//
// Attempts under way are bounded over all lanes. A tenant may use a share of that
// bound which leaves room for one more tenant, and a lane such a share of its
// tenant's; among those below their share, tenants take turns, then their lanes.
// An endpoint that hangs takes from no other more than that.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// attempt is one delivery on its way, or the proof of an endpoint. Its lane holds
// a place for it until release.
type attempt struct {
	lane     *lane
	due      gateway.Due
	with     []gateway.Due // deliveries that may travel with it
	target   *Target
	permit   breaker.Permit
	proves   bool // there is no delivery: it makes the handshake
	delivery *gateway.Delivery
	events   []gateway.Event // those of the delivery
	at       time.Time       // when it was begun
	request  transport.Request
	upstream string // where a relay goes
	answer   *transport.Answer
	sent     *transport.Error // why there is no answer

	// Guarded by the lanes' lock.
	writing   bool // what it carries is being written: nobody else may
	cancelled bool // by hand: its outcome is not written
	merged    bool // what may not travel with it is known

	// What release is to do.
	carried []gateway.Due // what with was
	back    []gateway.Due // of those, what stands in the window again
	spent   int           // of those, what is no more
	verdict breaker.Verdict
	rest    time.Duration // how long the lane sleeps
	again   *gateway.Due  // where the delivery now stands; nil: it has ended, or stands elsewhere
}

// step does one thing to an attempt; one that returns false is the last.
type step func(context.Context, *attempt) bool

// carry takes an attempt that has its lease and its permit to its end. It never
// panics: the delivery is then put off, and the place in its lane given back.
func (l *Lanes) carry(a *attempt) {
	a.verdict = breaker.Ignored
	a.back = a.carried
	defer l.flush(a.lane)
	defer l.release(a)
	defer func() {
		if p := recover(); p != nil {
			// The value may hold anything; its type and the stack tell the place.
			l.log.Error("a delivery panicked", "tenant", a.lane.key.Tenant, "endpoint", a.lane.key.Endpoint,
				"delivery_id", a.due.ID, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			l.putOff(a)
		}
	}()
	if a.proves {
		l.prove(l.ctx, a.lane, a.target)
		return
	}
	for _, s := range []step{l.load, l.prepare, l.send, l.settle} { // this line is the design
		if !s(l.ctx, a) {
			return
		}
	}
}

// putOffFor is the rest of a delivery that made this process panic.
const putOffFor = time.Minute

// putOff moves a delivery to a later time without an attempt, so that it keeps
// no other from being sent.
func (l *Lanes) putOff(a *attempt) {
	a.again = &a.due
	a.rest = storeRest
	if a.delivery == nil {
		return
	}
	later := *a.delivery
	later.NextAttemptAt = l.now().Add(putOffFor).Round(0)
	l.keepHold(a, &later)
	if err := l.queue.Settle(&later, nil); err == nil {
		a.again, a.rest = ptr(placeOf(&later)), 0
	}
}

func placeOf(d *gateway.Delivery) gateway.Due {
	return gateway.Due{ID: d.ID, At: d.NextAttemptAt, Conversation: gateway.ConversationHash(d.ConversationKey)}
}

func ptr[T any](v T) *T { return &v }

// storeRest is the pause before the store is asked again after it failed.
const storeRest = time.Second

// loads is how often a delivery is tried to be read.
const loads = 3

// load reads the delivery, and puts those that travel with it into it. One that
// has ended meanwhile, or is due later, came from a window that was read before
// that was written.
func (l *Lanes) load(ctx context.Context, a *attempt) bool {
	d, events, err := l.fetch(a.lane.key.Tenant, a.due.ID)
	for n := 1; err != nil && !errors.Is(err, gateway.ErrNotFound); n++ {
		if n == loads || !background.Sleep(ctx, storeRest) {
			l.log.Error("a delivery cannot be read: it is left until the next start", "tenant", a.lane.key.Tenant,
				"endpoint", a.lane.key.Endpoint, "delivery_id", a.due.ID, "error", err)
			l.holdUnread(a)
			return false
		}
		d, events, err = l.fetch(a.lane.key.Tenant, a.due.ID)
	}
	if err != nil || d.State.Ended() || len(events) == 0 {
		return false
	}
	if d.NextAttemptAt.After(l.now()) {
		a.again = ptr(placeOf(d))
		return false
	}
	a.delivery, a.events = d, events
	return l.merge(a)
}

// fetch gives an unfinished delivery with its events.
func (l *Lanes) fetch(tenant, id string) (*gateway.Delivery, []gateway.Event, error) {
	return l.queue.Load(tenant, id)
}
