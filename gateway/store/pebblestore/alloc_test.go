package pebblestore

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// TestAllocations holds what a callback asks of the store to no allocation at all:
// its whole way has ten.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties pools")
	}
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()}) // quick, lest the looks of watch be counted
	c := resumed(time.Now())
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte("never"))
	for name, do := range map[string]func() error{
		"Commit": func() error { return s.Commit(c) },
		"Mark":   func() error { _, _, err := s.Mark("acme", key, 24*time.Hour); return err },
		"Ended":  func() error { _, _, err := s.Ended("acme", "payments", "never"); return err },
		"Names":  func() error { _, _, err := s.Names("acme", "never"); return err },
	} {
		n := testing.AllocsPerRun(1000, func() {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		})
		if n >= 1 { // the average, rounded down: Pebble itself allocates now and then
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
