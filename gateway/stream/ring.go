package stream

import (
	"sort"

	"hookgate/gateway"
)

// entry is one event as it is sent; of one that is gone text is nil.
type entry struct {
	seq    uint64
	at     int64 // when it was written down, in nanoseconds of Unix time
	tenant string
	tree   string // that the tenant was in
	kind   gateway.Kind
	past   bool // the tenant is no more: one that is made anew under its id sees nothing of it
	text   []byte
}

// ring has the newest events in their order, within bounds in number and in bytes. A tree
// of tenants that has more than half of either loses its own oldest first.
type ring struct {
	most, mostBytes int
	entries         []entry // by seq
	live, bytes     int
	last            uint64            // seq of the newest that ever came
	lost            uint64            // the newest that is gone, of anybody
	floor           uint64            // of tenants that are not in of: all up to this is gone
	of              map[string]*trail // by tenant
	trees           map[string]*share
}

// trail is what is known of a tenant's events.
type trail struct {
	live int    // in the ring
	lost uint64 // the newest that is gone
}

// share is what a tree of tenants has of the ring.
type share struct {
	seqs  []uint64 // in the ring, the oldest first
	bytes int
}

// mostShares is of how many tenants it is known what they lost.
const mostShares = 4096

func newRing(most, bytes int) *ring {
	return &ring{most: most, mostBytes: bytes, of: map[string]*trail{}, trees: map[string]*share{}}
}

// add adds an event, and lets go what is too much.
func (r *ring) add(e entry) {
	r.last = e.seq
	mine := r.of[e.tenant]
	if mine == nil {
		r.fold()
		mine = &trail{lost: r.floor}
		r.of[e.tenant] = mine
	}
	all := r.trees[e.tree]
	if all == nil {
		all = &share{}
		r.trees[e.tree] = all
	}
	r.entries = append(r.entries, e)
	r.live, r.bytes = r.live+1, r.bytes+len(e.text)
	mine.live++
	all.seqs, all.bytes = append(all.seqs, e.seq), all.bytes+len(e.text)
	for len(all.seqs) > 1 && (len(all.seqs) > r.most/2 || all.bytes > r.mostBytes/2) {
		r.drop(r.after(all.seqs[0] - 1))
	}
	for r.live > 1 && (r.live > r.most || r.bytes > r.mostBytes) {
		r.drop(0)
	}
	if len(r.entries) > 2*r.live+64 {
		r.compact()
	}
}

// drop lets go of the first event at a place or behind it. Of its tree it is the oldest.
func (r *ring) drop(at int) {
	for r.entries[at].text == nil {
		at++
	}
	e := &r.entries[at]
	mine, all := r.of[e.tenant], r.trees[e.tree]
	mine.live, mine.lost = mine.live-1, e.seq
	if all.seqs, all.bytes = all.seqs[1:], all.bytes-len(e.text); len(all.seqs) == 0 {
		delete(r.trees, e.tree)
	}
	r.live, r.bytes, r.lost = r.live-1, r.bytes-len(e.text), max(r.lost, e.seq)
	e.text = nil
	if at == 0 {
		for len(r.entries) > 0 && r.entries[0].text == nil {
			r.entries = r.entries[1:]
		}
	}
}

// forget notes that a tenant is no more.
func (r *ring) forget(tenant string) {
	if r.of[tenant] == nil {
		return
	}
	for i := range r.entries {
		if r.entries[i].tenant == tenant {
			r.entries[i].past = true
		}
	}
}

// compact takes what is gone out of the list.
func (r *ring) compact() {
	kept := make([]entry, 0, 2*r.live+64)
	for i := range r.entries {
		if r.entries[i].text != nil {
			kept = append(kept, r.entries[i])
		}
	}
	r.entries = kept
}

// fold forgets of tenants that have nothing in the ring what they lost, when they are many.
func (r *ring) fold() {
	if len(r.of) < mostShares {
		return
	}
	for tenant, s := range r.of {
		if s.live == 0 {
			r.floor = max(r.floor, s.lost)
			delete(r.of, tenant)
		}
	}
}

// after gives the place of the first event behind a number.
func (r *ring) after(seq uint64) int {
	return sort.Search(len(r.entries), func(i int) bool { return r.entries[i].seq > seq })
}

// misses says whether an event behind a number is gone that somebody would have seen.
func (r *ring) misses(seq uint64, sees func(tenant string) bool) bool {
	switch {
	case seq >= r.lost:
		return false
	case seq < r.floor:
		return true
	}
	for tenant, s := range r.of {
		if s.lost > seq && sees(tenant) {
			return true
		}
	}
	return false
}
