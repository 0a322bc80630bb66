package waiting

import (
	"context"
	"slices"
	"time"

	"hookgate/gateway"
)

// watcher looks on until a wait has ended. It is a view on the wait, and nothing
// of its own: no goroutine, no timer.
type watcher struct {
	done func(*gateway.Wait, error)
}

// overdueWatch is how long after the deadline those who watch are told that the
// end of their wait cannot be written: then the store is in trouble.
const overdueWatch = 2 * time.Second

// Watch gives a wait that has ended. Else it gives the open wait, and tells done,
// once, how it ends: with the wait, or with an error when this process stops or
// cannot write the end. done must return at once. stop takes the watch back, and
// says whether done will not be called any more; it is nil for an ended wait.
func (s *Sessions) Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (
	w *gateway.Wait, stop func() bool, err error,
) {
	e, w, err := s.find(ctx, tenant, id)
	if e == nil {
		return w, nil, err
	}
	x := &watcher{done}
	r := e.room
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case e.final != nil:
		return e.final, nil, nil
	case s.draining.Load():
		return nil, nil, errDraining
	}
	e.watchers = append(e.watchers, x)
	return e.wait, func() bool { return r.unwatch(e, x) }, nil
}

func (r *room) unwatch(e *session, x *watcher) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(e.watchers, x)
	if i >= 0 {
		e.watchers = slices.Delete(e.watchers, i, i+1)
	}
	return i >= 0
}

// takeWatchers gives the watchers away; the lock is held.
func (e *session) takeWatchers() (all []*watcher) {
	all, e.watchers = e.watchers, nil
	return all
}

// sendAway tells those who watch a session that it goes on without them.
func (r *room) sendAway(e *session, why error) {
	r.mu.Lock()
	all := e.takeWatchers()
	r.mu.Unlock()
	for _, x := range all {
		x.done(nil, why)
	}
}

// Drain sends those who watch away, and lets nobody watch any more: their waits
// stay open in the store.
func (s *Sessions) Drain() {
	if s.draining.Swap(true) {
		return
	}
	s.mu.RLock()
	rooms := make([]*room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.RUnlock()
	for _, r := range rooms {
		for _, e := range r.sessions() {
			r.sendAway(e, errDraining)
		}
	}
}

// sessions gives the open sessions.
func (r *room) sessions() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*session, 0, len(r.ids))
	for _, e := range r.ids {
		all = append(all, e)
	}
	return all
}
