package api

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// lookingFor is a call that looks through so many rows, each of which takes a
// millisecond.
func lookingFor(t *testing.T, of *turns, name string, rows int, now *atomic.Int64) (took time.Duration) {
	began := time.Now()
	x, err := of.enter(name, true)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer x.leave()
	for range rows {
		if n := now.Add(1); n > int64(max(1, runtime.GOMAXPROCS(0)/2)) {
			t.Errorf("%d look at once", n)
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		x.row()
	}
	return time.Since(began)
}

// A tenant's many long lists let another's short one through between their slices.
func TestTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	synctest.Test(t, func(t *testing.T) {
		var of turns
		var now atomic.Int64
		var all sync.WaitGroup
		for range mostTurns {
			all.Go(func() { lookingFor(t, &of, "mallory", 20*sliceRows, &now) })
		}
		synctest.Wait()
		if _, err := of.enter("mallory", true); !errors.Is(err, errManyTurns) {
			t.Errorf("one more: %v", err)
		}
		if took := lookingFor(t, &of, "acme", 10, &now); took > 2*sliceRows*time.Millisecond {
			t.Errorf("another tenant's list of 10 rows took %s", took)
		}
		all.Wait()
		if !of.lanes.Idle() || !of.slices.Idle() {
			t.Errorf("left behind: %+v", &of)
		}
	})
}

// What is not sliced waits for its own lane only.
func TestTurnsOfOneLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var of turns
		first, err := of.enter("acme", false)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan time.Time, 1)
		go func() {
			second, _ := of.enter("acme", false)
			done <- time.Now()
			second.leave()
		}()
		time.Sleep(time.Second)
		other, err := of.enter("other", true)
		if err != nil {
			t.Fatal(err)
		}
		other.leave()
		left := time.Now()
		first.leave()
		if at := <-done; at.Before(left) {
			t.Error("two of one tenant had a turn at once")
		}
		var none *turn
		none.row()
		none.leave()
	})
}
