package waiting

import (
	"bytes"
	"time"

	"hookgate/gateway"
)

// inTime gives the session back unless its deadline has passed: then it ends
// here, for the timer may be late but a deadline is not. The turn is held.
func (s *Sessions) inTime(r *room, e *session) (*session, error) {
	if e == nil || nowBefore(e.until()) {
		return e, nil
	}
	return nil, s.end(r, e, gateway.StateTimedOut, gateway.ReasonTimeout)
}

// end ends an open session without a callback, durably. The turn is held.
func (s *Sessions) end(r *room, e *session, state gateway.WaitState, reason string) error {
	final := endedWithout(e.now(), state, reason, s.options.Now())
	change := s.outcomes.change(final)
	if err := s.journal.commit(r.tenant, change); err != nil {
		return err
	}
	r.finish(e, final)
	s.outcomes.wake(change)
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

// stamp is a moment as it is stored and shown: UTC, milliseconds.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
