package api

import (
	"math"
	"runtime"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// turns lets calls that look through a tenant's whole past do so one after the other:
// what they cost grows with that past, and many at once would take the processor from
// callbacks (SPEC 16: no tenant may slow another). At most half of the processors look
// through something. Of one tenant only one call does, and the next waits for it to
// end; calls of several tenants take turns of a slice each. The zero value is ready.
type turns struct {
	ready sync.Once
	// lanes are the calls of one tenant by one kind of caller: who looks after a tenant
	// does not queue behind the tenant itself.
	lanes *shares.Turns
	// slices are of those whose turn it is in their lane, an owner after the other: of a
	// tree of tenants all together, however many tenants it has.
	slices *shares.Turns
}

const (
	// slice is how long a call looks before it lets others.
	slice = 5 * time.Millisecond
	// sliceRows is after how many rows it looks at the clock.
	sliceRows = 16
	// mostTurns is how many calls of one lane may look or wait at once.
	mostTurns = 32
)

var errManyTurns = gateway.Unavailable("so many lists of this tenant are being read", time.Second)

// turn is a call's right to look.
type turn struct {
	of    *turns
	name  string // of its lane
	owner string // of its slices
	rows  int
	since time.Time // of its slice
	owns  bool      // a slice
}

func (t *turns) begin() {
	t.lanes = shares.NewTurns(math.MaxInt, mostTurns-1, 0)
	t.slices = shares.NewTurns(max(1, runtime.GOMAXPROCS(0)/2), math.MaxInt, 0)
}

// enter waits for a turn, and for a slice where it looks row by row. leave has to
// follow.
func (t *turns) enter(name, owner string, sliced bool) (*turn, error) {
	t.ready.Do(t.begin)
	if !t.lanes.Take(name) {
		return nil, errManyTurns
	}
	x := &turn{of: t, name: name, owner: owner}
	if sliced {
		x.take()
	}
	return x, nil
}

// leave ends a turn; a nil one has nothing to end.
func (x *turn) leave() {
	if x == nil {
		return
	}
	if x.owns {
		x.give()
	}
	x.of.lanes.Give(x.name)
}

// work takes a slice for what takes milliseconds and asks nobody: to read a large body, or to
// write down one large thing. A call that looks has its own. end must follow, before the call
// waits for anything.
func work(c *call) (end func()) {
	if c.turn != nil {
		return func() {}
	}
	return c.turns.work(ownerOf(c))
}

func (t *turns) work(owner string) (end func()) {
	t.ready.Do(t.begin)
	x := &turn{of: t, owner: owner}
	x.take()
	return x.give
}

// row is called for each row that is looked at: after a slice others have theirs.
func (x *turn) row() {
	if x == nil {
		return
	}
	if x.rows++; x.rows%sliceRows == 0 {
		x.part()
	}
}

// part is called for what takes longer than a row.
func (x *turn) part() {
	if x != nil && time.Since(x.since) > slice {
		x.give()
		x.take()
	}
}

// take waits for a slice.
func (x *turn) take() {
	x.of.slices.Take(x.owner)
	x.since, x.owns = time.Now(), true
}

// give lets the next have the slice.
func (x *turn) give() {
	x.owns = false
	x.of.slices.Give(x.owner)
}
