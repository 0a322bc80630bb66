package waiting

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// matcher gives open waits what was parked for them.
type matcher struct {
	ledger   Ledger
	rules    *rules
	outcomes *outcomes
	source   func(tenant, source string) *directory.Source
	now      func() time.Time
}

// meeting is an open session and the parked callback that ends it.
type meeting struct {
	session *session
	early   *parked
	change  *gateway.Change
}

// meet gives each session that is open for a conversation the oldest callback that
// fits it, of those parked under another name; but what has met before is out of the
// question. Whoever calls it has the turn on all of the names, at every source.
func (s *matcher) meet(r *room, names []string, before []meeting) (found []meeting, err error) {
	found = before
	defer func() { found = found[len(before):] }()
	for _, source := range r.parking.sources(names) {
		src := s.source(r.tenant, source)
		if src == nil {
			continue
		}
		at := make([]name, 0, len(names))
		for _, key := range names {
			at = append(at, name{source, key})
		}
		for _, e := range r.openAt(at) {
			if !slices.Contains(names, e.wait.ConversationKey) || !nowBefore(e.until()) || hasMet(found, e) {
				continue
			}
			own, err := s.rules.of(e.wait, src)
			if err != nil {
				continue // they were compiled when it was opened: its source has changed since
			}
			change := &gateway.Change{Wait: e.now()}
			early, err := s.takeParked(r, src, own, r.leaving(at, e), change, found)
			if err != nil {
				return found, err
			}
			if early == nil {
				continue
			}
			change.Traces = append(change.Traces, change.Wait.Line())
			change.Notice = s.outcomes.notice(change.Wait)
			found = append(found, meeting{e, early, change})
		}
	}
	return found, nil
}

func hasMet(found []meeting, e *session) bool {
	return slices.ContainsFunc(found, func(m meeting) bool { return m.session == e })
}

// met tells the registry of a meeting that is durable.
func (r *room) met(m meeting) {
	r.parking.leave(m.early)
	r.finish(m.session, m.change.Wait)
}

// meet lets a parked callback end the wait in the moment it opens, and waits that are open
// at other sources end by what meets them by the names that it brings.
func (o *opening) meet() (last done) {
	s := o.sessions
	o.began = time.Now()
	w := o.wait(s.options.Now())
	if o.Answers && w.Mode == gateway.ModeNotify && s.outcomes.withhold != nil {
		o.opened.Answered = s.outcomes.unanswered(w)
	}
	o.change = &gateway.Change{Wait: w}
	if o.mark != nil {
		o.change.Marks = append(o.change.Marks, gateway.Mark{
			Tenant: w.Tenant, Key: *o.mark, WaitID: w.ID, Sum: o.Sum, Expires: w.CreatedAt.Add(gateway.OutcomeKept),
		})
	}
	o.changes = []*gateway.Change{o.change}
	early, err := s.matcher.takeParked(o.room, o.Source, o.rules, o.at, o.change, nil)
	if err == nil && o.learning != nil {
		if err = o.learnOf(early); err == nil {
			err = o.learning.conclude()
		}
		o.changes = append(o.changes, o.learning.changes...)
	}
	o.early = early
	return o.fail(err)
}

// judgedTimes is how many times the work of one callback may be spent on all that are
// parked, when a wait opens: what is left over stays parked, and can be taken by the
// next wait, until its time is over.
const judgedTimes = 10

// takeParked lets the oldest parked callback that fits end the wait of a change;
// nil is none. Those that others take now are out of the question. The turn on the
// names is held.
func (s *matcher) takeParked(
	r *room, src *directory.Source, own *mapping.Program, names []name, change *gateway.Change, others []meeting,
) (*parked, error) {
	w, now := change.Wait, time.Now()
	var spent time.Duration
	for early := r.parking.next(names, 0); early != nil; early = r.parking.next(names, early.order) {
		if !now.Before(early.at) || slices.ContainsFunc(others, func(m meeting) bool { return m.early == early }) {
			continue
		}
		if spent > judgedTimes*src.Mapping.Work {
			break
		}
		record, err := s.ledger.Parked(w.Tenant, early.id)
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
		change.Wait = resumed(w, v, record.Callback, s.now())
		change.Unpark = record
		for _, key := range record.Marks {
			change.Marks = append(change.Marks, gateway.Mark{
				Tenant: w.Tenant, Key: key, CallbackID: early.id, WaitID: w.ID,
				Expires: record.Callback.ReceivedAt.Add(record.Window),
			})
		}
		change.Callbacks = append(change.Callbacks, gateway.Callback{
			ID: early.id, Tenant: w.Tenant, Source: src.ID, Outcome: gateway.OutcomeResumed,
			ConversationKey: record.Key, WaitID: w.ID, ReceivedAt: record.Callback.ReceivedAt,
		})
		return early, nil
	}
	return nil, nil
}
