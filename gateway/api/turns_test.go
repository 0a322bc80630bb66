package api

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/metrics"
)

// lookingFor is a call that looks through so many rows, each of which takes a
// millisecond.
func lookingFor(t *testing.T, of *turns, name string, rows int, now *atomic.Int64) (took time.Duration) {
	began := time.Now()
	x, err := of.enter(name, strings.TrimRight(name, "0123456789"), true)
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
		if _, err := of.enter("mallory", "mallory", true); !errors.Is(err, errManyTurns) {
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

// The lanes of one tree of tenants have the slices of one: a tree of many tenants lets
// another's list through as soon as one of few does.
func TestTurnsOfATree(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	synctest.Test(t, func(t *testing.T) {
		var of turns
		var now atomic.Int64
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() { lookingFor(t, &of, fmt.Sprint("mallory", i), 4*sliceRows, &now) })
		}
		synctest.Wait()
		if took := lookingFor(t, &of, "acme", 2*sliceRows, &now); took > 6*sliceRows*time.Millisecond {
			t.Errorf("a list of two slices beside 50 of one tree took %s", took)
		}
		all.Wait()
		if !of.lanes.Idle() || !of.slices.Idle() {
			t.Errorf("left behind: %+v", &of)
		}
	})
}

// Who reads one thing after the other has all of the gate until others want some.
func TestGateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		s := directory.Build(metrics.New("test"), []*directory.Tenant{{ID: "mallory"}, {ID: "child", Spec: gateway.Tenant{Parent: "mallory"}}, {ID: "acme"}}, nil)
		read := func(tenant string, took chan<- string) {
			c := &call{API: &API{}, snapshot: s, by: auth.Principal{Scope: auth.Tenant, Tenant: tenant}}
			if err := c.pass(g); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			took <- tenant
			c.leave(false)
		}
		took := make(chan string, 400)
		for i := range 200 {
			go read([]string{"mallory", "child"}[i%2], took)
		}
		synctest.Wait()
		began := time.Now()
		acme := make(chan string)
		go read("acme", acme)
		if <-acme; time.Since(began) > 2*time.Second {
			t.Errorf("beside 200 reads of one tree another's took %s", time.Since(began))
		}
		for range 200 {
			<-took
		}
		if passed := time.Since(began); passed > 60*time.Second { // 4 at a time and more
			t.Errorf("200 reads of one tree took %s", passed)
		}
		synctest.Wait()
		if !g.Idle() {
			t.Error("somebody keeps the gate")
		}
	})
}

// Every list takes turns: one of a thousand endpoints, or of what is kept in memory, takes a
// processor for milliseconds, too.
func TestListsTakeTurns(t *testing.T) {
	lists := 0
	for _, r := range new(nouns).routes() {
		for method, a := range r.methods {
			if !slices.Contains(a.query, "cursor") {
				continue
			}
			if lists++; !a.looks {
				t.Errorf("%s %s takes none", method, r.path)
			}
		}
	}
	if lists < 20 {
		t.Errorf("there are %d lists", lists)
	}
}

// What is not sliced waits for its own lane only.
func TestTurnsOfOneLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var of turns
		first, err := of.enter("acme", "acme", false)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan time.Time, 1)
		go func() {
			second, _ := of.enter("acme", "acme", false)
			done <- time.Now()
			second.leave()
		}()
		time.Sleep(time.Second)
		other, err := of.enter("other", "other", true)
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
