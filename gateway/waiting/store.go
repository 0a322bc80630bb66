package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// What waiting needs of a store, by who asks; storetest holds each store to it.

// Ledger is asked by who decides, and told what was decided.
type Ledger interface {
	// Commit makes changes durable, all of them or none. After any error but
	// gateway.CodeUnavailable the outcome is unknown: nothing may be acknowledged.
	Commit(changes ...*gateway.Change) error
	// Wait gives a wait that is open or ended less than gateway.OutcomeKept ago;
	// else gateway.ErrNotFound.
	Wait(tenant, id string) (*gateway.Wait, error)
	// Mark gives a mark that has not expired. Marks made for longer than window
	// from now need not be found.
	Mark(tenant string, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error)
	// Ended tells of the last wait that ended under this very key, less than
	// gateway.OutcomeKept ago.
	Ended(tenant, source, key string) (e gateway.Ended, found bool, err error)
	// Names gives the names of the conversation that has this one; none when it
	// was never named otherwise.
	Names(tenant, name string) (n gateway.Names, found bool, err error)
	// Own says of each key whether an event showed it as its own conversation.key,
	// within gateway.AliasKept at least: outbound.Queue.Accept is told of them.
	Own(tenant string, keys []string) ([]bool, error)
	// Parked gives a parked callback whole; else gateway.ErrNotFound.
	Parked(tenant, id string) (*gateway.Parked, error)
}

// Archive is asked by who looks back.
type Archive interface {
	// Waits visits the waits that are asked for, newest first, until visit wants no more,
	// or q.Limit were visited. Without q.Bodies those of their callbacks are not read.
	// What the waits say is durable once it has returned. next, where it is not "", is
	// where to go on (q.Before): q.Rows were looked at.
	Waits(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error)
	// Traces gives the lines of a conversation under all its names that are asked for,
	// the newest first.
	Traces(q store.Timeline) ([]gateway.Trace, error)
}

// Recovery is asked by who takes slots over.
type Recovery interface {
	// Recover gives every open wait of the tenants of slots, and every parked callback
	// of theirs that has not expired without its body and document, in no set order.
	// What it gives is durable; where a store cannot tell, it is an error.
	Recover(slots gateway.SlotSet, wait func(*gateway.Wait) error, parked func(*gateway.Parked) error) error
	// ReleaseBefore says that every wait of slots that was created before at has ended:
	// recovery need not look at them again, and gateway.OutcomeKept from now they are
	// forgotten. The last said counts, also when it is earlier. It is not synced.
	ReleaseBefore(slots gateway.SlotSet, at time.Time)
}
