package waiting

import (
	"context"

	"hookgate/gateway"
)

// Watch gives a wait that has ended. Else it gives the open wait, and tells done,
// once, how it ends: with the wait, or with an error when this process stops or
// cannot write the end. done must return at once. stop takes the watch back, and
// says whether done will not be called any more; it is nil for an ended wait.
//
// Who watches goes on watching while the slot of the wait is given up and taken back.
func (s *Sessions) Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (
	w *gateway.Wait, stop func() bool, err error,
) {
	for {
		e, w, err := s.find(ctx, tenant, id)
		if e == nil {
			return w, nil, err
		}
		// First it is held, then looked at: whoever ends it looks the other way round.
		stop, err := s.holds.add(e, done)
		final, open := e.room.stands(e)
		switch {
		case err != nil && final != nil:
			return final, nil, nil
		case err != nil:
			return nil, nil, err
		case final == nil && open:
			return e.now(), stop, nil
		case !stop():
			return e.now(), stop, nil // it was told in this very moment
		case final != nil:
			return final, nil, nil
		}
	}
}
