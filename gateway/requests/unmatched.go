package requests

import (
	"bytes"
	"net/netip"
	"sync"
)

// unmatched is the newest public requests that found nothing: strangers write them, so
// each block of clients has a share (SPEC 16).
type unmatched struct {
	most int // bytes

	mu   sync.Mutex
	kept []stranger
	used int
}

type stranger struct {
	block netip.Prefix
	kept  Kept
	size  int
}

// mostUnmatched is how many are kept.
const mostUnmatched = 200

// manyUnmatched is from where on a block of clients gives up its own, whatever others have:
// a flood must not be weighed request by request.
const manyUnmatched = 20

// mostStrange is how much of the body of one is kept, and of its head.
const mostStrange = 4 << 10

// KeepUnmatched keeps a request that found no tenant, source or path. The block of its
// client that has most gives way where there are too many.
func (k *Keeper) KeepUnmatched(r *Record) {
	short := *r
	short.Body = short.Body[:min(len(short.Body), mostStrange)]
	if len(short.Head) > mostStrange {
		short.Head = short.Head[:bytes.LastIndexByte(short.Head[:mostStrange], '\n')+1]
	}
	e := entry{}
	e.buf = make([]byte, 0, sizeOf(&short))
	e.fill(&short)
	k.mu.Lock()
	e.id = k.next(k.options.Now(), 0)
	k.mu.Unlock()
	one := stranger{block: blockOf(r.Client), size: cap(e.buf) + overhead, kept: e.copy(0, len(e.part(partBody)))}
	one.kept.guesses = true
	u := &k.unmatched
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept, u.used = append(u.kept, one), u.used+one.size
	for len(u.kept) > mostUnmatched || u.used > u.most && len(u.kept) > 0 {
		u.giveUp(one.block)
	}
}

// giveUp forgets a request for one of a block of clients: its own oldest where it has
// many, else the oldest of the block that has most.
func (u *unmatched) giveUp(of netip.Prefix) {
	own, oldest := 0, 0
	for i := len(u.kept) - 1; i >= 0; i-- {
		if u.kept[i].block == of {
			own, oldest = own+1, i
		}
	}
	if own > manyUnmatched {
		u.forget(oldest)
		return
	}
	counts := make(map[netip.Prefix]int, len(u.kept))
	most := 0
	for i := range u.kept {
		counts[u.kept[i].block]++
		most = max(most, counts[u.kept[i].block])
	}
	for i := range u.kept {
		if counts[u.kept[i].block] == most {
			u.forget(i)
			return
		}
	}
}

func (u *unmatched) forget(i int) {
	u.used -= u.kept[i].size
	copy(u.kept[i:], u.kept[i+1:])
	u.kept[len(u.kept)-1] = stranger{}
	u.kept = u.kept[:len(u.kept)-1]
}

// blockOf is the clients among which one is counted.
func blockOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	block, _ := a.WithZone("").Prefix(bits) // of an address that is not known none
	return block
}

// Unmatched gives the requests that found nothing, the newest first, behind the id
// before ("": all).
func (k *Keeper) Unmatched(before string, most int) (all []Kept) {
	u := &k.unmatched
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := len(u.kept) - 1; i >= 0 && len(all) < most; i-- {
		if one := &u.kept[i].kept; before == "" || one.ID < before {
			all = append(all, *one)
		}
	}
	return all
}
