package outbound

import (
	"time"

	"hookgate/gateway"
)

// Backlog is what is unfinished, by lane.
type Backlog interface {
	// Lanes gives every lane of the slots that has unfinished deliveries.
	Lanes(slots gateway.SlotSet) ([]gateway.LaneKey, error)
	// Window gives the unfinished deliveries of a lane after the given one (the
	// zero Due: from the start), at most so many, in the order (At, ID), each with
	// the hash of its conversation. They are durable, as everything must be that is
	// sent.
	Window(lane gateway.LaneKey, after gateway.Due, most int) ([]gateway.Due, error)
	// Load gives an unfinished delivery with the events that it carries; else
	// gateway.ErrNotFound.
	Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error)
	// Settle writes down an attempt (nil: none was made) and how the delivery
	// stands after it: ended, or due again at d.NextAttemptAt. A crash may lose it,
	// and repeats the attempt. Of one that is not unfinished any more (its tenant was
	// deleted, it was cancelled) nothing is written: it stays as it ended. With d.Lent it is under
	// way, until d.NextAttemptAt at most.
	Settle(d *gateway.Delivery, a *gateway.Attempt) error
	// Merge lets an unfinished delivery carry the events of others of its lane, in
	// the order of into.EventIDs; the others are no more, and their events show
	// into in their place. It is durable: what was sent under into's id holds the
	// same events after a crash. gateway.ErrNotFound, and nothing is written, when
	// one of them has ended meanwhile; into must carry the events of all of them.
	Merge(into *gateway.Delivery, gone []gateway.Due) error

	// Holds gives the conversations of an ordered lane that wait for a failed
	// delivery. SetHold puts one, ClearHold removes it; a crash may lose either, but
	// none that came before a Settle which it does not lose.
	Holds(lane gateway.LaneKey) ([]gateway.Hold, error)
	SetHold(lane gateway.LaneKey, h gateway.Hold) error
	ClearHold(lane gateway.LaneKey, conversation uint64) error
}

// Comings is what comes into windows, whoever puts it there.
type Comings interface {
	// Came gives what came into the windows of lanes of the slots since a moment, of what is of
	// a conversation, and the moment up to which that is all of it: whatever was durable before it
	// was asked is in it. all is false where that cannot be told, for since is no moment ("" is
	// none), or more than so many came: then each lane is given that has anything then. It says
	// nothing of whether what is known of these lanes is what the store has: Backlog.Lanes does.
	Came(slots gateway.SlotSet, since string, most int) (came []gateway.Came, upTo string, all bool, err error)
}

// Statuses is what is known of endpoints.
type Statuses interface {
	// Status gives what is known of an endpoint; the zero EndpointStatus for a new
	// one. PutStatus keeps it, durably if sync, in one commit with lines of the audit.
	Status(lane gateway.LaneKey) (gateway.EndpointStatus, error)
	PutStatus(lane gateway.LaneKey, s gateway.EndpointStatus, sync bool, told ...gateway.AuditLine) error
	// DropLane removes an endpoint that was deleted: its status and holds, and its
	// unfinished deliveries, which end as cancelled. It is durable.
	DropLane(lane gateway.LaneKey) error
}

// Archive is all deliveries, those that have ended among them: for what is done by
// hand.
type Archive interface {
	// Delivery gives a delivery with its last attempts, as far as a bound of the store's
	// goes; else gateway.ErrNotFound.
	Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error)
	// Unfinished gives an unfinished delivery alone; else gateway.ErrNotFound.
	Unfinished(tenant, id string) (*gateway.Delivery, error)
	// AttemptedAt tells when the n-th attempt of a delivery that has not ended was made;
	// else gateway.ErrNotFound.
	AttemptedAt(tenant, id string, n int) (time.Time, error)
	// Requeue makes deliveries pending again, due at their NextAttemptAt, durably:
	// ended ones, wherever they are, and waiting ones, whose place in the window
	// the store finds by itself. State, Base and NextAttemptAt are taken from what
	// is given, all else from what is stored; their attempts stay. Each is requeued
	// whole. Those that have expired, or whose events have, are named by a
	// *gateway.GoneError: all others were requeued.
	// Lines of the audit are in one commit with all of them, and are not written where
	// one was gone.
	Requeue(told []gateway.AuditLine, deliveries ...*gateway.Delivery) error
	// Cancel ends an unfinished delivery as d says (State, EndedAt), durably;
	// gateway.ErrNotFound when it has ended meanwhile. Of Cancel and a Settle at
	// one time, one wins whole. Lines of the audit are in its commit.
	Cancel(d *gateway.Delivery, told ...gateway.AuditLine) error
}
