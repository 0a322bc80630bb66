package pebblestore

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// A posting with each event, and each delivery, would be half of all keys that a publish
// writes. So what is new is kept in memory, and when there is enough of it the oldest is
// posted at once: of each value one key, with all that have it (blocks.go). What is below
// the floor is posted, and what comes below it nevertheless is posted on its own, in its
// batch. A list looks at both and at what is in memory.
//
// The floor is stored with what was posted up to it. So the next start finds what a
// former process had in memory only: it is what lies above, and no more than that.

// unposted is what lists ask for of one thing that is posted later.
type unposted struct {
	tenant string
	u      ulid.ULID
	values [3]uint64 // their hashes; 0: none
}

const (
	laterEnough = 4096 // are posted; twice as many are kept where posting does not keep up
	laterPart   = 512
)

// later is what is to be posted of things of one kind.
type later struct {
	single, block byte   // kinds of postings on their own, and of blocks
	places        []byte // of the things
	id            string // prefix of their ids

	enough int // laterEnough; tests make it small

	mu    sync.Mutex
	floor ulid.ULID // nothing that is taken lies below
	parts [][]unposted
	n     int

	posting sync.Mutex // by one at a time
	memory  grouping
}

// laters are what is posted later, of all kinds.
type laters struct {
	events, deliveries, waits later
	poked                     chan struct{}
}

func newLaters() *laters {
	l := &laters{
		events: later{single: kindByEvent, block: kindEventBlock, places: []byte{kindEvent}, id: gateway.PrefixEvent},
		deliveries: later{
			single: kindByDelivery, block: kindDeliveryBlock, id: gateway.PrefixDelivery,
			places: []byte{kindUnfinished, kindRetrying, kindDelivery, kindCancelled},
		},
		waits: later{single: kindByWait, block: kindWaitBlock, places: waitPlaces[:], id: gateway.PrefixWait},
		poked: make(chan struct{}, 1),
	}
	for _, of := range l.all() {
		of.enough = laterEnough
	}
	return l
}

func (l *laters) all() []*later { return []*later{&l.events, &l.deliveries, &l.waits} }

// post sees to it that what is in b.later is found: most of it later, the rest by
// postings in the batch.
func (l *laters) post(of *later, b *batch) {
	left, enough := of.take(b.later)
	if enough {
		select {
		case l.poked <- struct{}{}:
		default:
		}
	}
	b.later = left
	b.postNoted(of.single)
}

// postNoted puts a posting on its own for each value in b.later.
func (b *batch) postNoted(kind byte) {
	for i := range b.later {
		for _, hash := range b.later[i].values {
			if hash != 0 {
				b.posting(kind, &b.later[i], hash)
				b.put()
			}
		}
	}
}

// posting starts the key of a posting on its own.
func (b *batch) posting(kind byte, of *unposted, hash uint64) {
	b.begin(kind, of.tenant)
	b.key = append(appendPosting(b.key, bucketOfULID(of.u), hash), of.u[:]...)
}

// take gives those of a list back that must be posted at once.
func (l *later) take(list []unposted) (left []unposted, enough bool) {
	left = list[:0]
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range list {
		if list[i].u.Compare(l.floor) < 0 || l.n >= 2*l.enough {
			left = append(left, list[i])
			continue
		}
		last := len(l.parts) - 1
		if last < 0 || len(l.parts[last]) == laterPart {
			l.parts, last = append(l.parts, make([]unposted, 0, laterPart)), last+1
		}
		l.parts[last] = append(l.parts[last], list[i])
		l.n++
	}
	return left, l.n >= l.enough
}

// isEnough tells whether it is time to post.
func (l *later) isEnough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n >= l.enough
}

// below tells whether something that is taken now would have to be posted at once.
func (l *later) below(u ulid.ULID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return u.Compare(l.floor) < 0
}

// view shows what is in memory: no part of it changes any more, though more may come.
func (l *later) view() [][]unposted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts)
}

// views are those of all kinds, by the kind of their single postings.
func (l *laters) views() map[byte][][]unposted {
	views := make(map[byte][][]unposted, 3)
	for _, of := range l.all() {
		views[of.single] = of.view()
	}
	return views
}

// ripe raises the floor so far that most of what is in memory lies below it, and gives
// that. What came last stays, for others of its time may be on their way.
func (l *later) ripe() (list []unposted, floor ulid.ULID) {
	list = l.memory.list[:0]
	for _, part := range l.view() {
		list = append(list, part...)
	}
	floor = floorOf(list)
	l.mu.Lock()
	if floor.Compare(l.floor) < 0 {
		floor = l.floor // what could not be posted the last time is left below it
	}
	l.floor = floor
	l.mu.Unlock()
	list = list[:0]
	for _, part := range l.view() { // what came below the floor before it was raised, too
		for i := range part {
			if part[i].u.Compare(floor) < 0 {
				list = append(list, part[i])
			}
		}
	}
	l.memory.list = list
	return list, floor
}

// floorOf gives a floor below which most of some things lie, in the order in which they
// came: that of their ids, nearly always.
func floorOf(all []unposted) (floor ulid.ULID) {
	if len(all) == 0 {
		return floor
	}
	floor = slices.MinFunc(all[len(all)-1-len(all)/8:], olderFirst).u
	below := 0
	for i := range all {
		if all[i].u.Compare(floor) < 0 {
			below++
		}
	}
	if below < len(all)/2 {
		slices.SortFunc(all, olderFirst)
		floor = all[len(all)-1-len(all)/8].u
	}
	return floor
}

func olderFirst(a, b unposted) int {
	if at := cmp.Compare(binary.BigEndian.Uint64(a.u[:]), binary.BigEndian.Uint64(b.u[:])); at != 0 {
		return at
	}
	return a.u.Compare(b.u)
}

// keep drops all but what is wanted.
func (l *later) keep(wanted func(*unposted) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.parts
	l.parts, l.n = nil, 0
	var part []unposted
	for i := range was {
		for j := range was[i] {
			if !wanted(&was[i][j]) {
				continue
			}
			if len(part) == laterPart {
				l.parts, part = append(l.parts, part), nil
			}
			if part == nil {
				part = make([]unposted, 0, laterPart)
			}
			part = append(part, was[i][j])
			l.n++
		}
	}
	if part != nil {
		l.parts = append(l.parts, part)
	}
}

// forget drops what is of a tenant, and lets nothing be posted until over is called.
func (l *laters) forget(tenant string) (over func()) {
	for _, of := range l.all() {
		of.posting.Lock()
		of.keep(func(one *unposted) bool { return one.tenant != tenant })
	}
	return func() {
		for _, of := range l.all() {
			of.posting.Unlock()
		}
	}
}
