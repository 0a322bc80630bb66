package waiting

import "hookgate/gateway"

// What is open in a room: its registry, under its lock.

// enter makes a session open under all its names; false where its tenant is no more,
// and the session with it. While its slot is given up it enters all the same: it was
// promised, and goes with the others.
func (r *room) enter(e *session) bool {
	r.mu.Lock()
	gone := r.closed == errGone
	if !gone {
		r.sessions.add(e)
	}
	r.mu.Unlock()
	if gone {
		r.house.budget.giveBack(e.place)
		return false
	}
	r.house.observer.Open(r.tenant, 1)
	return true
}

// finish takes an ended session out of the registry and tells who holds it.
func (r *room) finish(e *session, final *gateway.Wait) {
	r.house.expirer.remove(&e.expiry)
	r.mu.Lock()
	known := r.sessions.drop(e)
	if known {
		e.final = final
	}
	r.mu.Unlock()
	if !known {
		return
	}
	r.house.holds.tell(final.ID, final, nil)
	r.house.budget.giveBack(e.place)
	r.house.observer.Open(r.tenant, -1)
	r.house.observer.Happened(gateway.WaitHappened(final))
	r.house.observer.Ended(final.Tenant, final.Source, final.State, final.EndedAt.Sub(final.CreatedAt))
}

// finalOf gives how a session ended; nil while it is open.
func (r *room) finalOf(e *session) *gateway.Wait {
	final, _ := r.stands(e)
	return final
}

// stands gives how a session ended, and says whether the room is open.
func (r *room) stands(e *session) (final *gateway.Wait, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.final, r.closed == nil
}

// find gives an open session by its id; nil where none is open.
func (r *room) find(id string) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.ids[id], r.closed
}

// at gives the open session that has a name.
func (r *room) at(n name) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.open[n]
}

// openUnder gives the sessions that are open under a key, at any source.
func (r *room) openUnder(key string) []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.under(map[string]bool{key: true})
}

// openAt gives the sessions that are open under any of the names, the one that was
// opened first before the others.
func (r *room) openAt(names []name) []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.at(names)
}

// leaving leaves out the names of other open sessions.
func (r *room) leaving(names []name, e *session) []name {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.leaving(names, e)
}

// all gives the open sessions.
func (r *room) all() []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions.all()
}
