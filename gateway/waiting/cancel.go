package waiting

import (
	"context"

	"hookgate/gateway"
)

// Cancel ends an open wait without a callback. It gives the wait as it ended;
// one that had ended before is an error with its code wait_ended.
func (s *Sessions) Cancel(ctx context.Context, tenant, id, reason string) (w *gateway.Wait, err error) {
	err = s.whileOpen(ctx, tenant, id, func(r *room, e *session) error {
		if err := s.end(r, e, gateway.StateCancelled, reason); err != nil {
			return err
		}
		w = r.finalOf(e)
		return nil
	})
	return w, err
}

// whileOpen does something to an open wait, with the turn on its conversation. One that
// had ended before, or whose deadline has passed, is an error with the code wait_ended.
func (s *Sessions) whileOpen(ctx context.Context, tenant, id string, do func(*room, *session) error) error {
	e, w, err := s.find(ctx, tenant, id)
	if err != nil {
		return err
	}
	if e == nil {
		return errEnded(w)
	}
	r := e.room
	t := &turn{}
	if err := r.acquire(ctx, t, e.names, nil); err != nil {
		return err
	}
	defer r.release(t)
	if final := r.finalOf(e); final != nil {
		return errEnded(final)
	}
	if open, err := s.inTime(r, e); err != nil {
		return err
	} else if open == nil {
		return errEnded(r.finalOf(e))
	}
	return do(r, e)
}

// errEnded says why nothing can be done to a wait any more.
func errEnded(w *gateway.Wait) error {
	return gateway.Errorf(gateway.CodeWaitEnded, "the wait has ended already: %s", w.State)
}
