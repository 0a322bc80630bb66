package waiting

import (
	"context"
	"time"

	"hookgate/gateway"
)

// overdueHold is how long after the deadline a hold goes on when the end of its
// wait cannot be written: then the store is in trouble, and who holds is told so.
const overdueHold = 2 * time.Second

// Hold gives a wait when it has ended, or as it stands when ctx is done.
func (s *Sessions) Hold(ctx context.Context, tenant, id string) (*gateway.Wait, error) {
	e, w, err := s.find(ctx, tenant, id)
	if e == nil {
		return w, err
	}
	over := e.room.watch(e)
	overdue := time.NewTimer(time.Until(e.deadline) + overdueHold)
	defer overdue.Stop()
	select {
	case <-over:
		return e.final, nil
	case <-ctx.Done():
		return e.wait, nil
	case <-s.draining:
		return nil, errDraining
	case <-overdue.C:
		return nil, gateway.Unavailable("the end of the wait cannot be written now", 5*time.Second)
	}
}

// watch gives a channel that is closed when the session has ended.
func (r *room) watch(e *session) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.over == nil {
		e.over = make(chan struct{})
		if e.final != nil {
			close(e.over)
		}
	}
	return e.over
}
