package waiting

import (
	"context"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// name is one key of a conversation at one source.
type name struct{ source, key string }

// session is an open wait. Its wait never changes: an ended one is a copy.
type session struct {
	expiry   // at its deadline, or later when its end could not be written
	wait     *gateway.Wait
	place    place // what it has of the budgets
	names    []name
	deadline time.Time // monotonic
	overdue  bool      // the expirer came while another had the turn

	final    *gateway.Wait // how it ended; nil while it is open
	watchers []*watcher
}

func newSession(r *room, w *gateway.Wait, deadline time.Time) *session {
	e := &session{wait: w, deadline: deadline}
	e.expiry = expiry{at: deadline, room: r, session: e, place: absent}
	e.names = make([]name, 0, 1+len(w.Aliases))
	e.names = append(e.names, name{w.Source, w.ConversationKey})
	for _, alias := range w.Aliases {
		e.names = addName(e.names, name{w.Source, alias})
	}
	return e
}

// parked is what memory keeps of a callback that came before its wait.
type parked struct {
	expiry // when its parking ends
	id     string
	name   name
	gone   bool // it was taken, or its time is over
}

func newParked(r *room, id string, n name, until time.Time) *parked {
	p := &parked{id: id, name: n}
	p.expiry = expiry{at: until, room: r, parked: p, place: absent}
	return p
}

// room holds the sessions of one tenant. Its mutex guards maps only: it is never
// held while the store works.
type room struct {
	tenant string

	mu         sync.Mutex
	gone       bool
	open       map[name]*session // by each of its names
	openOf     map[string]int    // open, by source
	ids        map[string]*session
	early      map[name]*queue
	earlyOf    map[string]int // parked, or about to be, by source
	busy       map[name]*turn
	marks      map[gateway.MarkKey]*turn
	everywhere int    // turns on names at every source
	renaming   uint64 // counts what changed the names of a conversation
	holder     *shares.Holder
}

func newRoom(tenant string) *room {
	return &room{
		tenant: tenant, open: map[name]*session{}, openOf: map[string]int{}, ids: map[string]*session{}, early: map[name]*queue{},
		earlyOf: map[string]int{}, busy: map[name]*turn{}, marks: map[gateway.MarkKey]*turn{},
	}
}

// turn is the right to act on some names, and on one mark, alone.
type turn struct {
	names    []name
	keys     map[string]bool // of a turn at every source; else nil
	mark     gateway.MarkKey
	marked   bool
	session  *session // open under the first of the names that has one
	one      [1]name
	finished chan struct{} // made by the first who waits for it
}

// over gives what closes when the turn is given back. The room's lock is held.
func (t *turn) over() <-chan struct{} {
	if t.finished == nil {
		t.finished = make(chan struct{})
	}
	return t.finished
}

// acquire takes the turn on names and on mark (nil: none). Where an open session
// has one of them, the turn spans all names of that session too.
func (r *room) acquire(ctx context.Context, t *turn, names []name, mark *gateway.MarkKey) error {
	err := r.await(ctx, func() *turn {
		t.names, t.session = r.span(names)
		return r.blocking(t.names, mark)
	})
	if err != nil {
		return err
	}
	r.seize(t, mark)
	r.mu.Unlock()
	return nil
}

// await looks again and again who has what is wanted, until nobody has it. It holds the
// lock then, and while blocking looks; after an error it does not.
func (r *room) await(ctx context.Context, blocking func() *turn) error {
	r.mu.Lock()
	for {
		if r.gone {
			r.mu.Unlock()
			return errGone
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
	if e.final != nil || r.gone {
		return false
	}
	if r.blocking(e.names, nil) != nil {
		e.overdue = true
		return false
	}
	t.names, t.session = e.names, e
	r.seize(t, nil)
	return true
}

// span gives names together with those of every session that has one of them,
// and the session of the first that has one.
func (r *room) span(names []name) (all []name, first *session) {
	if len(names) == 1 {
		if first = r.open[names[0]]; first != nil {
			return first.names, first
		}
		return names, nil
	}
	all = names
	for _, n := range names {
		e := r.open[n]
		if e == nil {
			continue
		}
		if first == nil {
			first = e
			all = slices.Clone(names)
		}
		for _, other := range e.names {
			all = addName(all, other)
		}
	}
	return all, first
}

func addName(names []name, n name) []name {
	for _, have := range names {
		if have == n {
			return names
		}
	}
	return append(names, n)
}

func (r *room) blocking(names []name, mark *gateway.MarkKey) *turn {
	for _, n := range names {
		if t := r.busy[n]; t != nil {
			return t
		}
		if r.everywhere == 0 {
			continue
		}
		if t := r.busy[name{everywhere, n.key}]; t != nil {
			return t
		}
	}
	if mark != nil {
		return r.marks[*mark]
	}
	return nil
}

func (r *room) seize(t *turn, mark *gateway.MarkKey) {
	for _, n := range t.names {
		r.busy[n] = t
	}
	if mark != nil {
		t.mark, t.marked = *mark, true
		r.marks[*mark] = t
	}
}

// release gives the turn back. A session that became overdue meanwhile, and is
// still open, is handed to the expirer again.
func (r *room) release(s *Sessions, t *turn) {
	var overdue []*session
	r.mu.Lock()
	for _, n := range t.names {
		delete(r.busy, n)
		if e := r.open[n]; e != nil && e.overdue {
			e.overdue, overdue = false, append(overdue, e)
		}
	}
	if t.keys != nil {
		r.everywhere--
		for _, e := range r.openUnder(t.keys) {
			if e.overdue {
				e.overdue, overdue = false, append(overdue, e)
			}
		}
	}
	if t.marked {
		delete(r.marks, t.mark)
	}
	if t.finished != nil {
		close(t.finished)
	}
	r.mu.Unlock()
	for _, e := range overdue {
		s.expirer.add(&e.expiry)
	}
}

// register makes a session open under all its names; false where its tenant is no
// more, and the session with it.
func (r *room) register(s *Sessions, e *session) bool {
	w := e.wait
	r.mu.Lock()
	if r.gone {
		r.mu.Unlock()
		s.giveBack(e.place)
		return false
	}
	for _, n := range e.names {
		r.open[n] = e
	}
	r.openOf[w.Source]++
	r.ids[w.ID] = e
	r.mu.Unlock()
	s.Observer.WaitOpened(w.Tenant)
	s.expirer.add(&e.expiry)
	return true
}

// finish takes an ended session out of the registry and tells who holds it.
func (r *room) finish(s *Sessions, e *session, final *gateway.Wait) {
	s.expirer.remove(&e.expiry)
	r.mu.Lock()
	known := r.drop(e, final)
	watchers := e.takeWatchers()
	r.mu.Unlock()
	if !known {
		return
	}
	for _, x := range watchers {
		x.done(final, nil)
	}
	s.giveBack(e.place)
	s.Observer.WaitEnded(final.Tenant, final.Source, final.State, final.EndedAt.Sub(final.CreatedAt))
}

// drop is finish under the lock; it says whether the session was still there.
func (r *room) drop(e *session, final *gateway.Wait) bool {
	if e.final != nil {
		return false
	}
	for _, n := range e.names {
		if r.open[n] == e { // else it is another's: it was strange to this one
			delete(r.open, n)
		}
	}
	if r.openOf[e.wait.Source]--; r.openOf[e.wait.Source] == 0 {
		delete(r.openOf, e.wait.Source)
	}
	delete(r.ids, e.wait.ID)
	e.final = final
	return true
}

// finalOf gives how a session ended; nil while it is open.
func (r *room) finalOf(e *session) *gateway.Wait {
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.final
}

// byID gives an open session.
func (r *room) byID(id string) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ids[id]
}

// clear ends everything in a room whose tenant is no more. Its waits are gone
// from the store, so those who hold one are told that it was cancelled.
func (r *room) clear(s *Sessions) {
	r.mu.Lock()
	r.gone = true
	var early []*parked
	for _, q := range r.early {
		early = q.appendTo(early)
	}
	r.mu.Unlock()
	now := s.Now()
	for _, e := range r.sessions() {
		r.finish(s, e, endedWithout(e.wait, gateway.StateCancelled, gateway.ReasonCancelled, now))
	}
	for _, p := range early {
		r.unpark(s, p)
	}
}
