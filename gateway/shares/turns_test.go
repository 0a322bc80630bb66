package shares

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// One owner has one turn, others come between, and nobody is forgotten.
func TestTurns(t *testing.T) {
	const longest = 256
	turns := NewTurns(2, longest, time.Minute)
	var mu sync.Mutex
	holding := map[string]int{}
	all, order := 0, []string{}
	var wait sync.WaitGroup
	take := func(owner string) {
		wait.Go(func() {
			if !turns.Take(owner) {
				t.Errorf("no turn for %s", owner)
				return
			}
			mu.Lock()
			holding[owner]++
			all++
			order = append(order, owner)
			if holding[owner] > 1 || all > 2 {
				t.Errorf("%v hold turns", holding)
			}
			mu.Unlock()
			time.Sleep(100 * time.Microsecond) // others try meanwhile
			mu.Lock()
			holding[owner]--
			all--
			mu.Unlock()
			turns.Give(owner)
		})
	}
	for range 100 {
		take("hostile")
	}
	for i := range 20 {
		take(fmt.Sprint("other", i%3))
	}
	wait.Wait()
	if len(order) != 120 || !turns.Idle() {
		t.Errorf("%d turns, %d lines, %d held", len(order), len(turns.lines), turns.held)
	}
	for i := range longest + 1 { // one more than who holds it
		go func() { turns.Take("full") }()
		for {
			turns.mu.Lock()
			l := turns.lines["full"]
			n := 0
			if l != nil {
				n = len(l.waiting)
			}
			turns.mu.Unlock()
			if n == i {
				break
			}
		}
	}
	if turns.Take("full") {
		t.Error("a line has no end")
	}
}

// Who waits longer than is said gets out of the line, and leaves nothing behind.
func TestTurnsHavePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := NewTurns(1, 8, 5*time.Second)
		if !turns.Take("slow") {
			t.Fatal("no turn where nobody else is")
		}
		begun := time.Now()
		if turns.Take("slow") || turns.Take("other") || time.Since(begun) != 10*time.Second {
			t.Errorf("two waited %s", time.Since(begun))
		}
		turns.Give("slow")
		if !turns.Idle() {
			t.Error("who gave up is still in a line")
		}
	})
}
