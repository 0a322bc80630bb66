package waiting

import "time"

// expiry is a session or a parked callback with the moment it ends: a part of
// either, so that the heap holds what is there already.
type expiry struct {
	at      time.Time // monotonic
	room    *room
	session *session
	parked  *parked
	place   int // in the heap
}

// absent is the place of what is not in the heap.
const absent = -1

// expiryHeap is a heap by moment that tells each item its place, so that it can
// be taken out.
type expiryHeap []*expiry

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push and Pop are for container/heap.
func (h *expiryHeap) Push(x any) {
	item := x.(*expiry)
	item.place = len(*h)
	*h = append(*h, item)
}

func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	item := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	item.place = absent
	return item
}
