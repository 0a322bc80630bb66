package waiting

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// late answers a callback whose wait has ended, where its source does not wait again.
func (k *taking) late() done {
	if k.Source.Again {
		return false
	}
	s, tenant := k.sessions, k.Source.Tenant.ID
	if k.names == nil { // its wait was there a moment ago, and ended by its deadline
		var err error
		if k.names, err = s.names.of(tenant, k.Key); err != nil {
			return k.fail(err)
		}
	}
	ended, found, err := k.lastEnded()
	if !found || err != nil {
		return k.fail(err)
	}
	k.taken.WaitID = ended.WaitID
	switch {
	case ended.State == gateway.StateResumed:
		return k.refuses(gateway.OutcomeAlreadyResumed)
	case k.Source.Tenant.Platform == nil:
		return k.refuses(gateway.OutcomeLate)
	}
	return k.noticeLate(ended)
}

// noticeLate tells the platform of a late callback, once for each distinct one.
func (k *taking) noticeLate(ended gateway.Ended) done {
	s, tenant := k.sessions, k.Source.Tenant.ID
	key := gateway.NewMarkKey(gateway.MarkLate, k.Mark[:])
	_, told, err := known(k, key, gateway.OutcomeKept)
	if err != nil {
		return k.fail(err)
	}
	if told {
		return k.refuses(gateway.OutcomeLate)
	}
	wait, err := s.options.Ledger.Wait(tenant, ended.WaitID)
	if err != nil {
		return k.fail(err)
	}
	variables, err := k.variablesFor(wait)
	if err != nil {
		return k.fail(err)
	}
	now := s.options.Now()
	k.marks[0] = gateway.Mark{
		Tenant: tenant, Key: key, CallbackID: k.Taken.ID, WaitID: wait.ID, Expires: now.Add(gateway.OutcomeKept),
	}
	k.change.Marks = k.marks[:]
	k.trace(gateway.OutcomeLate, wait.ID)
	k.change.Notice = gateway.LateNotice(wait, &k.Taken, variables, now).Led(k.Span)
	return k.decided(gateway.OutcomeLate)
}

// variablesFor gives what the rules of a wait that has ended make of the callback; those
// of its source have made theirs.
func (k *taking) variablesFor(wait *gateway.Wait) (gateway.Raw, error) {
	if wait.OwnMatch == nil && wait.OwnVariables == nil {
		return k.variables, nil
	}
	rules, err := k.sessions.rules.of(wait, k.Source)
	if err != nil {
		return k.variables, nil
	}
	v := k.judge(rules)
	if errors.Is(v.refused, mapping.ErrBusy) {
		return nil, v.refused
	}
	return v.variables, nil // none, where they would be too large: the callback is late all the same
}

// lastEnded tells of the last wait of the callback's conversation that ended.
func (k *taking) lastEnded() (last gateway.Ended, found bool, err error) {
	last, found, err = k.sessions.lastEnded(k.Source.Tenant.ID, k.Source.ID, k.names)
	if k.batch == nil || err != nil {
		return last, found, err
	}
	if here, ends := k.batch.lastEnded(k); ends && (!found || later(here, last)) {
		return here, true, nil
	}
	return last, found, nil
}

// lastEnded tells of the last wait that ended at a source under any of the names
// of one conversation.
func (s *Sessions) lastEnded(tenant, source string, names []string) (last gateway.Ended, found bool, err error) {
	for _, key := range names {
		e, known, err := s.options.Ledger.Ended(tenant, source, key)
		if err != nil {
			return last, false, err
		}
		if known && (!found || later(e, last)) {
			last, found = e, true
		}
	}
	return last, found, nil
}

func later(a, b gateway.Ended) bool {
	if a.EndedAt.Equal(b.EndedAt) {
		return a.WaitID > b.WaitID
	}
	return a.EndedAt.After(b.EndedAt)
}
