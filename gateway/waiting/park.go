package waiting

import (
	"cmp"
	"slices"
)

// queue is what is parked under one name, by the order of ids. What was taken stays
// in it until there is more of that than of the rest: so parking, finding and taking
// one cost the same however many there are.
type queue struct {
	list []*parked
	gone int // of them
}

// add puts one where it belongs, which is nearly always the end: ids are made in
// the order of time.
func (q *queue) add(p *parked) {
	i := len(q.list)
	if i > 0 && q.list[i-1].id > p.id {
		i = q.after(p.id)
	}
	q.list = slices.Insert(q.list, i, p)
}

// after gives the place of the first whose id is greater.
func (q *queue) after(id string) int {
	i, found := slices.BinarySearchFunc(q.list, id, func(p *parked, id string) int { return cmp.Compare(p.id, id) })
	if found {
		i++
	}
	return i
}

// next gives the first after an id that is still there; nil is none.
func (q *queue) next(id string) *parked {
	for _, p := range q.list[q.after(id):] {
		if !p.gone {
			return p
		}
	}
	return nil
}

// leave takes one out; it says whether nothing is left.
func (q *queue) leave(p *parked) (empty bool) {
	p.gone = true
	q.gone++
	for len(q.list) > 0 && q.list[0].gone { // time takes the oldest, and so do waits
		q.list[0] = nil
		q.list = q.list[1:]
		q.gone--
	}
	if q.gone > len(q.list)/2 {
		q.list = slices.DeleteFunc(q.list, func(p *parked) bool { return p.gone })
		q.gone = 0
	}
	return len(q.list) == 0
}

func (q *queue) appendTo(all []*parked) []*parked {
	for _, p := range q.list {
		if !p.gone {
			all = append(all, p)
		}
	}
	return all
}

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
	q := r.early[p.name]
	if q == nil {
		q = &queue{}
		r.early[p.name] = q
	}
	q.add(p)
	r.mu.Unlock()
	s.Observer.ParkedChanged(r.tenant, 1)
	s.expirer.add(&p.expiry)
}

// unpark forgets a parked callback: it was taken, or its time is over.
func (r *room) unpark(s *Sessions, p *parked) {
	s.expirer.remove(&p.expiry)
	r.mu.Lock()
	there := !p.gone
	if there {
		r.countEarly(p.name.source, -1)
		if r.early[p.name].leave(p) {
			delete(r.early, p.name)
		}
	}
	r.mu.Unlock()
	if there {
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

// nextParked gives the oldest that is parked under any of the names, of those after
// an id ("": all); nil is none.
func (r *room) nextParked(names []name, id string) (oldest *parked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		q := r.early[n]
		if q == nil {
			continue
		}
		if p := q.next(id); p != nil && (oldest == nil || p.id < oldest.id) {
			oldest = p
		}
	}
	return oldest
}
