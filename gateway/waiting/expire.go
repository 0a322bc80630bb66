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
)

// expirer ends the waits and the parkings whose time is over: one goroutine, one
// heap, one timer set to the soonest. With nothing in the heap it sleeps.
type expirer struct {
	ledger   Ledger
	journal  *journal
	outcomes *outcomes
	holds    *holds
	history  *history
	steady   func(func(gateway.SlotSet)) // does something with the slots that are owned, unless they move
	lag      func(time.Duration)         // is told how late a deadline was kept
	now      func() time.Time            // the clock of what is stored

	mu      sync.Mutex
	items   expiryHeap
	wake    chan struct{}
	quit    chan struct{}
	stopped chan struct{}
	running bool
}

// ready makes an expirer of one that has what it works with.
func (x *expirer) ready() *expirer {
	x.wake, x.quit, x.stopped = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	return x
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

// reset gives an item another moment, and takes it up where it is not there.
func (x *expirer) reset(item *expiry, at time.Time) {
	x.mu.Lock()
	if item.at = at; item.place == absent {
		heap.Push(&x.items, item)
	} else {
		heap.Fix(&x.items, item.place)
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

// start lets it run, once.
func (x *expirer) start() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.running {
		x.running = true
		go x.run()
	}
}

func (x *expirer) run() {
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
	if x.history.due() {
		// A slot that is given up in this moment is another's to speak of.
		x.steady(func(owned gateway.SlotSet) { x.history.tell(owned, x.oldest) })
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.items) == 0 {
		return time.Time{}, false
	}
	return x.items[0].at, true
}

// oldest gives the moment since which every wait that is open was created.
func (x *expirer) oldest() time.Time {
	oldest := x.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, item := range x.items {
		if item.session != nil && item.session.wait.CreatedAt.Before(oldest) {
			oldest = item.session.wait.CreatedAt
		}
	}
	return oldest
}

func (x *expirer) pop(now time.Time) (due []*expiry) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.items) > 0 && len(due) < expireMost && !x.items[0].at.After(now) {
		due = append(due, heap.Pop(&x.items).(*expiry))
	}
	return due
}
