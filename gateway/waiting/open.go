package waiting

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tidwall/gjson"

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
	IdempotencyKey string          // "" for none
	Sum            gateway.MarkKey // of the request's body, where there is an Idempotency-Key
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
	q.Match, q.Variables = listed(q.Match), listed(q.Variables)
	own, err := s.compile(q.Match, q.Variables, q.Source)
	if err != nil {
		return Opened{}, err
	}
	tenant := q.Source.Tenant.ID
	r := s.room(tenant)
	o := &opening{OpenRequest: q, sessions: s, room: r, rules: own}
	if q.IdempotencyKey != "" {
		key := gateway.NewMarkKey(gateway.MarkOpen, []byte(q.IdempotencyKey))
		o.mark = &key
	}
	if err := o.acquire(ctx); err != nil {
		return Opened{}, err
	}
	stored := false
	defer func() { o.release(stored) }()
	if first, found, err := o.replay(); found || err != nil {
		return first, err
	}
	if err := o.admit(); err != nil {
		return Opened{}, err
	}
	defer func() { s.giveBack(o.place) }() // unless the session has it
	opened, err := o.register()
	stored = err == nil
	return opened, err
}

// listed is a list that was given; an empty one says nothing, as in the example
// of SPEC 6, where a wait with "match": [] ends by an entry of its source.
func listed(list gateway.Raw) gateway.Raw {
	if given := gjson.ParseBytes(list); given.IsArray() && given.Get("#").Int() == 0 {
		return nil
	}
	return list
}

// opening is one Open on its way.
type opening struct {
	OpenRequest
	sessions *Sessions
	room     *room
	rules    *mapping.Program
	mark     *gateway.MarkKey
	turn     *turn
	names    []string  // of the conversation, all of them
	at       []name    // the same, at the source
	learning *learning // where the store does not know them so yet; else nil
	place    place
}

// acquire takes the turn on all names of the conversation: at the source, or at
// every source where the names change.
func (o *opening) acquire(ctx context.Context) error {
	s, tenant := o.sessions, o.room.tenant
	asked := []lesson{{key: o.Key, others: o.Aliases}}
	for {
		before := o.room.renames()
		names, err := s.namesOf(tenant, o.Key)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(o.Aliases, func(alias string) bool { return !slices.Contains(names, alias) }) {
			return o.learn(ctx, asked)
		}
		o.name(names)
		o.turn = &turn{}
		if err := o.room.acquire(ctx, o.turn, o.at, o.mark); err != nil {
			return err
		}
		if o.room.renames() == before {
			return nil
		}
		again, err := s.namesOf(tenant, o.Key)
		if err == nil && slices.Equal(again, names) {
			return nil
		}
		o.room.release(s, o.turn)
		if err != nil {
			return err
		}
	}
}

// learn takes the turn of who changes names.
func (o *opening) learn(ctx context.Context, asked []lesson) error {
	l, err := o.sessions.lessonOf(ctx, o.room.tenant, asked, o.mark)
	if err != nil {
		return err
	}
	c, err := l.ledger.of(o.Key)
	if err != nil {
		o.room.release(o.sessions, &l.turn)
		return err
	}
	o.learning, o.turn = l, &l.turn
	o.name(c.all)
	return nil
}

func (o *opening) name(names []string) {
	o.names, o.at = names, make([]name, 0, len(names))
	for _, key := range names {
		o.at = append(o.at, name{o.Source.ID, key})
	}
}

// release gives the turn back, and tells what was learned if it was stored.
func (o *opening) release(stored bool) {
	if o.learning != nil {
		o.learning.end(stored)
		return
	}
	o.room.release(o.sessions, o.turn)
}

// replay answers a repeated Idempotency-Key with the wait it opened first.
func (o *opening) replay() (Opened, bool, error) {
	if o.mark == nil {
		return Opened{}, false, nil
	}
	s, tenant := o.sessions, o.Source.Tenant.ID
	m, found, err := s.Store.Mark(tenant, *o.mark, gateway.OutcomeKept)
	if !found || err != nil {
		return Opened{}, false, err
	}
	if m.Sum != o.Sum {
		return Opened{}, true, gateway.Errorf(gateway.CodeIdempotencyKeyReused,
			"this Idempotency-Key was used with another body")
	}
	w, err := s.Get(tenant, m.WaitID)
	if err != nil {
		return Opened{}, true, err
	}
	return Opened{Wait: w, Replayed: true}, true, nil
}

// admit refuses a second wait for a conversation, and waits beyond a limit.
func (o *opening) admit() error {
	s := o.sessions
	for {
		e, err := s.sessionOf(o.room, o.at)
		if e == nil && err == nil {
			break
		}
		if err == nil {
			e, err = s.inTime(o.room, e)
		}
		if err != nil {
			return err
		}
		if e != nil {
			return &gateway.Error{
				Code: gateway.CodeWaitExists, Message: "the conversation already waits on this source",
				Extra: []gateway.ExtraMember{{Name: "wait_id", Value: e.wait.ID}},
			}
		}
	}
	place, err := s.take(o.room, len(o.Context))
	o.place = place
	if err == nil {
		err = s.limited(o.Source.Tenant)
	}
	if err != nil {
		s.giveBack(o.place)
	}
	return err
}

