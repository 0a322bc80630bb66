package waiting

import "slices"

// reserve makes room for one more parked callback of a source, if it has any left.
func (r *room) reserve(source string, most int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.earlyOf[source] >= most {
		return false
	}
	r.earlyOf[source]++
	return true
}

// unreserve takes back what reserve gave, where nothing was parked.
func (r *room) unreserve(source string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.countEarly(source, -1)
}

// park keeps a callback for its wait; the store has it already. In recovery
// there was no reserve before it.
func (r *room) park(s *Sessions, p *parked) {
	r.mu.Lock()
	r.countEarly(p.name.source, 1)
	r.mu.Unlock()
	r.parkReserved(s, p)
}

// parkReserved is park after a reserve.
func (r *room) parkReserved(s *Sessions, p *parked) {
	r.mu.Lock()
	list := append(r.early[p.name], p)
	slices.SortFunc(list, func(a, b *parked) int { return compareIDs(a.id, b.id) })
	r.early[p.name] = list
	r.mu.Unlock()
	s.Observer.ParkedChanged(r.tenant, 1)
	s.expirer.add(&p.expiry)
}

// unpark forgets a parked callback: it was taken, or its time is over.
func (r *room) unpark(s *Sessions, p *parked) {
	s.expirer.remove(&p.expiry)
	r.mu.Lock()
	list := r.early[p.name]
	i := slices.Index(list, p)
	if i >= 0 {
		r.countEarly(p.name.source, -1)
		if list = slices.Delete(list, i, i+1); len(list) == 0 {
			delete(r.early, p.name)
		} else {
			r.early[p.name] = list
		}
	}
	r.mu.Unlock()
	if i >= 0 {
		s.Observer.ParkedChanged(r.tenant, -1)
	}
}

// countEarly keeps no entry for a source that has nothing parked: a deleted
// source leaves nothing behind. The lock is held.
func (r *room) countEarly(source string, delta int) {
	if r.earlyOf[source] += delta; r.earlyOf[source] <= 0 {
		delete(r.earlyOf, source)
	}
}

// waitingFor gives what is parked under any of the names, oldest first.
func (r *room) waitingFor(names []name) []*parked {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*parked
	for _, n := range names {
		all = append(all, r.early[n]...)
	}
	slices.SortFunc(all, func(a, b *parked) int { return compareIDs(a.id, b.id) })
	return all
}

// compareIDs orders ids of one kind by the time they were made.
func compareIDs(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
