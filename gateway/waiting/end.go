package waiting

import (
	"bytes"
	"context"
	"time"

	"hookgate/gateway"
)

// Cancel ends an open wait without a callback. It gives the wait as it ended;
// one that had ended before is an error with its code wait_ended.
func (s *Sessions) Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error) {
	e, w, err := s.find(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errEnded(w)
	}
	r := e.room
	t := &turn{}
	if err := r.acquire(ctx, t, e.names, nil); err != nil {
		return nil, err
	}
	defer r.release(s, t)
	if final := r.finalOf(e); final != nil {
		return nil, errEnded(final)
	}
	if open, err := s.inTime(r, e); err != nil {
		return nil, err
	} else if open == nil {
		return nil, errEnded(r.finalOf(e))
	}
	if err := s.end(r, e, gateway.StateCancelled, reason); err != nil {
		return nil, err
	}
	return r.finalOf(e), nil
}

// errEnded says why a wait cannot be cancelled.
func errEnded(w *gateway.Wait) error {
	return gateway.Errorf(gateway.CodeWaitEnded, "the wait has ended already: %s", w.State)
}

// end ends an open session without a callback, durably. The turn is held.
func (s *Sessions) end(r *room, e *session, state gateway.WaitState, reason string) error {
	final := endedWithout(e.wait, state, reason, s.Now())
	change := s.endChange(final)
	if err := s.commit(change); err != nil {
		return err
	}
	r.finish(s, e, final)
	s.wake(change)
	return nil
}

// endedWithout is the wait as it stands when it has ended without a callback.
func endedWithout(w *gateway.Wait, state gateway.WaitState, reason string, at time.Time) *gateway.Wait {
	final := *w
	final.State, final.Branch, final.Reason, final.EndedAt = state, gateway.Failure, reason, stamp(at)
	if state == gateway.StateTimedOut && final.EndedAt.Before(w.ExpiresAt) {
		final.EndedAt = w.ExpiresAt // the wall clock was set back meanwhile; the deadline is kept on another
	}
	return &final
}

// resumed is the wait as it stands when a callback has ended it, in memory of
// its own.
func resumed(w *gateway.Wait, v verdict, c gateway.TakenCallback, at time.Time) *gateway.Wait {
	both := struct {
		wait     gateway.Wait
		callback gateway.TakenCallback
	}{*w, c}
	final := &both.wait
	final.State, final.Branch, final.Match, final.EndedAt = gateway.StateResumed, v.branch, v.match, stamp(at)
	final.Variables, final.Callback = bytes.Clone(v.variables), &both.callback
	return final
}

func (s *Sessions) endChange(final *gateway.Wait) *gateway.Change {
	return &gateway.Change{Wait: final, Traces: []gateway.Trace{waitTrace(final, appendWaitTrace(nil, final))}, Notice: s.endNotice(final)}
}

// endNotice tells the platform of the end of a wait that asked for it.
func (s *Sessions) endNotice(final *gateway.Wait) *gateway.Notice {
	if final.Mode != gateway.ModeNotify {
		return nil
	}
	n := gateway.WaitNotice(final, final.EndedAt)
	if a := s.answeringOf(final.ID); a != nil {
		a.withhold(n.Delivery.ID)
	}
	return n
}

// stamp is a moment as it is stored and shown: UTC, milliseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// lastEnded tells of the last wait that ended at a source under any of the names
// of one conversation.
func (s *Sessions) lastEnded(tenant, source string, names []string) (last gateway.Ended, found bool, err error) {
	for _, key := range names {
		e, known, err := s.Store.Ended(tenant, source, key)
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
