package pebblestore

import (
	"math"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// TestAllocations holds what a callback asks of the store to no allocation at all, and what
// an event asks to the two of what is at hand of it: the whole way of each has ten.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()}) // quick, lest the looks of watch be counted
	at := time.Now()
	c, one, ten := resumed(at), published(at, 1), published(at, 10)
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte("never"))
	for name, do := range map[string]func() error{
		"Commit":    func() error { return s.Commit(c) },
		"Accept":    func() error { return s.Accept(one) },
		"Accept 10": func() error { return s.Accept(ten) },
		"Settle":    func() error { return settleFirst(s, one, at) },
		"Mark":      func() error { _, _, err := s.Mark("acme", key, 24*time.Hour); return err },
		"Ended":     func() error { _, _, err := s.Ended("acme", "payments", "never"); return err },
		"Names":     func() error { _, _, err := s.Names("acme", "never"); return err },
	} {
		n := leastAllocations(t, do)
		most := 1.0 // the average, rounded down: Pebble itself allocates now and then
		switch name {
		case "Accept":
			most = 3
		case "Settle":
			most = 4 // what is settled is not always at hand
		case "Accept 10":
			most = 22 // and more often, the more is written
		}
		if n >= most {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// leastAllocations gives the least of some measurements. Flushes and compactions run
// beside what is measured, and later on a busy machine: they add what is not its own.
func leastAllocations(t *testing.T, do func() error) float64 {
	t.Helper()
	least := math.Inf(1)
	for range 4 {
		least = min(least, testing.AllocsPerRun(500, func() {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}))
	}
	return least
}
