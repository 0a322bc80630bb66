package outbound

import (
	"container/heap"
	"time"
)

// sleepers are the lanes that have nothing to send yet, the soonest first. One
// timer serves all of them.
type sleepers struct {
	heap  laneHeap
	wake  func()
	now   func() time.Time
	timer *time.Timer
	at    time.Time // when the timer fires
}

// until has a lane woken at a moment.
func (s *sleepers) until(n *lane, at time.Time) {
	n.wakes = at
	if n.asleep < 0 {
		heap.Push(&s.heap, n)
	} else {
		heap.Fix(&s.heap, n.asleep)
	}
	s.set()
}

// remove lets a lane sleep without an end. The timer may then fire for nobody.
func (s *sleepers) remove(n *lane) {
	if n.asleep >= 0 {
		heap.Remove(&s.heap, n.asleep)
	}
}

// due takes out those whose moment has come.
func (s *sleepers) due(now time.Time) (due []*lane) {
	s.at = time.Time{}
	for len(s.heap) > 0 && !s.heap[0].wakes.After(now) {
		due = append(due, heap.Pop(&s.heap).(*lane))
	}
	s.set()
	return due
}

func (s *sleepers) set() {
	if len(s.heap) == 0 {
		return
	}
	first := s.heap[0].wakes
	if !s.at.IsZero() && !first.Before(s.at) {
		return
	}
	s.at = first
	if s.timer == nil {
		s.timer = time.AfterFunc(first.Sub(s.now()), s.wake)
		return
	}
	s.timer.Reset(first.Sub(s.now()))
}

func (s *sleepers) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// laneHeap is a heap of lanes by when they wake; a lane knows its place in it.
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].wakes.Before(h[j].wakes) }
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].asleep, h[j].asleep = i, j
}

func (h *laneHeap) Push(x any) {
	n := x.(*lane)
	n.asleep = len(*h)
	*h = append(*h, n)
}

func (h *laneHeap) Pop() any {
	last := len(*h) - 1
	n := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	n.asleep = -1
	return n
}
