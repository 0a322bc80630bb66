package waiting

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// Looked says what Take would make of a callback now. Nothing was changed, and by the time
// that it is read another may have been taken.
type Looked struct {
	Taken
	Match   string
	Branch  gateway.Branch
	Fits    bool
	NoMatch string // why it fits nothing
	Lacks   string // why a required variable is missing
}

// Look says what Take would make of a callback, and only reads. Where wait is not "", its
// rules are those that count.
func (s *Sessions) Look(c *Callback, wait string) (Looked, error) {
	k := newTaking(s, c)
	defer k.free()
	l := &looking{taking: k}
	names := *s.names
	names.freshen = func(string, string) {}
	l.known = &names
	if err := l.find(wait); err != nil {
		return Looked{}, err
	}
	if err := l.judge(); err != nil {
		return Looked{}, err
	}
	o, err := l.decide()
	l.out.Taken.Outcome = o
	return l.out, err
}

// looking is a Look on its way.
type looking struct {
	*taking
	known   *names
	wait    *gateway.Wait // whose rules count; nil: the source's
	open    bool          // it is
	out     Looked
	refused error
}

// find finds the wait that the callback is for.
func (l *looking) find(wait string) (err error) {
	s, tenant := l.sessions, l.Source.Tenant.ID
	if l.names = nil; l.Key != "" {
		if l.names, err = l.known.of(tenant, l.Key); err != nil {
			return err
		}
	}
	l.room = s.rooms.peek(tenant)
	if l.room != nil && l.Key != "" {
		e, err := l.known.session(l.room, l.at())
		if err != nil {
			return err
		}
		if e != nil && nowBefore(e.deadline) && l.room.finalOf(e) == nil {
			l.wait, l.open = e.now(), true
		}
	}
	if wait == "" || l.open && l.wait.ID == wait {
		return nil
	}
	if ended, err := s.options.Ledger.Wait(tenant, wait); err == nil && ended.Source == l.Source.ID {
		l.wait = ended
	} else if err != nil && !errors.Is(err, gateway.ErrNotFound) {
		return err
	}
	return nil
}

// judge reads the callback by the rules that count, and says why they do not fit.
func (l *looking) judge() error {
	rules, match, v := &l.Source.Plan.Rules, l.Source.Spec.Match, l.Received.Values
	if l.wait != nil {
		own, err := l.sessions.rules.of(l.wait, l.Source)
		if err != nil {
			return err
		}
		if own != nil {
			v = values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
			defer values.Put(v)
			defer v.Release()
			own.Set.ReadAfter(l.Received.Document, v, l.Received.Values)
			l.Received.at(v)
			rules = &own.Rules
			decodeList("match", l.wait.OwnMatch, &match)
		}
	}
	found := decide(rules, v, nil)
	if l.refused = found.refused; errors.Is(found.refused, mapping.ErrBusy) {
		return found.refused
	}
	l.out.Fits = found.fits
	fit, fits := rules.Fit(v)
	switch {
	case !fits && v.Err() == nil:
		l.out.NoMatch = rules.Why(match, v)
	case fits:
		l.out.Match, l.out.Branch = fit.Name, fit.Branch
	}
	var missing mapping.MissingVariable
	switch {
	case found.fits:
		l.out.Variables = found.variables
	case errors.As(found.refused, &missing):
		l.out.Taken.Variable = string(missing)
		for _, e := range rules.Explain(v, fit) {
			if e.Name == string(missing) {
				l.out.Lacks = "the variable " + e.Name + " (path " + e.Path + "): " + e.Problem
			}
		}
	}
	return nil
}

// decide goes the way of Take.
func (l *looking) decide() (gateway.Outcome, error) {
	if l.open {
		l.out.WaitID = l.wait.ID
	}
	if l.Strong || !l.open && l.Key != "" {
		m, found, err := known(l.taking, l.Mark, l.Source.Window)
		if err != nil {
			return "", err
		}
		if found && !l.loops(&m) {
			l.out.CallbackID, l.out.WaitID = m.CallbackID, m.WaitID
			return gateway.OutcomeDuplicate, nil
		}
	}
	if o := l.unfit(); o != "" || l.open {
		if o == "" {
			o = gateway.OutcomeResumed
		}
		return o, nil
	}
	return l.early()
}

// unfit is the outcome of a callback that rules refuse, or that has no key; "" for others.
func (l *looking) unfit() gateway.Outcome {
	var missing mapping.MissingVariable
	switch {
	case errors.Is(l.refused, mapping.ErrTooComplex):
		return gateway.OutcomeTooComplex
	case l.Key == "" && (l.out.NoMatch != "" || l.Source.Keyless):
		return gateway.OutcomeIgnored
	case l.Key == "":
		return gateway.OutcomeKeyMissing
	case l.out.NoMatch != "":
		return gateway.OutcomeIgnored
	case errors.As(l.refused, &missing):
		return gateway.OutcomeVariableMissing
	case errors.Is(l.refused, mapping.ErrVariablesTooLarge):
		return gateway.OutcomeVariablesTooLarge
	}
	return ""
}

// early is the outcome of a callback that no open wait is there for.
func (l *looking) early() (gateway.Outcome, error) {
	src := l.Source
	if !src.Again {
		ended, found, err := l.sessions.lastEnded(src.Tenant.ID, src.ID, l.names)
		if err != nil {
			return "", err
		}
		if found {
			l.out.WaitID = ended.WaitID
			if ended.State == gateway.StateResumed {
				return gateway.OutcomeAlreadyResumed, nil
			}
			return gateway.OutcomeLate, nil
		}
	}
	switch {
	case src.EarlyTTL == 0:
		return gateway.OutcomeNoWaitingSession, nil
	case l.room != nil && l.room.parking.full(src.ID, src.EarlyMax):
		return gateway.OutcomeRateLimited, nil
	}
	return gateway.OutcomeParked, nil
}