// register writes the wait, open or already resumed, and tells the registry.
func (o *opening) register() (opened Opened, err error) {
	s, began := o.sessions, time.Now()
	w := o.wait(s.Now())
	if o.Answers && w.Mode == gateway.ModeNotify && s.Withhold != nil {
		answered := s.unanswered(w)
		defer func() {
			if opened.Answered = answered; err != nil {
				answered()
			}
		}()
	}
	change := &gateway.Change{Wait: w}
	if o.mark != nil {
		change.Marks = append(change.Marks, gateway.Mark{
			Tenant: w.Tenant, Key: *o.mark, WaitID: w.ID, Sum: o.Sum, Expires: w.CreatedAt.Add(gateway.OutcomeKept),
		})
	}
	changes := []*gateway.Change{change}
	early, err := s.takeParked(o.room, o.Source, o.rules, o.at, change, nil)
	if err == nil && o.learning != nil {
		// Waits that are open at other sources may meet by these names, too.
		err = o.learning.conclude()
		changes = append(changes, o.learning.changes...)
	}
	if err != nil {
		return Opened{}, err
	}
	w = change.Wait
	if o.With != nil {
		if more := o.With(w.ID); more != nil {
			changes = append(changes, more)
		}
	}
	change.Traces = append(change.Traces, waitTrace(w, appendWaitTrace(nil, w)))
	change.Notice = o.notice(w)
	s.reach(w.CreatedAt)
	if err := s.commit(changes...); err != nil {
		return Opened{}, err
	}
	if early == nil {
		e := newSession(o.room, w, began.Add(o.Timeout))
		e.place, o.place = o.place, place{}
		if !o.room.register(s, e) {
			return Opened{}, errGone
		}
		return Opened{Wait: w}, nil
	}
	o.room.unpark(s, early)
	s.wake(change)
	s.Observer.WaitTaken(w.Tenant, w.Source)
	return Opened{Wait: w}, nil
}

// notice is the outcome of a wait that ended in the moment it was opened.
func (o *opening) notice(w *gateway.Wait) *gateway.Notice {
	if w.State == gateway.StateWaiting {
		return nil
	}
	return o.sessions.endNotice(w)
}

func (o *opening) wait(now time.Time) *gateway.Wait {
	w := &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, now), Tenant: o.Source.Tenant.ID, Source: o.Source.ID,
		ConversationKey: o.Key, State: gateway.StateWaiting, Context: o.Context, Mode: o.Mode,
		OwnMatch: o.Match, OwnVariables: o.Variables, CreatedAt: stamp(now), ExpiresAt: stamp(now.Add(o.Timeout)),
	}
	for _, key := range o.names {
		if key != o.Key {
			w.Aliases = append(w.Aliases, key)
		}
	}
	return w
}

// judgedTimes is how many times the work of one callback may be spent on all that are
// parked, when a wait opens: what is left over stays parked, and can be taken by the
// next wait, until its time is over.
const judgedTimes = 10

// takeParked lets the oldest parked callback that fits end the wait of a change;
// nil is none. Those that others take now are out of the question. The turn on the
// names is held.
func (s *Sessions) takeParked(
	r *room, src *directory.Source, own *mapping.Program, names []name, change *gateway.Change, others []meeting,
) (*parked, error) {
	w, now := change.Wait, time.Now()
	var spent time.Duration
	for early := r.nextParked(names, ""); early != nil; early = r.nextParked(names, early.id) {
		if !now.Before(early.at) || slices.ContainsFunc(others, func(m meeting) bool { return m.early == early }) {
			continue
		}
		if spent > judgedTimes*src.Mapping.Work {
			break
		}
		record, err := s.Store.Parked(w.Tenant, early.id)
		if err != nil {
			return nil, err
		}
		v, took := judgeParked(own, src, record)
		if spent += took; errors.Is(v.refused, mapping.ErrBusy) {
			return nil, v.refused // a wait that opens without it might never get it
		}
		if !v.fits { // so also where its variables would be too large: who opens a wait did not send them
			continue
		}
		change.Wait = resumed(w, v, record.Callback, s.Now())
		change.Unpark = record
		for _, key := range record.Marks {
			change.Marks = append(change.Marks, gateway.Mark{
				Tenant: w.Tenant, Key: key, CallbackID: early.id, WaitID: w.ID,
				Expires: record.Callback.ReceivedAt.Add(record.Window),
			})
		}
		change.Traces = append(change.Traces, gateway.Trace{
			Tenant: w.Tenant, Key: record.Key, At: record.Callback.ReceivedAt, Kind: "callback", ID: early.id,
			Data: appendCallbackTrace(nil, src.ID, gateway.OutcomeResumed, w.ID),
		})
		return early, nil
	}
	return nil, nil
}

// at gives the open session that has a name.
func (r *room) at(n name) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[n]
}
