package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// A gateway is held to its memory for as long as that leaves it room between two collections:
// what the bounds allow at once took twice its memory.
func TestMemoryForWhatThereIs(t *testing.T) {
	for _, c := range []struct{ live, want int64 }{
		{0, memoryAtEase}, {150 << 20, memoryAtEase}, {192 << 20, memoryAtEase}, {400 << 20, 664 << 20}, {4 << 40, 6<<40 + 64<<20},
	} {
		if got := memoryFor(c.live); got != c.want {
			t.Errorf("with %d bytes it may have %d, want %d", c.live, got, c.want)
		}
	}
}

// A heap that grows and shrinks has its limit, each time behind a collection.
func TestMemoryFollowsTheHeap(t *testing.T) {
	was := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(was) })
	t.Setenv("GOMEMLIMIT", "1GiB")
	holdMemory()
	if now := debug.SetMemoryLimit(-1); now != was {
		t.Fatalf("the limit is %d, and GOMEMLIMIT is set", now)
	}
	t.Setenv("GOMEMLIMIT", "")
	holdMemory()
	large := make([]byte, 600<<20)
	awaitMemoryLimit(t, 900<<20, math.MaxInt64-1)
	runtime.KeepAlive(large)
	large = nil
	awaitMemoryLimit(t, memoryAtEase, memoryAtEase)
}

func awaitMemoryLimit(t *testing.T, least, most int64) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.GC() { // a goroutine of the run time's sets it
		now := debug.SetMemoryLimit(-1)
		if now >= least && now <= most {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the limit is %d, want %d to %d", now, least, most)
		}
	}
}
