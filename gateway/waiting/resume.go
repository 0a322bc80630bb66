package waiting

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// resume gives the callback to an open wait, if it fits. The turn is held.
func (k *taking) resume() done {
	s, r := k.sessions, k.room
	e, err := s.inTime(r, k.session)
	if e == nil || err != nil {
		return k.fail(err)
	}
	rules, err := s.rules.of(e.wait, k.Source)
	if err != nil {
		return k.fail(err)
	}
	v := k.judge(rules)
	k.taken.WaitID = e.wait.ID
	if v.refused != nil || !v.fits {
		return k.unfit(&v)
	}
	final := resumed(e.now(), v, k.Taken, s.options.Now())
	k.remember(final.ID, k.Source.Window)
	k.trace(gateway.OutcomeResumed, final.ID)
	k.traceWait(final)
	k.change.Wait, k.change.Notice = final, s.outcomes.notice(final).Led(k.Span)
	k.session = e
	return k.decided(gateway.OutcomeResumed)
}

// judge reads the callback by a wait's own rules, or by those of its source
// (nil). The verdict's variables last until the next one.
func (k *taking) judge(own *mapping.Program) (v verdict) {
	switch {
	case own == nil:
		v = decide(&k.Source.Plan.Rules, k.Received.Values, k.variables[:0])
	case k.batch != nil:
		v = k.batch.reread(own, &k.Received, k.variables[:0])
	default:
		v = reread(own, &k.Received, k.variables[:0])
	}
	k.variables = v.variables
	return v
}

// unfit answers a callback that fits nothing, and remembers it: it was answered for
// good. One that rules cannot make variables of is not remembered, and the wait goes on
// waiting.
func (k *taking) unfit(v *verdict) done {
	if v.refused == nil {
		k.remember(k.taken.WaitID, k.Source.Window)
		k.trace(gateway.OutcomeIgnored, k.taken.WaitID)
		return k.decided(gateway.OutcomeIgnored)
	}
	var missing mapping.MissingVariable
	switch why := v.refused; {
	case errors.As(why, &missing):
		k.taken.Variable = string(missing)
		return k.refuses(gateway.OutcomeVariableMissing)
	case errors.Is(why, mapping.ErrVariablesTooLarge):
		return k.refuses(gateway.OutcomeVariablesTooLarge)
	case errors.Is(why, mapping.ErrTooComplex):
		return k.refuses(gateway.OutcomeTooComplex)
	default:
		return k.fail(why)
	}
}
