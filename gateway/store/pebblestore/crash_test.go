package pebblestore

import (
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCrash takes a copy of the disk, as a loss of power would leave it, at random
// moments of a busy store. What was acknowledged before is in it.
func TestCrash(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	c := &committers{s: s, size: 8 << 10}
	tickets := make(chan struct{}) // one for each commit, lest the disk grow for ever
	c.run(8, func() { <-tickets })
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		for range random.IntN(80) {
			tickets <- struct{}{}
		}
		acked := c.ids()
		left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
		if err := lost(t, left, acked); err != nil {
			t.Fatalf("with %d acknowledged: %v", len(acked), err)
		}
	}
	close(tickets)
	mustClose(t, s)
	c.wg.Wait()
	if err := lost(t, mem.CrashClone(vfs.CrashCloneCfg{}), c.ids()); err != nil {
		t.Fatalf("after Close: %v", err)
	}
}
