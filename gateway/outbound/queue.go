package outbound

import (
	"time"

	"hookgate/gateway"
)

// Queue is what outbound needs of a store; storetest holds each store to it.
// Notices come into the queue with the gateway.Change that promises them.
type Queue interface {
	// Accept makes a publication durable, all of it or nothing. After any error
	// but gateway.CodeUnavailable the outcome is unknown.
	Accept(p *gateway.Publication) error
	// FanOut is Accept of one that makes so many deliveries that others would wait for
	// them. It is durable, all of it or nothing, when promised is called. Then the
	// deliveries are made, some at a time, and made is called with each part, valid
	// until it returns; false: the rest of that fan-out is not needed, for its tenant
	// is being deleted. Those of lanes that were dropped meanwhile are cancelled. What
	// an end of the process interrupts is made by the next one before Lanes and
	// Window give anything.
	FanOut(p *gateway.Publication, many []gateway.Fanout, promised func(), made func([]gateway.Delivery) (more bool)) error
	// Mark is waiting.Store's: for MarkPublish here. Publishes to /v1/events, which
	// belong to no one tenant, are marked under the tenant AnyTenant.
	Mark(tenant string, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error)

	// Lanes gives every lane that has unfinished deliveries.
	Lanes() ([]gateway.LaneKey, error)
	// Window gives the unfinished deliveries of a lane after the given one (the
	// zero Due: from the start), at most so many, in the order (At, ID), each with
	// the hash of its conversation. They are durable, as everything must be that is
	// sent.
	Window(lane gateway.LaneKey, after gateway.Due, most int) ([]gateway.Due, error)
	// Load gives an unfinished delivery with the events that it carries; else
	// gateway.ErrNotFound.
	Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error)
	// Settle writes down an attempt (nil: none was made) and how the delivery
	// stands after it: ended, or due again at d.NextAttemptAt. was is its place
	// in the window before. It is not synced: a crash repeats the attempt. Of one
	// that is not unfinished any more (its tenant was deleted, it was cancelled)
	// nothing is written: it stays as it ended.
	Settle(d *gateway.Delivery, was gateway.Due, a *gateway.Attempt) error
	// Merge lets an unfinished delivery carry the events of others of its lane, in
	// the order of into.EventIDs; the others are no more, and their events show
	// into in their place. was is into's place before. It is durable: what was sent
	// under into's id holds the same events after a crash. gateway.ErrNotFound, and
	// nothing is written, when one of them has ended meanwhile; into must carry the
	// events of all of them.
	Merge(into *gateway.Delivery, was gateway.Due, gone []gateway.Due) error
	// Requeue makes deliveries pending again, due at their NextAttemptAt, durably:
	// ended ones, wherever they are, and waiting ones, whose place in the window
	// the store finds by itself. State, Base and NextAttemptAt are taken from what
	// is given, all else from what is stored; their attempts stay. Each is requeued
	// whole. Those that have expired, or whose events have, are named by a
	// *gateway.GoneError: all others were requeued.
	Requeue(deliveries ...*gateway.Delivery) error
	// Cancel ends an unfinished delivery as d says (State, EndedAt), durably;
	// gateway.ErrNotFound when it has ended meanwhile. Of Cancel and a Settle at
	// one time, one wins whole.
	Cancel(d *gateway.Delivery) error

	// Holds gives the conversations of an ordered lane that wait for a failed
	// delivery. SetHold puts one, ClearHold removes it; neither is synced, but they
	// keep their order with Settle.
	Holds(lane gateway.LaneKey) ([]gateway.Hold, error)
	SetHold(lane gateway.LaneKey, h gateway.Hold) error
	ClearHold(lane gateway.LaneKey, conversation uint64) error

	// Status gives what is known of an endpoint; the zero EndpointStatus for a new
	// one. PutStatus keeps it, durably if sync.
	Status(lane gateway.LaneKey) (gateway.EndpointStatus, error)
	PutStatus(lane gateway.LaneKey, s gateway.EndpointStatus, sync bool) error
	// DropLane removes an endpoint that was deleted: its status and holds, and its
	// unfinished deliveries, which end as cancelled. It is durable.
	DropLane(lane gateway.LaneKey) error

	// Event gives an event with its deliveries, oldest first; else
	// gateway.ErrNotFound.
	Event(tenant, id string) (*gateway.Event, []gateway.EventDelivery, error)
	// Events visits a tenant's events, newest first, those with an id below before
	// ("" for all), until visit wants no more.
	Events(tenant, before string, visit func(*gateway.Event) (more bool)) error
	// Delivery gives a delivery with its last attempts, as far as a bound of the store's
	// goes; else gateway.ErrNotFound.
	Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error)
	// AttemptedAt tells when the n-th attempt of a delivery that has not ended was made;
	// else gateway.ErrNotFound.
	AttemptedAt(tenant, id string, n int) (time.Time, error)
	// Deliveries lists a tenant's deliveries, newest first, those with an id
	// below before ("" for all), at most so many of those that keep says yes to.
	Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) ([]*gateway.Delivery, error)
}

// AnyTenant stands for no tenant in the marks of publishes to /v1/events. It is
// no id that a tenant can have.
const AnyTenant = "_any"
