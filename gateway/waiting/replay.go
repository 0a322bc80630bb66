package waiting

import (
	"time"

	"hookgate/gateway"
)

// replay answers a repeated Idempotency-Key with the wait it opened first.
func (o *opening) replay() done {
	if o.mark == nil {
		return false
	}
	s, tenant := o.sessions, o.Source.Tenant.ID
	m, found, err := s.options.Ledger.Mark(tenant, *o.mark, gateway.OutcomeKept)
	if !found || err != nil {
		return o.fail(err)
	}
	if m.Sum != o.Sum {
		return o.fail(gateway.Errorf(gateway.CodeIdempotencyKeyReused, "this Idempotency-Key was used with another body"))
	}
	w, err := s.Get(tenant, m.WaitID)
	o.opened.Wait, o.opened.Replayed = w, err == nil
	o.err = err
	return true
}

// replay answers what can be known by an id of its own, and was taken before, as it was
// answered then.
func (k *taking) replay() done {
	if !k.Strong {
		return false
	}
	return k.repeated()
}

// repeated looks for the mark of the same callback.
func (k *taking) repeated() done {
	m, found, err := known(k, k.Mark, k.Source.Window)
	if !found || err != nil {
		return k.fail(err)
	}
	if k.loops(&m) {
		return false
	}
	if k.Key != "" {
		k.refuse(gateway.OutcomeDuplicate, m.WaitID)
	}
	k.taken = Taken{Outcome: gateway.OutcomeDuplicate, CallbackID: m.CallbackID, WaitID: m.WaitID}
	return true
}

// known looks for a mark: in the store, or among those that wait to be stored with it.
func known(k *taking, key gateway.MarkKey, window time.Duration) (m gateway.Mark, found bool, err error) {
	if k.batch != nil {
		if m, found = k.batch.marks[key]; found {
			return m, true, nil
		}
	}
	return k.sessions.options.Ledger.Mark(k.Source.Tenant.ID, key, window)
}

// loops says whether a callback that is known by what was received alone is the next of a
// flow that loops, and no repeat: the wait that its mark was made for has ended, and its
// source waits again (SPEC 15). The mark of one that is still parked has no wait.
func (k *taking) loops(m *gateway.Mark) bool {
	return !k.Strong && k.Source.Again && m.WaitID != ""
}
