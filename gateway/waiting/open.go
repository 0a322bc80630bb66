package waiting

import (
	"context"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// OpenRequest asks for a wait. Its fields have been checked one by one; whether
// its rules compile is found out here.
type OpenRequest struct {
	Source         *directory.Source
	Key            string
	Aliases        []string // at most gateway.MaxAliases - 1
	Timeout        time.Duration
	Mode           gateway.Mode
	Match          gateway.Raw // nil: the source's
	Variables      gateway.Raw // nil: the source's
	Context        gateway.Raw
	Span           *gateway.SpanContext // of who asks; nil: nobody said
	IdempotencyKey string               // "" for none
	Sum            gateway.MarkKey      // of the request's body, where there is an Idempotency-Key
	// With gives what else is promised with the wait of this id, in the same commit
	// (nil: nothing); nil for none.
	With func(waitID string) *gateway.Change
	// Answers says that the caller will tell when it has been answered.
	Answers bool
}

// Opened is a wait that was opened now, or by an earlier request with the same
// Idempotency-Key.
type Opened struct {
	Wait     *gateway.Wait // resumed already, where its callback had come before it
	Replayed bool
	Answered func() // to be called when the caller has been answered; nil: nobody asks
}

// Open registers a wait durably. A parked callback that fits is taken in the
// same commit.
func (s *Sessions) Open(ctx context.Context, q OpenRequest) (Opened, error) {
	if !q.Source.Tenant.Life.Enter() {
		return Opened{}, errGone
	}
	defer q.Source.Tenant.Life.Leave()
	o := &opening{OpenRequest: q, sessions: s, ctx: ctx, outcome: errNothing}
	defer o.end()
	for _, step := range wayOfOpen {
		if step(o) {
			break
		}
	}
	if o.err != nil {
		if o.opened.Answered != nil {
			o.opened.Answered()
		}
		return Opened{}, o.err
	}
	return o.opened, nil
}

// wayOfOpen is the steps by which a wait opens, in order.
var wayOfOpen = []func(*opening) done{
	(*opening).compile, (*opening).enter, (*opening).replay, (*opening).admit, (*opening).meet, (*opening).register,
}

// done says whether a step was the last of its way.
type done bool

// opening is one Open on its way.
type opening struct {
	OpenRequest
	sessions *Sessions
	ctx      context.Context // bounds how long the turn is waited for
	room     *room           // once it has the turn
	rules    *mapping.Program
	mark     *gateway.MarkKey
	turn     *turn
	names    []string  // of the conversation, all of them
	at       []name    // the same, at the source
	learning *learning // where the store does not know them so yet; else nil
	place    place     // until the session has it
	began    time.Time
	early    *parked // its callback, where that was there before it
	change   *gateway.Change
	changes  []*gateway.Change // all that is stored
	outcome  error             // of storing it
	opened   Opened
	err      error
}

// fail ends the way with an error.
func (o *opening) fail(err error) done {
	o.err = err
	return err != nil
}

// end gives back what was taken on the way, and tells what was learned if it was stored.
func (o *opening) end() {
	s := o.sessions
	s.budget.giveBack(o.place)
	switch {
	case o.turn == nil:
	case o.learning != nil:
		o.learning.end(o.outcome)
	default:
		o.room.release(o.turn)
	}
}
