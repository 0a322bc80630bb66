package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// What is garbage takes as much memory as what is not, by default, and what was given back for
// the next large thing more: of all that the bounds allow at once a gateway would take far more
// than it has. It is held to memoryAtEase for as long as what it has leaves half of that as room
// between two collections: one after the other would leave no processor to others. The store has
// its memtables, and the program its own pages, beside that.
const (
	memoryAtEase = 352 << 20
	beside       = 64 << 20 // stacks, and what is free within pages
)

// holdMemory looks after each collection what the run time may have. Who sets GOMEMLIMIT has said so
// himself.
func holdMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryAtEase)
		afterCollection(memoryAtEase)
	}
}

// afterCollection sets the limit again after the next collection, and after each further one.
func afterCollection(last int64) {
	runtime.AddCleanup(&struct{ self *int }{}, func(last int64) {
		sample := [...]metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample[:])
		now := memoryFor(int64(sample[0].Value.Uint64()))
		if now != last {
			debug.SetMemoryLimit(now)
		}
		afterCollection(now)
	}, last)
}

// memoryFor gives what the run time may have where so much is no garbage.
func memoryFor(live int64) int64 { return max(memoryAtEase, live+live/2+beside) }
