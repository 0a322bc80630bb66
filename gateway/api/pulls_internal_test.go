package api

import (
	"slices"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/outbound"
	"hookgate/gateway/shares"
)

// leavingLanes lend one delivery, and meanwhile the client leaves.
type leavingLanes struct {
	Pulls
	leaves func()
	back   []string
}

func (l *leavingLanes) Pull(_ gateway.LaneKey, _ int, _ time.Duration, show func(*outbound.Given) bool) ([]string, error) {
	show(&outbound.Given{ID: "dlv_1", Lease: "lease_1_1", Attempt: 1, Body: make([]byte, 64<<10)})
	l.leaves()
	return []string{"lease_1_1"}, nil
}

func (l *leavingLanes) GiveBack(_ gateway.LaneKey, leases []string) error {
	l.back = append(l.back, leases...)
	return nil
}

// What was lent to a client that left while it was lent is given back, and neither its seat
// nor the memory of its answer stays.
func TestPullsOfAClientThatLeaves(t *testing.T) {
	answers, seats := shares.New(8<<20), shares.New(10)
	lanes := &leavingLanes{}
	seats.Take(shares.Tenant("acme"), 1)
	w := &heldPull{
		pulling: pulling{key: gateway.LaneKey{Tenant: "acme", Endpoint: "desk"}, most: 10, lease: time.Minute},
		of:      &pulls{lanes: lanes, accounts: accounts{answers, directory.New()}, most: 8 << 20},
		seat:    seat{seats, shares.Tenant("acme")}, timer: time.AfterFunc(time.Hour, func() {}), may: func() error { return nil }, gone: func() bool { return false },
	}
	lanes.leaves = w.leave
	w.ready(nil)
	if !slices.Equal(lanes.back, []string{"lease_1_1"}) {
		t.Errorf("given back are %q", lanes.back)
	}
	if answers.Stat().Used != 0 || seats.Stat().Used != 0 {
		t.Errorf("there stay %+v of answers and %+v of seats", answers.Stat(), seats.Stat())
	}
	if w.timer.Stop() {
		t.Error("its timer runs on")
	}
}
