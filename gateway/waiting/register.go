package waiting

import (
	"time"

	"hookgate/gateway"
)

// register writes the wait, open or already resumed, and tells the registry.
func (o *opening) register() done {
	s, w, change := o.sessions, o.change.Wait, o.change
	if o.With != nil {
		if more := o.With(w.ID); more != nil {
			o.changes = append(o.changes, more)
		}
	}
	change.Traces = append(change.Traces, w.Line())
	if o.early != nil {
		change.Notice = s.outcomes.notice(w)
	}
	s.history.reach(w.Tenant, w.CreatedAt)
	if o.outcome = s.journal.commit(w.Tenant, o.changes...); o.outcome != nil {
		return o.fail(o.outcome)
	}
	o.opened.Wait = w
	opened := gateway.WaitHappened(w)
	opened.AtOnce = o.early != nil
	s.options.Observer.Happened(opened) // before anybody can find it and end it
	if o.early != nil {
		o.room.parking.leave(o.early)
		s.outcomes.wake(change)
		s.options.Observer.Taken(w.Tenant, w.Source)
		return true
	}
	e := newSession(o.room, w, o.began.Add(o.Timeout))
	e.place, o.place = o.place, place{}
	if !o.room.enter(e) {
		return o.fail(errGone)
	}
	s.expirer.add(&e.expiry)
	return true
}

func (o *opening) wait(now time.Time) *gateway.Wait {
	w := &gateway.Wait{
		ID: gateway.NewID(gateway.PrefixWait, now), Tenant: o.Source.Tenant.ID, Source: o.Source.ID,
		ConversationKey: o.Key, State: gateway.StateWaiting, Context: o.Context, Mode: o.Mode, Span: o.Span,
		OwnMatch: o.Match, OwnVariables: o.Variables, CreatedAt: stamp(now), ExpiresAt: stamp(now.Add(o.Timeout)),
	}
	for _, key := range o.names {
		if key != o.Key {
			w.Aliases = append(w.Aliases, key)
		}
	}
	return w
}
