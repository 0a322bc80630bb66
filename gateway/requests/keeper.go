package requests

import (
	"bytes"
	"cmp"
	"container/heap"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"
)

// Options are the settings `requests` (SPEC-operations O10).
type Options struct {
	PerPlace int              // kept of one source or route; 0 stands for 200
	Memory   int              // bytes in all; 0 stands for 64 MiB
	Now      func() time.Time // nil: time.Now
	// Tree gives the top of the tree that a tenant is in; nil: each is one.
	Tree func(tenant string) string
}

// Keeper keeps the newest requests. Any number of goroutines may use it.
type Keeper struct {
	options   Options
	unmatched unmatched

	mu      sync.Mutex
	memory  memory
	holders map[string]*holder
	trees   map[string]*tree
	most    heaped[*tree]
	last    rank
}

// New makes a Keeper that has nothing yet.
func New(o Options) *Keeper {
	o.PerPlace, o.Memory = cmp.Or(o.PerPlace, 200), cmp.Or(o.Memory, 64<<20)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tree == nil {
		o.Tree = func(tenant string) string { return tenant }
	}
	k := &Keeper{options: o, holders: map[string]*holder{}, trees: map[string]*tree{}}
	k.unmatched.most = min(200*classes[len(classes)-1], o.Memory/8)
	k.memory.most = o.Memory - k.unmatched.most
	return k
}

// Keep keeps a copy of a request, and gives up what there is no room for any more: the
// oldest of its kind at the place, or, where memory is full, of the tenant that has most.
func (k *Keeper) Keep(r *Record) {
	kind := refused
	if Accepted(r.Outcome) || r.Of == Route && r.Status < 400 {
		kind = accepted
	}
	now := r.At.Add(r.Took) // the clock is not asked again: that is a quarter of what this costs
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.ring(r)
	n := sizeOf(r)
	at.lists[kind].n++ // as it will be
	old := at.over(k.options.PerPlace)
	at.lists[kind].n--
	if old != nil && old.class() == classOf(n) {
		// As a rule: a place is full, and one request is as large as the one before. Its memory
		// stays where it is, and nobody has more or less.
		old.unlink()
		k.fill(old, r, at, kind, now)
		return
	}
	if old != nil {
		k.giveUp(old, at)
	}
	e := k.room(at, n)
	if e == nil {
		k.leave(at)
		return
	}
	k.fill(e, r, at, kind, now)
	k.weigh(at.holder, e.cost())
}

// fill has an entry that stands in no list hold a request.
func (k *Keeper) fill(e *entry, r *Record, at *ring, kind int, now time.Time) {
	e.fill(r)
	e.id, e.ring, e.kind = k.next(now, e.slot), at, kind
	at.lists[kind].add(e, inRing)
	at.holder.lists[kind].add(e, inHolder)
}

// weigh tells that a holder has more, or less.
func (k *Keeper) weigh(h *holder, more int) {
	h.tree.total += more
	heap.Fix(&h.tree.of, h.place)
	heap.Fix(&k.most, h.tree.place)
}

// room gives a free entry for so many bytes; nil where there is no room for it.
func (k *Keeper) room(filled *ring, n int) *entry {
	for {
		if e := k.memory.take(n); e != nil || len(k.most) == 0 {
			return e
		}
		old := k.most[0].of[0].giveUp()
		if old == nil {
			return nil
		}
		k.giveUp(old, filled)
	}
}

// giveUp forgets an entry, and its ring with it where that is empty and not the one that
// is being filled.
func (k *Keeper) giveUp(e *entry, filled *ring) {
	r := e.ring
	e.unlink()
	k.weigh(r.holder, -e.cost())
	k.memory.give(e)
	if r != filled {
		k.leave(r)
	}
}

// leave forgets a ring that is empty, and its holder where that has no other.
func (k *Keeper) leave(r *ring) {
	if r.n() > 0 {
		return
	}
	h := r.holder
	delete(h.rings[r.of], r.place)
	for of := range h.rings {
		if len(h.rings[of]) > 0 {
			return
		}
	}
	heap.Remove(&h.tree.of, h.place)
	delete(k.holders, h.tenant)
	if len(h.tree.of) == 0 {
		heap.Remove(&k.most, h.tree.place)
		delete(k.trees, h.tree.name)
	}
}

// ring gives the ring of a request, made where there is none.
func (k *Keeper) ring(r *Record) *ring {
	h := k.holders[r.Tenant]
	if h == nil {
		name := k.options.Tree(r.Tenant)
		t := k.trees[name]
		if t == nil {
			t = &tree{name: name}
			k.trees[name] = t
			heap.Push(&k.most, t)
		}
		h = &holder{tenant: r.Tenant, tree: t, rings: [kinds]map[string]*ring{{}, {}}}
		k.holders[r.Tenant] = h
		heap.Push(&t.of, h)
	}
	at := h.rings[r.Of][r.Place]
	if at == nil {
		at = &ring{holder: h, of: r.Of, place: r.Place}
		h.rings[r.Of][r.Place] = at
	}
	return at
}

// Forget forgets all requests of a tenant.
func (k *Keeper) Forget(tenant string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.holders[tenant]
	if h == nil {
		return
	}
	for kind := range h.lists {
		for e := h.lists[kind].oldest; e != nil; e = h.lists[kind].oldest {
			k.giveUp(e, nil)
		}
	}
}

// rank is an id as its bytes: of two the later is the higher.
type rank [16]byte

func (r rank) compare(with rank) int { return bytes.Compare(r[:], with[:]) }

// time gives the milliseconds since 1970 for which it was made.
func (r rank) time() uint64 { return binary.BigEndian.Uint64(r[:8]) >> 16 }

// next gives an id above all before it. Its last bytes are the slot of its entry, so
// that an id is found without a map of them.
func (k *Keeper) next(now time.Time, slot uint32) rank {
	id := k.last
	if ms := uint64(now.UnixMilli()); ms > id.time() {
		binary.BigEndian.PutUint16(id[:], uint16(ms>>32))
		binary.BigEndian.PutUint32(id[2:], uint32(ms))
		var random [6]byte
		_, _ = rand.Read(random[:]) // never fails
		copy(id[6:12], random[:])
		id[6] &= 0x7f // room to count
	} else {
		var count [8]byte
		copy(count[2:], id[6:12])
		binary.BigEndian.PutUint64(count[:], binary.BigEndian.Uint64(count[:])+1)
		copy(id[6:12], count[2:])
	}
	binary.BigEndian.PutUint32(id[12:], slot)
	k.last = id
	return id
}
