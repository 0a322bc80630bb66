package waiting

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// room is where it is decided who acts on the conversations of one tenant. Its lock
// guards what is in memory only: it is never held while the store works.
type room struct {
	tenant  string
	slot    gateway.Slot
	house   *house
	parking parking

	mu       sync.Mutex
	closed   error // why nobody gets a turn here any more; nil: everybody does
	turns    turns
	sessions registry
	renaming uint64 // counts what changed the names of a conversation
	holder   *shares.Holder
}

func newRoom(tenant string, h *house) *room {
	return &room{
		tenant: tenant, slot: gateway.SlotOf(tenant), house: h, parking: newParking(tenant, h), turns: newTurns(), sessions: newRegistry(),
	}
}

// acquire takes the turn on names and on mark (nil: none). Where an open session
// has one of them, the turn spans all names of that session too.
func (r *room) acquire(ctx context.Context, t *turn, names []name, mark *gateway.MarkKey) error {
	err := r.await(ctx, func() *turn {
		t.names, t.session = r.sessions.span(names)
		return r.turns.blocking(t.names, mark)
	})
	if err != nil {
		return err
	}
	r.turns.begin(t, mark)
	r.mu.Unlock()
	return nil
}

// acquireMany is acquire for many names and marks.
func (r *room) acquireMany(ctx context.Context, t *turn, names []name, marks []gateway.MarkKey) error {
	err := r.await(ctx, func() *turn {
		t.names = r.sessions.spanMany(names)
		if other := r.turns.blocking(t.names, nil); other != nil {
			return other
		}
		return r.turns.blockingMarks(marks)
	})
	if err != nil {
		return err
	}
	r.turns.beginMarked(t, marks)
	r.mu.Unlock()
	return nil
}

// acquireAll takes the turn on keys at every source, all or none, and on mark (nil:
// none); and on all other names of the sessions that are open under one of them.
func (r *room) acquireAll(ctx context.Context, t *turn, keys []string, mark *gateway.MarkKey) error {
	var all map[string]bool
	err := r.await(ctx, func() *turn {
		all = r.sessions.reach(keys)
		return r.turns.blockingAll(all, mark)
	})
	if err != nil {
		return err
	}
	t.keys, t.names = all, make([]name, 0, len(all))
	for key := range all {
		t.names = append(t.names, name{everywhere, key})
	}
	r.turns.begin(t, mark)
	r.mu.Unlock()
	return nil
}

// await looks again and again who has what is wanted, until nobody has it. It holds the
// lock then, and while blocking looks; after an error it does not.
func (r *room) await(ctx context.Context, blocking func() *turn) error {
	r.mu.Lock()
	for {
		if err := r.closed; err != nil {
			r.mu.Unlock()
			return err
		}
		other := blocking()
		if other == nil {
			return nil
		}
		finished := other.over()
		r.mu.Unlock()
		select {
		case <-finished:
		case <-ctx.Done():
			return ctx.Err()
		}
		r.mu.Lock()
	}
}

// tryAcquire takes the turn on a session's names if nobody has it; else it notes
// that the session is overdue, and whoever has the turn will say so at its end.
func (r *room) tryAcquire(t *turn, e *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.final != nil || r.closed != nil {
		return false
	}
	if r.turns.blocking(e.names, nil) != nil {
		e.overdue = true
		return false
	}
	t.names, t.session = e.names, e
	r.turns.begin(t, nil)
	return true
}

// release gives the turn back. A session that became overdue meanwhile, and is
// still open, is handed to the expirer again.
func (r *room) release(t *turn) {
	var overdue []*session
	note := func(e *session) {
		if e != nil && e.overdue {
			e.overdue, overdue = false, append(overdue, e)
		}
	}
	r.mu.Lock()
	r.turns.end(t)
	for _, n := range t.names {
		note(r.sessions.open[n])
	}
	if t.keys != nil {
		for _, e := range r.sessions.under(t.keys) {
			note(e)
		}
	}
	r.mu.Unlock()
	for _, e := range overdue {
		r.house.expirer.add(&e.expiry)
	}
}

// renames counts the conversations of this tenant that got other names.
func (r *room) renames() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.renaming
}

func (r *room) renamed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.renaming++
}

// holding gives one holder for all waits of a room: a million waits need not keep
// one each.
func (r *room) holding(now shares.Holder) *shares.Holder {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder == nil || !r.holder.Is(now) {
		kept := now
		r.holder = &kept
	}
	return r.holder
}

// clear ends everything in a room whose tenant is no more. Its waits are gone
// from the store, so those who hold one are told that it was cancelled.
func (r *room) clear(now time.Time) {
	r.close(errGone)
	for _, e := range r.all() {
		r.finish(e, endedWithout(e.now(), gateway.StateCancelled, gateway.ReasonCancelled, now))
	}
	r.parking.clear()
}
