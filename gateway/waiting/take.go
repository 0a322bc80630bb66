package waiting

import (
	"bytes"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Callback is a checked callback on its way to its wait.
type Callback struct {
	Source *directory.Source
	// Key is the conversation key that it carries; "" when it has none.
	Key string
	// Aliases are other names of the conversation, learned when the callback resumes a
	// wait; they are at most gateway.MaxAliases - 1.
	Aliases []string
	// Mark is what its repeat will be known by: a digest of the provider's
	// delivery id or the Idempotency-Key (Strong), else of what was received.
	Mark   gateway.MarkKey
	Strong bool
	// Taken is the callback itself, in memory of its own.
	Taken gateway.TakenCallback
	// Span is of its request; nil: nobody traces it.
	Span *gateway.SpanContext
	// Received is what paths look at. It need not outlive Take.
	Received Received
	// Tells asks for the variables in Taken.
	Tells bool
}

// Taken says what became of a callback.
type Taken struct {
	Outcome    gateway.Outcome
	CallbackID string // the first one's, for a duplicate
	WaitID     string // "" where none is known
	Variable   string // the required variable that is missing
	RetryAfter time.Duration
	Variables  gateway.Raw // where the callback asked for them, and rules mapped them
}

// Take gives a callback to the wait it fits, or parks it, or says why neither
// can be. All that its answer promises is durable when it returns without error.
func (s *Sessions) Take(c *Callback) (Taken, error) {
	if !c.Source.Tenant.Life.Enter() {
		return Taken{}, errGone
	}
	defer c.Source.Tenant.Life.Leave()
	k := newTaking(s, c)
	defer k.free()
	defer k.leave()
	for _, step := range wayOfTake {
		if step(k) {
			break
		}
	}
	if k.err != nil {
		return Taken{}, k.err
	}
	return k.taken, nil
}

// wayOfTake is the steps by which a callback finds its wait, in order.
var wayOfTake = []func(*taking) done{(*taking).enter, (*taking).replay, admitted, (*taking).keyless, (*taking).resume, (*taking).early, (*taking).late, (*taking).park}

// taking is one Take on its way, with the memory that it needs until it returns.
// It is pooled: what is kept of a callback is copied out of it.
type taking struct {
	*Callback
	sessions  *Sessions
	room      *room
	mark      *gateway.MarkKey // where it is Strong
	turn      turn
	entered   bool                         // it has the turn
	session   *session                     // the conversation's, where one is open
	names     []string                     // of the conversation, where no wait is open under the callback's key
	renames   uint64                       // of the tenant, when they were looked up
	learning  *learning                    // where the callback tells names that are news: it has the turn
	learned   error                        // how storing them went
	variables []byte                       // as the last verdict mapped them
	batch     *batch                       // it is one of; nil: it is taken by itself
	alone     bool                         // it is one, but has to be taken by itself
	space     space                        // that it was parked in
	admit     func() (again time.Duration) // nil: it is admitted already
	change    gateway.Change
	changes   [1]*gateway.Change
	marks     [1]gateway.Mark
	traces    [1]gateway.Trace
	callbacks [1]gateway.Callback
	data      []byte // of the traces
	taken     Taken
	err       error
}

var takings = sync.Pool{New: func() any { return new(taking) }}

func newTaking(s *Sessions, c *Callback) *taking {
	k := takings.Get().(*taking)
	k.Callback, k.sessions, k.taken.CallbackID = c, s, c.Taken.ID
	k.Received.at(k.Received.Values)
	return k
}

func (k *taking) free() {
	if cap(k.variables) > maxKept {
		k.variables = nil
	}
	*k = taking{variables: k.variables[:0], data: k.data[:0]}
	takings.Put(k)
}

// maxKept is the largest buffer that waits in the pool for the next callback, in bytes.
const maxKept = 64 << 10

// fail ends the way with an error.
func (k *taking) fail(err error) done {
	k.err = err
	return err != nil
}

// ends ends it with an outcome.
func (k *taking) ends(o gateway.Outcome) done {
	k.taken.Outcome = o
	if k.Tells && mapped(o) {
		k.taken.Variables = bytes.Clone(k.variables)
	}
	return true
}

// mapped says whether rules have mapped all variables of what ends so.
func mapped(o gateway.Outcome) bool {
	switch o {
	case gateway.OutcomeResumed, gateway.OutcomeParked, gateway.OutcomeAlreadyResumed, gateway.OutcomeLate, gateway.OutcomeNoWaitingSession:
		return true
	}
	return false
}

// refuses ends it with an outcome that promises nothing: it leaves its line.
func (k *taking) refuses(o gateway.Outcome) done {
	k.refuse(o, k.taken.WaitID)
	return k.ends(o)
}

// refuse leaves a line in the timeline. Nothing was promised, so an error of the
// store is not the sender's business.
func (k *taking) refuse(o gateway.Outcome, waitID string) {
	k.trace(o, waitID)
	k.change.Refused = true
	if k.batch != nil {
		k.batch.put(k)
		return
	}
	k.changes[0] = &k.change
	_ = k.sessions.options.Ledger.Commit(k.changes[:]...)
}

// decided ends the way with an outcome that promises something, once that is durable;
// of a batch it becomes so with all the rest of it.
func (k *taking) decided(o gateway.Outcome) done {
	if k.batch != nil {
		k.batch.put(k)
		return k.ends(o)
	}
	err := k.commit()
	if k.settle(err); err != nil {
		return k.fail(err)
	}
	return k.ends(o)
}

// settle hears whether what was decided is durable, and tells the registry.
func (k *taking) settle(err error) {
	switch {
	case err == nil && k.change.Wait != nil:
		k.room.finish(k.session, k.change.Wait)
	case err == nil && k.change.Park != nil:
		stay(k)
	case k.change.Park != nil:
		k.room.parking.unreserve(k.Source.ID)
		k.sessions.budget.unpark(k.space)
	}
	if err == nil {
		k.sessions.outcomes.wake(&k.change)
	}
}

// remember marks the callback as taken.
func (k *taking) remember(waitID string, kept time.Duration) {
	k.marks[0] = gateway.Mark{
		Tenant: k.Source.Tenant.ID, Key: k.Mark, CallbackID: k.Taken.ID, WaitID: waitID,
		Expires: k.Taken.ReceivedAt.Add(kept),
	}
	k.change.Marks = k.marks[:]
}

// trace leaves the callback's line: that of one which lists show is the callback itself.
func (k *taking) trace(o gateway.Outcome, waitID string) {
	if o.Listed() {
		k.callbacks[0] = gateway.Callback{
			ID: k.Taken.ID, Tenant: k.Source.Tenant.ID, Source: k.Source.ID, Outcome: o,
			ConversationKey: k.Key, WaitID: waitID, ReceivedAt: k.Taken.ReceivedAt,
		}
		k.change.Callbacks = k.callbacks[:]
		return
	}
	from := len(k.data)
	k.data = appendCallbackTrace(k.data, k.Source.ID, o, waitID)
	k.traces[0] = gateway.Trace{
		Tenant: k.Source.Tenant.ID, Key: k.Key, At: k.Taken.ReceivedAt, Kind: "callback", ID: k.Taken.ID, Data: k.data[from:],
	}
	k.change.Traces = k.traces[:]
}

// traceWait leaves the line of a wait that the callback ends, where the callback's own does
// not tell of it.
func (k *taking) traceWait(w *gateway.Wait) {
	if k.callbacks[0].Ends(w) {
		return
	}
	k.traces[0] = w.Line()
	k.change.Traces = k.traces[:]
}
