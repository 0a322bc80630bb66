package pebblestore

import (
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// pace spreads flushes and compactions over the time that there is for them. Pebble works
// at them as fast as it can, then rests for half a minute: on two cores a burst leaves whoever
// commits a turn of 10 ms now and then, and a request takes several (records/callbacks.md).
//
// Who writes a table rests after each block, or after a few, for as long as the work for it
// took, or a multiple of that: so he never has a processor for long, either. The fuller level 0
// and the memtables are, the shorter: well before the backlog has writes wait, nobody rests.
type pace struct {
	flush, compact atomic.Int32 // how often the time of work is rested, in eighths
	awaited        atomic.Int32 // how many wait for a compaction to end
}

const (
	// restful is how many sublevels level 0 may have for a compaction to take its time. A flush
	// adds one, and a compaction takes away only what lies above its part of the keys: at a
	// steady rate they go up to 16 and back.
	restful = 8
	// hurried is from how many on a compaction does not rest.
	hurried = 20
	// mostRest of a compaction and of a flush, in eighths of the time of their work.
	mostRest, flushRest = 24, 8
	// longestWork is what a block is taken to need at most: more is waiting, not work.
	longestWork = 20 * time.Millisecond
	// leastRest is what is worth a timer.
	leastRest = 500 * time.Microsecond
)

// set takes how much there is to do: the bytes that are in no table yet, and the sublevels.
func (p *pace) set(unflushed, memtable uint64, sublevels int32) {
	if p.awaited.Load() > 0 {
		p.hurry()
		return
	}
	rest := int32(flushRest)
	if unflushed > 2*memtable { // one is filled, and one is being flushed
		rest = 0
	}
	p.flush.Store(rest)
	p.compact.Store(mostRest * (hurried - min(max(sublevels, restful), hurried)) / (hurried - restful))
}

// hurry has nobody rest.
func (p *pace) hurry() {
	p.flush.Store(0)
	p.compact.Store(0)
}

// await has nobody rest until it is ended: somebody waits for a compaction.
func (p *pace) await() (end func()) {
	p.awaited.Add(1)
	p.hurry()
	return func() { p.awaited.Add(-1) }
}

// of gives how often who writes a table of a category rests; nil: he never does.
func (p *pace) of(category vfs.DiskWriteCategory) *atomic.Int32 {
	switch category {
	case "pebble-memtable-flush":
		return &p.flush
	case "pebble-compaction", "pebble-blob-file-rewrite":
		return &p.compact
	}
	return nil
}

// paced is one table that is written.
type paced struct {
	eighths *atomic.Int32
	since   time.Time     // when the work at what is written next began
	owed    time.Duration // rest that was too short for a timer
}

// rest rests for the work since the last block, unless the store is closed or failed.
func (f *paced) rest(s *engine) {
	if f.eighths == nil || !s.opened.Load() {
		return
	}
	now := time.Now()
	f.owed += min(now.Sub(f.since), longestWork) * time.Duration(f.eighths.Load()) / 8
	f.since = now
	if f.owed < leastRest {
		return
	}
	timer := time.NewTimer(f.owed)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.done:
	case <-s.failed:
	}
	f.since, f.owed = time.Now(), 0
}
