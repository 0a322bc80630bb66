package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
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

// Take gives a callback to the wait it fits, or parks it, or says why neither
// can be. All that its answer promises is durable when it returns without error.
func (s *Sessions) Take(c *Callback) (Taken, error) {
	r := s.room(c.Source.Tenant.ID)
	var mark *gateway.MarkKey
	if c.Strong {
		mark = &c.Mark
	}
	t := &turn{}
	names := t.one[:0]
	if c.Key != "" {
		names = append(names, name{c.Source.ID, c.Key})
	}
	if err := r.acquire(background, t, names, mark); err != nil {
		return Taken{}, err
	}
	defer r.release(s, t)
	if c.Strong {
		if taken, found, err := s.repeated(c); found || err != nil {
			return taken, err
		}
	}
	if c.Key == "" {
		return Taken{Outcome: gateway.OutcomeKeyMissing, CallbackID: c.Taken.ID}, nil
	}
	e, err := s.inTime(r, t.session)
	if err != nil {
		return Taken{}, err
	}
	if e != nil {
		return s.resume(r, e, c)
	}
	return s.takeEarly(r, c)
}

// repeated looks for the mark of the same callback.
func (s *Sessions) repeated(c *Callback) (Taken, bool, error) {
	m, found, err := s.Store.Mark(c.Source.Tenant.ID, c.Mark, c.Source.Window)
	if !found || err != nil {
		return Taken{}, false, err
	}
	if c.Key != "" {
		s.refuse(c, gateway.OutcomeDuplicate, m.WaitID)
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
func (s *Sessions) resume(r *room, e *session, c *Callback) (Taken, error) {
	rules, err := s.rulesOf(e.wait, c.Source)
	if err != nil {
		return Taken{}, err
	}
	v := judge(rules, c.Source, c.Received)
	taken := Taken{CallbackID: c.Taken.ID, WaitID: e.wait.ID}
	switch {
	case !v.fits:
		taken.Outcome = gateway.OutcomeIgnored
		return taken, s.ignore(c, e.wait.ID)
	case v.missing != "":
		taken.Outcome, taken.Variable = gateway.OutcomeVariableMissing, v.missing
		s.refuse(c, taken.Outcome, e.wait.ID)
		return taken, nil
	}
	final := resumed(e.wait, v, c.Taken, time.Now())
	change := &gateway.Change{
		Wait:   final,
		Marks:  []gateway.Mark{c.newMark(final.ID, c.Source.Window)},
		Traces: []gateway.Trace{waitTrace(final), callbackTrace(c, gateway.OutcomeResumed, final.ID)},
		Notice: endNotice(final),
	}
	if err := s.commit(change); err != nil {
		return Taken{}, err
	}
	r.finish(s, e, final)
	taken.Outcome = gateway.OutcomeResumed
	return taken, nil
}

// takeEarly deals with a callback that no open wait is there for. The turn is held.
func (s *Sessions) takeEarly(r *room, c *Callback) (Taken, error) {
	if !c.Strong { // a fingerprint counts only while no wait is open
		if taken, found, err := s.repeated(c); found || err != nil {
			return taken, err
		}
	}
	taken := Taken{CallbackID: c.Taken.ID}
	v := judge(nil, c.Source, c.Received)
	if !v.fits {
		taken.Outcome = gateway.OutcomeIgnored
		return taken, s.ignore(c, "")
	}
	if v.missing != "" {
		taken.Outcome, taken.Variable = gateway.OutcomeVariableMissing, v.missing
		s.refuse(c, taken.Outcome, "")
		return taken, nil
	}
	if !c.Source.Again {
		ended, found, err := s.lastEnded(c.Source.Tenant.ID, c.Source.ID, c.Key)
		if err != nil {
			return Taken{}, err
		}
		if found {
			return s.tooLate(c, ended, v.variables)
		}
	}
	return s.park(r, c)
}

// tooLate answers a callback whose wait has ended.
func (s *Sessions) tooLate(c *Callback, ended gateway.Ended, variables gateway.Raw) (Taken, error) {
	taken := Taken{CallbackID: c.Taken.ID, WaitID: ended.WaitID, Outcome: gateway.OutcomeLate}
	if ended.State == gateway.StateResumed {
		taken.Outcome = gateway.OutcomeAlreadyResumed
	} else if c.Source.Tenant.Platform != nil {
		return taken, s.noticeLate(c, ended, variables)
	}
	s.refuse(c, taken.Outcome, ended.WaitID)
	return taken, nil
}

// noticeLate tells the platform of a late callback, once for each distinct one.
func (s *Sessions) noticeLate(c *Callback, ended gateway.Ended, variables gateway.Raw) error {
	tenant := c.Source.Tenant.ID
	key := gateway.NewMarkKey(gateway.MarkLate, c.Mark[:])
	_, told, err := s.Store.Mark(tenant, key, gateway.OutcomeKept)
	if err != nil {
		return err
	}
	if told {
		s.refuse(c, gateway.OutcomeLate, ended.WaitID)
		return nil
	}
	wait, err := s.Store.Wait(tenant, ended.WaitID)
	if err != nil {
		return err
	}
	if wait.OwnMatch != nil || wait.OwnVariables != nil {
		if rules, err := s.rulesOf(wait, c.Source); err == nil {
			variables = judge(rules, c.Source, c.Received).variables
		}
	}
	now := time.Now()
	return s.commit(&gateway.Change{
		Marks: []gateway.Mark{{
			Tenant: tenant, Key: key, CallbackID: c.Taken.ID, WaitID: wait.ID, Expires: now.Add(gateway.OutcomeKept),
		}},
		Traces: []gateway.Trace{callbackTrace(c, gateway.OutcomeLate, wait.ID)},
		Notice: gateway.LateNotice(wait, &c.Taken, variables, now),
	})
}

// park keeps a callback until its session waits, or its time is over.
func (s *Sessions) park(r *room, c *Callback) (Taken, error) {
	src := c.Source
	taken := Taken{CallbackID: c.Taken.ID}
	if src.EarlyTTL == 0 {
		taken.Outcome = gateway.OutcomeNoWaitingSession
		s.refuse(c, taken.Outcome, "")
		return taken, nil
	}
	if !r.reserve(src.ID, src.EarlyMax) {
		taken.Outcome, taken.RetryAfter = gateway.OutcomeRateLimited, 5*time.Second
		s.refuse(c, taken.Outcome, "")
		return taken, nil
	}
	until := time.Now().Add(src.EarlyTTL)
	err := s.commit(&gateway.Change{
		Park: c.parked(),
		// Until a wait takes it, its mark ends with its parking.
		Marks:  []gateway.Mark{c.newMark("", src.EarlyTTL)},
		Traces: []gateway.Trace{callbackTrace(c, gateway.OutcomeParked, "")},
	})
	if err != nil {
		r.unreserve(src.ID)
		return Taken{}, err
	}
	r.parkReserved(s, &parked{id: c.Taken.ID, name: name{src.ID, c.Key}, until: until})
	taken.Outcome = gateway.OutcomeParked
	return taken, nil
}

// ignore remembers a callback that fits nothing: it was answered for good.
func (s *Sessions) ignore(c *Callback, waitID string) error {
	return s.commit(&gateway.Change{
		Marks:  []gateway.Mark{c.newMark(waitID, c.Source.Window)},
		Traces: []gateway.Trace{callbackTrace(c, gateway.OutcomeIgnored, waitID)},
	})
}

// refuse leaves a line in the timeline. Nothing was promised, so an error of the
// store is not the sender's business.
func (s *Sessions) refuse(c *Callback, o gateway.Outcome, waitID string) {
	_ = s.Store.Commit(&gateway.Change{Refused: true, Traces: []gateway.Trace{callbackTrace(c, o, waitID)}})
}

func (c *Callback) newMark(waitID string, kept time.Duration) gateway.Mark {
	return gateway.Mark{
		Tenant: c.Source.Tenant.ID, Key: c.Mark, CallbackID: c.Taken.ID, WaitID: waitID,
		Expires: c.Taken.ReceivedAt.Add(kept),
	}
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
