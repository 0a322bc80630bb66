package waiting

import (
	"context"

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
	defer r.release(t)
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
