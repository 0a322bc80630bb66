package waiting

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"hookgate/gateway"
)

// Acquire takes slots: it registers what the store remembers of them, lets meet what
// should have met, and answers for them from then on; deadlines stay what they were. The
// lanes need not run yet: they find every notice in the store. After an error nothing of
// it is so.
func (s *Sessions) Acquire(slots gateway.SlotSet) error { return s.owner.Acquire(slots) }

// Serves says whether all of slots are answered for now.
func (s *Sessions) Serves(slots gateway.SlotSet) bool { return s.rooms.servesAll(slots) }

// Release gives slots up. What is being decided is decided and written when it returns;
// nothing is written for them after that, and who asks is told to ask again. Who holds a
// wait goes on holding it.
func (s *Sessions) Release(slots gateway.SlotSet) { s.owner.Release(slots) }

// Doubt is of slots of which nobody knows what the store has: they are read anew. It
// returns at once.
func (s *Sessions) Doubt(slots gateway.SlotSet) { s.owner.DoubtAll(slots) }

// mover is what Sessions do as their slots move: a slots.Part.
type mover struct{ *Sessions }

// Stop lets nobody have a turn in slots any more.
func (m mover) Stop(slots gateway.SlotSet) { m.rooms.stop(slots) }

// Forget waits for those who have one, and drops what is known. A turn lasts as long as
// reading the store and one commit.
func (m mover) Forget(slots gateway.SlotSet) {
	for _, r := range m.rooms.in(slots) {
		r.rest()
		r.empty()
		m.rooms.remove(r.tenant)
	}
}

// Read registers what the store has of slots, and opens them. While they are closed no
// rule of the turn is needed.
func (m mover) Read(slots gateway.SlotSet) error {
	known, err := m.recall(slots)
	if err == nil {
		err = m.reunite(known)
	}
	if err != nil {
		for _, r := range known {
			r.close(errMoved)
			r.empty()
		}
		m.holds.overdue(slots)
		return err
	}
	for _, r := range known {
		r.arm()
	}
	m.rooms.serve(slots, known)
	m.catchUp(slots)
	m.expirer.start()
	return nil
}

// recall builds the rooms of slots, by tenant.
func (m mover) recall(slots gateway.SlotSet) (map[string]*room, error) {
	known := map[string]*room{}
	in := func(tenant string) *room {
		if known[tenant] == nil {
			known[tenant] = newRoom(tenant, m.rooms.house)
		}
		return known[tenant]
	}
	var waits []*gateway.Wait
	var early []*gateway.Parked
	err := m.options.Recovery.Recover(slots,
		func(w *gateway.Wait) error { waits = append(waits, w); return nil },
		func(p *gateway.Parked) error { early = append(early, p); return nil })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(waits, func(a, b *gateway.Wait) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	for _, w := range waits {
		m.reopen(in(w.Tenant), w)
	}
	slices.SortFunc(early, func(a, b *gateway.Parked) int {
		return cmp.Or(a.Callback.ReceivedAt.Compare(b.Callback.ReceivedAt), cmp.Compare(a.Callback.ID, b.Callback.ID))
	})
	for _, p := range early {
		if until := monotonic(p.Expires, m.options.Now); nowBefore(until) {
			r := in(p.Tenant)
			one := newParked(r, p, until)
			one.space = m.budget.forceParking(r, p)
			r.parking.restore(one)
		}
	}
	return known, nil
}

// reopen registers a wait of a former owner. The wall clock carries the deadline over;
// from here on the monotonic one does, so that a clock that jumps ends no waits.
func (m mover) reopen(r *room, w *gateway.Wait) {
	e := newSession(r, w, monotonic(w.ExpiresAt, m.options.Now))
	e.place = m.budget.force(r, sizeOfOpen(len(w.Context)+len(w.OwnMatch)+len(w.OwnVariables), w.ConversationKey, w.Aliases))
	r.enter(e)
}

// reunite gives open waits what is parked under another of their names. A process
// of this version never leaves two apart: names and what meets by them are one
// commit. One before it did, when it crashed between the two.
func (m mover) reunite(known map[string]*room) error {
	all := apartIn(known)
	m.lookUp(all)
	for _, one := range all {
		if one.err != nil {
			return one.err
		}
		if len(one.names) == 1 {
			continue
		}
		found, err := m.matcher.meet(one.room, one.names, nil)
		if err != nil {
			return err
		}
		for _, f := range found {
			if err := m.options.Ledger.Commit(f.change); err != nil {
				return err
			}
			one.room.met(f) // its lane finds the notice in the store
		}
	}
	return nil
}

// parted is a key that may have an open wait under another name.
type parted struct {
	room  *room
	key   string
	names []string
	err   error
}

func apartIn(known map[string]*room) (all []*parted) {
	for _, r := range known {
		for _, key := range r.apart() {
			all = append(all, &parted{room: r, key: key})
		}
	}
	return all
}

// lookups is how many names are looked up at once. A database that is asked for one after the
// other keeps all that moves waiting for as many times its distance.
const lookups = 256

// lookUp reads the names of each.
func (m mover) lookUp(all []*parted) {
	var under sync.WaitGroup
	var next atomic.Int64
	for range min(lookups, len(all)) {
		under.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				one := all[i]
				one.names, one.err = m.names.of(one.room.tenant, one.key)
			}
		})
	}
	under.Wait()
}

// apart gives the keys under which something is parked and, at that source, no session
// is open while others are: only these are looked up.
func (r *room) apart() (keys []string) {
	parked := r.parking.names()
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	for _, n := range parked {
		if r.sessions.openOf[n.source] > 0 && r.sessions.open[n] == nil && !seen[n.key] {
			seen[n.key] = true
			keys = append(keys, n.key)
		}
	}
	return keys
}

// arm sets the timers of all that is in a room.
func (r *room) arm() {
	for _, e := range r.all() {
		r.house.expirer.add(&e.expiry)
	}
	for _, p := range r.parking.all() {
		r.house.expirer.add(&p.expiry)
	}
}

// catchUp tells those who have held waits of slots that ended meanwhile, decided by
// another owner.
func (m mover) catchUp(slots gateway.SlotSet) {
	for id, of := range m.holds.among(slots) {
		r, err := m.rooms.get(of.tenant)
		if err != nil {
			continue // given up again: it is told of then
		}
		if e, err := r.find(id); e != nil || err != nil {
			continue
		}
		w, err := m.options.Ledger.Wait(of.tenant, id)
		if err == nil && w.State == gateway.StateWaiting {
			w, err = nil, errMoved
		}
		m.holds.tell(id, w, err)
	}
}
