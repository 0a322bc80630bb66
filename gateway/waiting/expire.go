package waiting

import (
	"container/heap"
	"sync"
	"time"

	"hookgate/gateway"
)

const (
	// expireMost is how many waits end in one commit: enough to share an fsync
	// well, few enough that the first of them is not late.
	expireMost = 256
	// expireAgain is the pause after a commit that failed.
	expireAgain = time.Second
	// releaseEvery is how often the store is told which waits are history.
	releaseEvery = 30 * time.Second
	// releaseMargin keeps a wait that is just being opened out of history.
	releaseMargin = time.Minute
)

// expirer ends the waits and the parkings whose time is over: one goroutine, one
// heap, one timer set to the soonest. With nothing in the heap it sleeps.
type expirer struct {
	sessions *Sessions

	mu       sync.Mutex
	items    expiryHeap
	wake     chan struct{}
	quit     chan struct{}
	stopped  chan struct{}
	running  bool
	released time.Time
}

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

func newExpirer(s *Sessions) *expirer {
	return &expirer{sessions: s, wake: make(chan struct{}, 1), quit: make(chan struct{}), stopped: make(chan struct{})}
}

// add takes an item up; one that is there already stays where it is.
func (x *expirer) add(item *expiry) {
	x.mu.Lock()
	if item.place == absent {
		heap.Push(&x.items, item)
	}
	first := item.place == 0
	x.mu.Unlock()
	if first {
		x.poke()
	}
}

func (x *expirer) remove(item *expiry) {
	x.mu.Lock()
	if item.place != absent {
		heap.Remove(&x.items, item.place)
	}
	x.mu.Unlock()
}

func (x *expirer) poke() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *expirer) run() {
	x.mu.Lock()
	x.running = true
	x.mu.Unlock()
	defer close(x.stopped)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next, any := x.expireDue()
		if any {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
		select {
		case <-x.quit:
			return
		case <-x.wake:
		case <-timer.C:
		}
	}
}

// stop ends run and waits for it.
func (x *expirer) stop() {
	close(x.quit)
	x.mu.Lock()
	running := x.running
	x.mu.Unlock()
	if running {
		<-x.stopped
	}
}

// expireDue ends all that is due, and gives the moment of what is next.
func (x *expirer) expireDue() (next time.Time, any bool) {
	for {
		due := x.pop(time.Now())
		if len(due) == 0 {
			break
		}
		x.expire(due)
		select {
		case <-x.quit:
			return time.Time{}, false
		default:
		}
	}
	x.release()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.items) == 0 {
		return time.Time{}, false
	}
	return x.items[0].at, true
}

func (x *expirer) pop(now time.Time) (due []*expiry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.items) > 0 && len(due) < expireMost && !x.items[0].at.After(now) {
		due = append(due, heap.Pop(&x.items).(*expiry))
	}
	return due
}

// expire ends what is due in one commit. Whoever has the turn on a session now
// may well be ending it: it comes again when that turn is over.
func (x *expirer) expire(due []*expiry) {
	s := x.sessions
	var (
		taken   []*expiry
		turns   []*turn
		changes []*gateway.Change
		now     = time.Now()
		stamped = s.Now()
	)
	for _, item := range due {
		if item.parked != nil {
			item.room.unpark(s, item.parked) // its record expires by itself
			continue
		}
		t := &turn{}
		if !item.room.tryAcquire(t, item.session) {
			continue
		}
		final := endedWithout(item.session.wait, gateway.StateTimedOut, gateway.ReasonTimeout, stamped)
		taken, turns, changes = append(taken, item), append(turns, t), append(changes, s.endChange(final))
	}
	if len(taken) == 0 {
		return
	}
	err := s.commit(changes...)
	for i, item := range taken {
		if err == nil {
			s.Observer.TimerLag(now.Sub(item.session.deadline))
			item.room.finish(s, item.session, changes[i].Wait)
		}
		item.room.release(s, turns[i])
		if err != nil {
			if now.Sub(item.session.deadline) > overdueWatch {
				item.room.sendAway(item.session, errUnwritten)
			}
			item.at = now.Add(expireAgain) // the deadline stays what it was
			x.add(item)
		}
	}
	if err == nil {
		s.wake(changes...)
	}
}

var errUnwritten = gateway.Unavailable("the end of the wait cannot be written now", 5*time.Second)

// release tells the store now and then from when on it must look for open waits
// after a crash.
func (x *expirer) release() {
	now := time.Now()
	if now.Sub(x.released) < releaseEvery {
		return
	}
	x.released = now
	oldest := x.sessions.Now()
	x.mu.Lock()
	for _, item := range x.items {
		if item.session != nil && item.session.wait.CreatedAt.Before(oldest) {
			oldest = item.session.wait.CreatedAt
		}
	}
	x.mu.Unlock()
	x.sessions.releaseBefore(oldest.Add(-releaseMargin))
}

func (s *Sessions) releaseBefore(at time.Time) {
	s.released.Store(at.UnixMilli())
	s.Store.ReleaseBefore(gateway.AllSlots(), at)
}

// reach sees to it that recovery will look at a wait created at this moment,
// even where the wall clock was set back. The store keeps the order of its
// writes: what is durable after this has this before it.
func (s *Sessions) reach(createdAt time.Time) {
	if createdAt.UnixMilli() < s.released.Load() {
		s.releaseBefore(createdAt.Add(-releaseMargin))
	}
}

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
