package waiting

// close lets nobody have a turn in a room any more, and says why. That its tenant is no
// more is said for good.
func (r *room) close(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed != errGone {
		r.closed = why
	}
}

// rest waits until nobody has a turn in a room that is closed: what they were storing
// is then stored, and can be deleted, or read by another.
func (r *room) rest() {
	for t := r.atWork(); t != nil; t = r.atWork() {
		<-t
	}
}

// atWork gives what closes when one of those who have a turn has given it back; nil
// when nobody has one.
func (r *room) atWork() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.turns.any(); t != nil {
		return t.over()
	}
	return nil
}

// empty forgets everything in a room that is closed and at rest: it is open and parked
// in the store. Who holds a wait goes on holding it.
func (r *room) empty() {
	for _, e := range r.all() {
		r.house.expirer.remove(&e.expiry)
		r.mu.Lock()
		there := r.sessions.drop(e)
		r.mu.Unlock()
		if there {
			r.house.budget.giveBack(e.place)
			r.house.observer.Open(r.tenant, -1)
		}
	}
	r.parking.clear()
}
