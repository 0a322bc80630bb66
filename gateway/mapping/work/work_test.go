package work

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSpend(t *testing.T) {
	var b Budget
	b.Begin(100, "")
	if !b.Spend(100) || b.Over() || b.Left() != 0 {
		t.Errorf("all of it is over: %+v", b)
	}
	if b.Spend(1) || !b.Over() || b.Busy() {
		t.Errorf("more than all is not over: %+v", b)
	}
}

// What is done aside is counted apart, and takes nothing of what there was.
func TestAside(t *testing.T) {
	var b Budget
	b.Begin(100, "")
	b.Spend(40)
	before := b.Aside(10, "")
	if b.Spend(11) {
		t.Error("11 of 10")
	}
	if b = before; b.Left() != 60 || !b.Spend(60) {
		t.Errorf("%d are left", b.Left())
	}
}

// Who takes long waits for its turn, and what it waited is no time of its own; Let
// and Rest make room for the next.
func TestTurnsAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first, second Budget
		if !first.Hold("acme") {
			t.Fatal("nobody else is there")
		}
		second.Begin(time.Second, "acme")
		if !second.Spend(noTurns) {
			t.Fatal("what is short waits")
		}
		began := time.Now()
		time.AfterFunc(3*time.Second, first.Let)
		if !second.Spend(1) || time.Since(began) != 3*time.Second {
			t.Errorf("waited %s, left %d", time.Since(began), second.Left())
		}
		synctest.Wait() // Let goes on while who waited has its turn
		if own := second.Now().Sub(began); own != 0 {
			t.Errorf("its own time is %s", own)
		}
		second.Rest()
		if !first.Hold("acme") {
			t.Error("who rests still has the turn")
		}
		second.Begin(time.Second, "acme")
		if second.Spend(noTurns+1) || !second.Busy() || !second.Over() {
			t.Errorf("there was a turn beside one that is held: %+v", second)
		}
		first.Let()
	})
}

func BenchmarkSpend(b *testing.B) {
	var w Budget
	w.Begin(time.Hour, "")
	for b.Loop() {
		w.Spend(1)
	}
}

// Who holds a turn gives back his own, whoever the bound is of that he begins meanwhile.
func TestHeldTurnKeepsItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, owner := range []string{"", "acme", "rival"} {
			var b Budget
			if !b.Hold("acme") {
				t.Fatal("nobody else is there")
			}
			b.Begin(time.Second, owner)
			if !b.Spend(noTurns + 1) {
				t.Errorf("%q: it holds a turn, and has none", owner)
			}
			b.Let()
			if !turns.Idle() {
				t.Fatalf("%q: the turn is not given back", owner)
			}
		}
	})
}
