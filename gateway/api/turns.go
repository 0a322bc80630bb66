package api

import (
	"runtime"
	"sync"
	"time"

	"hookgate/gateway"
)

// turns lets calls that look through a tenant's whole past do so one after the other:
// what they cost grows with that past, and many at once would take the processor from
// callbacks (SPEC 16: no tenant may slow another). At most half of the processors look
// through something. Of one tenant only one call does, and the next waits for it to
// end; calls of several tenants take turns of a slice each. The zero value is ready.
type turns struct {
	mu      sync.Mutex
	lanes   map[string]*turnLane
	running int             // slices
	queue   []chan struct{} // of those that wait for a slice, in their order
}

// turnLane is the calls of one tenant by one kind of caller: who looks after a tenant
// does not queue behind the tenant itself.
type turnLane struct {
	turn  chan struct{} // holds a token while nobody looks
	users int           // who look or wait
}

const (
	// slice is how long a call looks before it lets others.
	slice = 5 * time.Millisecond
	// sliceRows is after how many rows it looks at the clock.
	sliceRows = 256
	// mostTurns is how many calls of one lane may look or wait at once.
	mostTurns = 32
)

var errManyTurns = gateway.Unavailable("so many lists of this tenant are being read", time.Second)

// turn is a call's right to look.
type turn struct {
	of    *turns
	lane  *turnLane
	name  string
	rows  int
	since time.Time // of its slice
	owns  bool      // a slice
}

// enter waits for a turn, and for a slice where it looks row by row. leave has to
// follow.
func (t *turns) enter(name string, sliced bool) (*turn, error) {
	lane, err := t.join(name)
	if err != nil {
		return nil, err
	}
	<-lane.turn
	x := &turn{of: t, lane: lane, name: name}
	if sliced {
		x.take()
	}
	return x, nil
}

func (t *turns) join(name string) (*turnLane, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lane := t.lanes[name]
	if lane == nil {
		if t.lanes == nil {
			t.lanes = make(map[string]*turnLane)
		}
		lane = &turnLane{turn: make(chan struct{}, 1)}
		lane.turn <- struct{}{}
		t.lanes[name] = lane
	}
	if lane.users == mostTurns {
		return nil, errManyTurns
	}
	lane.users++
	return lane, nil
}

// leave ends a turn; a nil one has nothing to end.
func (x *turn) leave() {
	if x == nil {
		return
	}
	if x.owns {
		x.give()
	}
	x.lane.turn <- struct{}{}
	x.of.mu.Lock()
	defer x.of.mu.Unlock()
	if x.lane.users--; x.lane.users == 0 {
		delete(x.of.lanes, x.name)
	}
}

// row is called for each row that is looked at: after a slice others have theirs.
func (x *turn) row() {
	if x == nil {
		return
	}
	if x.rows++; x.rows%sliceRows == 0 && time.Since(x.since) > slice {
		x.give()
		x.take()
	}
}

// take waits for a slice.
func (x *turn) take() {
	t := x.of
	t.mu.Lock()
	if t.running < max(1, runtime.GOMAXPROCS(0)/2) {
		t.running++
		t.mu.Unlock()
	} else {
		mine := make(chan struct{})
		t.queue = append(t.queue, mine)
		t.mu.Unlock()
		<-mine
	}
	x.since, x.owns = time.Now(), true
}

// give lets the next have the slice.
func (x *turn) give() {
	x.owns = false
	t := x.of
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		t.running--
		return
	}
	close(t.queue[0])
	t.queue = t.queue[1:]
}
