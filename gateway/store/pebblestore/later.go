package pebblestore

import (
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
	events, deliveries, waits, callbacks, calls later
	poked                                       chan struct{}
}

func newLaters() *laters {
	l := &laters{
		events: later{single: kindByEvent, block: kindEventBlock, places: []byte{kindEvent}, id: gateway.PrefixEvent},
		deliveries: later{
			single: kindByDelivery, block: kindDeliveryBlock, id: gateway.PrefixDelivery,
			places: []byte{kindUnfinished, kindRetrying, kindDelivery, kindCancelled},
		},
		waits:     later{single: kindByWait, block: kindWaitBlock, places: waitPlaces[:], id: gateway.PrefixWait},
		callbacks: later{single: kindByCallback, block: kindCallbackBlock, places: []byte{kindCallback}, id: gateway.PrefixCallback},
		calls:     later{single: kindByCall, block: kindCallBlock, places: []byte{kindCall}, id: gateway.PrefixCall},
		poked:     make(chan struct{}, 1),
	}
	for _, of := range l.all() {
		of.enough = laterEnough
	}
	return l
}

func (l *laters) all() []*later {
	return []*later{&l.events, &l.deliveries, &l.waits, &l.callbacks, &l.calls}
}

// post sees to it that what is in b.later is found: most of it later, the rest by
// postings in the batch. What cannot be stored is not noted: it could not be posted either,
// nor anything that is posted with it.
func (l *laters) post(of *later, b *batch) {
	if b.err != nil {
		return
	}
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
func (l *later) isEnough() bool { return l.size() >= l.enough }

// below tells whether something that is taken now would have to be posted at once.
func (l *later) below(u ulid.ULID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return u.Compare(l.floor) < 0
}
