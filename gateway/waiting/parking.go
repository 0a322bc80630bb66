package waiting

import (
	"slices"
	"sync"
)

// parking is the callbacks of one tenant that came before their waits.
type parking struct {
	tenant string
	house  *house

	mu   sync.Mutex
	at   map[name]*queue
	of   map[string]int // parked, or about to be, by source
	last uint64         // order of the last that was parked
	tell int            // how many tell other names of their conversation
}

func newParking(tenant string, h *house) parking {
	return parking{tenant: tenant, house: h, at: map[name]*queue{}, of: map[string]int{}}
}

// reserve makes room for one more parked callback of a source, if it has any left.
func (k *parking) reserve(source string, most int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of[source] >= most {
		return false
	}
	k.of[source]++
	return true
}

// unreserve takes back what reserve gave, where nothing was parked.
func (k *parking) unreserve(source string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.count(source, -1)
}

// put keeps a callback for its wait; the store has it already. Before it was reserve.
func (k *parking) put(p *parked) {
	k.mu.Lock()
	q := k.at[p.name]
	if q == nil {
		q = &queue{}
		k.at[p.name] = q
	}
	k.last++
	p.order = k.last
	q.add(p)
	if p.aliases != nil {
		k.tell++
	}
	k.mu.Unlock()
	k.house.observer.Parked(k.tenant, 1)
}

// restore is reserve and put, of what a former owner has promised.
func (k *parking) restore(p *parked) {
	k.mu.Lock()
	k.count(p.name.source, 1)
	k.mu.Unlock()
	k.put(p)
}

// leave forgets a parked callback: it was taken, or its time is over.
func (k *parking) leave(p *parked) {
	k.house.expirer.remove(&p.expiry)
	k.mu.Lock()
	there := !p.gone
	if there {
		k.count(p.name.source, -1)
		if p.aliases != nil {
			k.tell--
		}
		if k.at[p.name].leave(p) {
			delete(k.at, p.name)
		}
	}
	k.mu.Unlock()
	if there {
		k.house.budget.unpark(p.space)
		k.house.observer.Parked(k.tenant, -1)
	}
}

// count keeps no entry for a source that has nothing parked: a deleted source leaves
// nothing behind. The lock is held.
func (k *parking) count(source string, delta int) {
	if k.of[source] += delta; k.of[source] <= 0 {
		delete(k.of, source)
	}
}

// next gives the first that was parked under any of the names, of those after an order
// (0: all); nil is none.
func (k *parking) next(names []name, order uint64) (first *parked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range names {
		q := k.at[n]
		if q == nil {
			continue
		}
		if p := q.next(order); p != nil && (first == nil || p.order < first.order) {
			first = p
		}
	}
	return first
}

// sources gives those at which something is parked under one of the keys.
func (k *parking) sources(keys []string) (sources []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.at) == 0 {
		return nil
	}
	for source := range k.of {
		if slices.ContainsFunc(keys, func(key string) bool { return k.at[name{source, key}] != nil }) {
			sources = append(sources, source)
		}
	}
	slices.Sort(sources)
	return sources
}

// names gives those under which something is parked.
func (k *parking) names() (names []name) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for n := range k.at {
		names = append(names, n)
	}
	return names
}

// all gives what is parked.
func (k *parking) all() (all []*parked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, q := range k.at {
		all = q.appendTo(all)
	}
	return all
}

// clear forgets all of it.
func (k *parking) clear() {
	for _, p := range k.all() {
		k.leave(p)
	}
}

// full says whether a source has as many parked as it may.
func (k *parking) full(source string, most int) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[source] >= most
}
