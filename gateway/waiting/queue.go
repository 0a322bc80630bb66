package waiting

import (
	"cmp"
	"slices"
	"time"

	"hookgate/gateway"
)

// parked is what memory keeps of a callback that came before its wait.
type parked struct {
	expiry  // when its parking ends
	id      string
	name    name
	aliases []string // other names of its conversation, which it brings
	order   uint64   // in which its tenant's were parked here
	gone    bool     // it was taken, or its time is over
	space   space
}

// parkedSize is about what a parked callback takes in memory beside its texts.
const parkedSize = 512

// sizeOfParked is about what memory keeps of a parked callback, in bytes.
func sizeOfParked(from *gateway.Parked) int64 {
	n := parkedSize + len(from.Key)
	for _, alias := range from.Aliases {
		n += 32 + len(alias)
	}
	return int64(n)
}

func newParked(r *room, from *gateway.Parked, until time.Time) *parked {
	p := &parked{id: from.Callback.ID, name: name{from.Source, from.Key}, aliases: from.Aliases}
	p.expiry = expiry{at: until, room: r, parked: p, place: absent}
	return p
}

// queue is what is parked under one name, in the order in which it was. What was taken
// stays in it until there is more of that than of the rest: so parking, finding and
// taking one cost the same however many there are.
type queue struct {
	list []*parked
	gone int // of them
}

// add puts one at the end.
func (q *queue) add(p *parked) { q.list = append(q.list, p) }

// after gives the place of the first that was parked after that one of an order.
func (q *queue) after(order uint64) int {
	i, found := slices.BinarySearchFunc(q.list, order, func(p *parked, order uint64) int { return cmp.Compare(p.order, order) })
	if found {
		i++
	}
	return i
}

// next gives the first after an order (0: of all) that is still there; nil is none.
func (q *queue) next(order uint64) *parked {
	for _, p := range q.list[q.after(order):] {
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
