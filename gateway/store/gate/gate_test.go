package gate

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// TestEndWaits: the end waits for all who are inside, and lets nobody in meanwhile.
func TestEndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		const inside = 3
		for range inside {
			if err := g.Enter(); err != nil {
				t.Fatal(err)
			}
		}
		over := false
		var ending sync.WaitGroup
		ending.Go(func() { over = g.End() })
		for range inside {
			synctest.Wait()
			if over {
				t.Fatal("it is over while somebody is inside")
			}
			if err := g.Enter(); !errors.Is(err, ErrClosed) || !g.Ended() {
				t.Errorf("after the end: %v", err)
			}
			g.Leave()
		}
		ending.Wait()
		if !over || g.End() {
			t.Error("it is not over, or ended twice")
		}
		if err := g.Enter(); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestEndOfNobody: with nobody inside it is over at once.
func TestEndOfNobody(t *testing.T) {
	var g Gate
	if g.Ended() || !g.End() {
		t.Error("it does not end")
	}
}
