package waiting

import (
	"errors"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// Callback is a checked callback on its way to its wait.
type Callback struct {
	Source *directory.Source
	// Key is the conversation key that it carries; "" when it has none.
	Key string
	// Mark is what its repeat will be known by: a digest of the provider's
	// delivery id or the Idempotency-Key (Strong), else of what was received.
	Mark   gateway.MarkKey
	Strong bool
	// Taken is the callback itself, in memory of its own.
	Taken gateway.TakenCallback
	// Received is what paths look at. It need not outlive Take.
	Received Received
}

// Taken says what became of a callback.
type Taken struct {
	Outcome    gateway.Outcome
	CallbackID string // the first one's, for a duplicate
	WaitID     string // "" where none is known
	Variable   string // the required variable that is missing
	RetryAfter time.Duration
}

// taking is one Take on its way, with the memory that it needs until it returns.
// It is pooled: what is kept of a callback is copied out of it.
type taking struct {
	*Callback
	turn      turn
	session   *session // the conversation's, where one is open
	names     []string // of the conversation, where no wait is open under the callback's key
	variables []byte   // as the last verdict mapped them
	change    gateway.Change
	changes   [1]*gateway.Change
	marks     [1]gateway.Mark
	traces    [2]gateway.Trace
	data      []byte // of the traces
}

var takings = sync.Pool{New: func() any { return new(taking) }}

func newTaking(c *Callback) *taking {
	k := takings.Get().(*taking)
	k.Callback = c
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

// Take gives a callback to the wait it fits, or parks it, or says why neither
// can be. All that its answer promises is durable when it returns without error.
func (s *Sessions) Take(c *Callback) (Taken, error) {
	if !c.Source.Tenant.Life.Enter() {
		return Taken{}, errGone
	}
	defer c.Source.Tenant.Life.Leave()
	k := newTaking(c)
	defer k.free()
	r := s.room(c.Source.Tenant.ID)
	var mark *gateway.MarkKey
	if c.Strong {
		mark = &c.Mark
	}
	names := k.turn.one[:0]
	if c.Key != "" {
		names = append(names, name{c.Source.ID, c.Key})
	}
	if err := r.acquire(background, &k.turn, names, mark); err != nil {
		return Taken{}, err
	}
	defer func() { r.release(s, &k.turn) }()
	for wider := true; wider; {
		if c.Strong {
			if taken, found, err := s.repeated(k); found || err != nil {
				return taken, err
			}
		}
		var err error
		if wider, err = s.widen(r, k, mark); err != nil {
			return Taken{}, err
		}
	}
	if c.Key == "" {
		return Taken{Outcome: gateway.OutcomeKeyMissing, CallbackID: c.Taken.ID}, nil
	}
	e, err := s.inTime(r, k.session)
	if err != nil {
		return Taken{}, err
	}
	if e != nil {
		return s.resume(r, e, k)
	}
	return s.takeEarly(r, k)
}

// widen takes the turn on all names of the conversation where no session is open
// under the one that the callback carries: it may be open under another, learned
// since. It says whether it gave the turn back in between, so that what was looked
// up must be looked up again; so must the names, if any conversation got others
// meanwhile.
func (s *Sessions) widen(r *room, k *taking, mark *gateway.MarkKey) (again bool, err error) {
	if k.Key == "" {
		return false, nil
	}
	if k.names != nil {
		k.session, err = s.sessionOf(r, k.at())
		return false, err
	}
	if k.session = k.turn.session; k.session != nil {
		strange, err := s.strange(k.session, k.Key)
		if !strange || err != nil {
			return false, err
		}
		k.session = nil
	}
	before := r.renames()
	if k.names, err = s.namesOf(k.Source.Tenant.ID, k.Key); err != nil || len(k.names) == 1 {
		return false, err
	}
	r.release(s, &k.turn)
	k.turn = turn{}
	if err := r.acquire(background, &k.turn, k.at(), mark); err != nil {
		return false, err
	}
	if r.renames() != before {
		k.names = nil
	}
	return true, nil
}

// at is the names of the callback's conversation at its source, its own key first.
func (k *taking) at() []name {
	names := []name{{k.Source.ID, k.Key}}
	for _, key := range k.names {
		names = addName(names, name{k.Source.ID, key})
	}
	return names
}

// repeated looks for the mark of the same callback.
func (s *Sessions) repeated(k *taking) (Taken, bool, error) {
	m, found, err := s.Store.Mark(k.Source.Tenant.ID, k.Mark, k.Source.Window)
	if !found || err != nil {
		return Taken{}, false, err
	}
	if k.Key != "" {
		s.refuse(k, gateway.OutcomeDuplicate, m.WaitID)
	}
	return Taken{Outcome: gateway.OutcomeDuplicate, CallbackID: m.CallbackID, WaitID: m.WaitID}, true, nil
}

// inTime gives the session back unless its deadline has passed: then it ends
// here, for the timer may be late but a deadline is not.
func (s *Sessions) inTime(r *room, e *session) (*session, error) {
	if e == nil || time.Now().Before(e.deadline) {
		return e, nil
	}
	return nil, s.end(r, e, gateway.StateTimedOut, gateway.ReasonTimeout)
}

// resume gives the callback to an open wait, if it fits. The turn is held.
func (s *Sessions) resume(r *room, e *session, k *taking) (Taken, error) {
	rules, err := s.rulesOf(e.wait, k.Source)
	if err != nil {
		return Taken{}, err
	}
	v := k.judge(rules)
	taken := Taken{CallbackID: k.Taken.ID, WaitID: e.wait.ID}
	switch {
	case v.refused != nil:
		return s.unmapped(k, taken, v.refused)
	case !v.fits:
		taken.Outcome = gateway.OutcomeIgnored
		return taken, s.ignore(k, e.wait.ID)
	}
	final := resumed(e.wait, v, k.Taken, s.Now())
	k.remember(final.ID, k.Source.Window)
	k.trace(gateway.OutcomeResumed, final.ID)
	k.traceWait(final)
	k.change.Wait, k.change.Notice = final, s.endNotice(final)
	if err := s.commitTaking(k); err != nil {
		return Taken{}, err
	}
	r.finish(s, e, final)
	s.wake(&k.change)
	taken.Outcome = gateway.OutcomeResumed
	return taken, nil
}

// unmapped answers a callback that rules cannot make variables of. It is not
// remembered, and the wait goes on waiting.
func (s *Sessions) unmapped(k *taking, taken Taken, why error) (Taken, error) {
	var missing mapping.MissingVariable
	switch {
	case errors.As(why, &missing):
		taken.Outcome, taken.Variable = gateway.OutcomeVariableMissing, string(missing)
	case errors.Is(why, mapping.ErrVariablesTooLarge):
		taken.Outcome = gateway.OutcomeVariablesTooLarge
	case errors.Is(why, mapping.ErrTooComplex):
		taken.Outcome = gateway.OutcomeTooComplex
	default:
		return Taken{}, why
	}
	s.refuse(k, taken.Outcome, taken.WaitID)
	return taken, nil
}

// takeEarly deals with a callback that no open wait is there for. The turn is held.
func (s *Sessions) takeEarly(r *room, k *taking) (Taken, error) {
	if !k.Strong { // a fingerprint counts only while no wait is open
		if taken, found, err := s.repeated(k); found || err != nil {
			return taken, err
		}
	}
	taken := Taken{CallbackID: k.Taken.ID}
	v := k.judge(nil)
	switch {
	case v.refused != nil:
		return s.unmapped(k, taken, v.refused)
	case !v.fits:
		taken.Outcome = gateway.OutcomeIgnored
		return taken, s.ignore(k, "")
	}
	if !k.Source.Again {
		if k.names == nil { // its wait was there a moment ago, and ended by its deadline
			var err error
			if k.names, err = s.namesOf(k.Source.Tenant.ID, k.Key); err != nil {
				return Taken{}, err
			}
		}
		ended, found, err := s.lastEnded(k.Source.Tenant.ID, k.Source.ID, k.names)
		if err != nil {
			return Taken{}, err
		}
		if found {
			return s.tooLate(k, ended, v.variables)
		}
	}
	return s.park(r, k)
}

// tooLate answers a callback whose wait has ended.
func (s *Sessions) tooLate(k *taking, ended gateway.Ended, variables gateway.Raw) (Taken, error) {
	taken := Taken{CallbackID: k.Taken.ID, WaitID: ended.WaitID, Outcome: gateway.OutcomeLate}
	if ended.State == gateway.StateResumed {
		taken.Outcome = gateway.OutcomeAlreadyResumed
	} else if k.Source.Tenant.Platform != nil {
		return taken, s.noticeLate(k, ended, variables)
	}
	s.refuse(k, taken.Outcome, ended.WaitID)
	return taken, nil
}

// noticeLate tells the platform of a late callback, once for each distinct one.
func (s *Sessions) noticeLate(k *taking, ended gateway.Ended, variables gateway.Raw) error {
	tenant := k.Source.Tenant.ID
	key := gateway.NewMarkKey(gateway.MarkLate, k.Mark[:])
	_, told, err := s.Store.Mark(tenant, key, gateway.OutcomeKept)
	if err != nil {
		return err
	}
	if told {
		s.refuse(k, gateway.OutcomeLate, ended.WaitID)
		return nil
	}
	wait, err := s.Store.Wait(tenant, ended.WaitID)
	if err != nil {
		return err
	}
	if wait.OwnMatch != nil || wait.OwnVariables != nil {
		if rules, err := s.rulesOf(wait, k.Source); err == nil {
			v := k.judge(rules)
			if errors.Is(v.refused, mapping.ErrBusy) {
				return v.refused
			}
			variables = v.variables // none, where they would be too large: the callback is late all the same
		}
	}
	now := s.Now()
	k.marks[0] = gateway.Mark{
		Tenant: tenant, Key: key, CallbackID: k.Taken.ID, WaitID: wait.ID, Expires: now.Add(gateway.OutcomeKept),
	}
	k.change.Marks = k.marks[:]
	k.trace(gateway.OutcomeLate, wait.ID)
	k.change.Notice = gateway.LateNotice(wait, &k.Taken, variables, now)
	if err := s.commitTaking(k); err != nil {
		return err
	}
	s.wake(&k.change)
	return nil
}

// park keeps a callback until its session waits, or its time is over.
func (s *Sessions) park(r *room, k *taking) (Taken, error) {
	src := k.Source
	taken := Taken{CallbackID: k.Taken.ID}
	if src.EarlyTTL == 0 {
		taken.Outcome = gateway.OutcomeNoWaitingSession
		s.refuse(k, taken.Outcome, "")
		return taken, nil
	}
	if !r.reserve(src.ID, src.EarlyMax) {
		taken.Outcome, taken.RetryAfter = gateway.OutcomeRateLimited, 5*time.Second
		s.refuse(k, taken.Outcome, "")
		return taken, nil
	}
	// Both end together, counted from the receipt: were the callback to outlive its
	// mark, a repeat of it could be taken too.
	until := s.monotonic(k.Taken.ReceivedAt.Add(src.EarlyTTL))
	k.remember("", src.EarlyTTL) // until a wait takes it, its mark ends with its parking
	k.trace(gateway.OutcomeParked, "")
	k.change.Park = k.parked()
	if err := s.commitTaking(k); err != nil {
		r.unreserve(src.ID)
		return Taken{}, err
	}
	r.parkReserved(s, newParked(r, k.Taken.ID, name{src.ID, k.Key}, until))
	taken.Outcome = gateway.OutcomeParked
	return taken, nil
}

// ignore remembers a callback that fits nothing: it was answered for good.
func (s *Sessions) ignore(k *taking, waitID string) error {
	k.remember(waitID, k.Source.Window)
	k.trace(gateway.OutcomeIgnored, waitID)
	return s.commitTaking(k)
}

// refuse leaves a line in the timeline. Nothing was promised, so an error of the
// store is not the sender's business.
func (s *Sessions) refuse(k *taking, o gateway.Outcome, waitID string) {
	k.trace(o, waitID)
	k.change.Refused = true
	_ = s.commitTaking(k)
}

func (s *Sessions) commitTaking(k *taking) error {
	k.changes[0] = &k.change
	return s.commit(k.changes[:]...)
}

// remember marks the callback as taken.
func (k *taking) remember(waitID string, kept time.Duration) {
	k.marks[0] = gateway.Mark{
		Tenant: k.Source.Tenant.ID, Key: k.Mark, CallbackID: k.Taken.ID, WaitID: waitID,
		Expires: k.Taken.ReceivedAt.Add(kept),
	}
	k.change.Marks = k.marks[:]
}

func (k *taking) trace(o gateway.Outcome, waitID string) {
	from := len(k.data)
	k.data = appendCallbackTrace(k.data, k.Source.ID, o, waitID)
	k.traces[0] = gateway.Trace{
		Tenant: k.Source.Tenant.ID, Key: k.Key, At: k.Taken.ReceivedAt, Kind: "callback", ID: k.Taken.ID, Data: k.data[from:],
	}
	k.change.Traces = k.traces[:1]
}

func (k *taking) traceWait(w *gateway.Wait) {
	from := len(k.data)
	k.data = appendWaitTrace(k.data, w)
	k.traces[1] = waitTrace(w, k.data[from:])
	k.change.Traces = k.traces[:2]
}

// judge reads the callback by a wait's own rules, or by those of its source
// (nil). The verdict's variables last until the next one.
func (k *taking) judge(own *mapping.Program) (v verdict) {
	if own == nil {
		v = decide(&k.Source.Plan.Rules, k.Received.Values, k.variables[:0])
	} else {
		v = reread(own, &k.Received, k.variables[:0])
	}
	k.variables = v.variables
	return v
}

// parked is what the store keeps of a callback that came before its wait.
func (c *Callback) parked() *gateway.Parked {
	p := &gateway.Parked{
		Tenant: c.Source.Tenant.ID, Source: c.Source.ID, Key: c.Key, Expires: c.Taken.ReceivedAt.Add(c.Source.EarlyTTL),
		Marks: []gateway.MarkKey{c.Mark}, Window: c.Source.Window, Callback: c.Taken,
	}
	p.Kind = uint8(c.Received.Document.Body)
	p.Header, p.Query = c.Received.Keep()
	return p
}
