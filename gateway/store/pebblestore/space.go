package pebblestore

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// space turns writes away before the disk is full, and takes them again when
// there is room: a log that cannot grow would fail the store for good.
//
// Three nets, one below the other: the watermark, looked at every spaceEvery and
// in between by counting what was committed; the ballast, a file whose blocks a
// write gets that found no room all the same (guard.awaitRoom); and that write's
// waiting for a while.
type space struct {
	s         *engine
	memtable  uint64 // bytes; its log and its table are as large
	watermark uint64 // below it writes are refused
	ballast   uint64 // bytes of the ballast file

	free    atomic.Uint64 // as last asked; unknown is the largest
	pending atomic.Uint64 // bytes committed since
	full    atomic.Bool   // refusing

	mu     sync.Mutex
	held   bool // the ballast is there
	sought bool // that of the process before was given back, or is not there
}

const (
	spaceEvery   = 100 * time.Millisecond
	unknownSpace = ^uint64(0)

	maxMemtable  = 32 << 20
	minMemtable  = 1 << 20
	maxWatermark = 128 << 20
	maxBallast   = 64 << 20
)

// newSpace sizes everything by the disk: what serves a disk of a terabyte would
// never start on a tmpfs of 64 MiB. The watermark leaves room for what is in
// memory to be flushed and logged, twice, and for a compaction beside it.
func newSpace(s *engine) *space {
	sp := &space{s: s, memtable: 4 << 20}
	sp.free.Store(unknownSpace)
	free, total, err := s.opts.DiskUsage()
	if err != nil || total == 0 {
		return sp
	}
	sp.free.Store(free)
	sp.memtable = clamp(total/64, minMemtable, maxMemtable)
	sp.watermark = min(max(total/16, 4*sp.memtable), maxWatermark)
	sp.ballast = min(total/50, maxBallast)
	return sp
}

func clamp(n, least, most uint64) uint64 { return min(max(n, least), most) }

// enough says whether there is room above a bound.
func (sp *space) enough(bound uint64) bool {
	free := sp.free.Load()
	if free == unknownSpace {
		return !sp.full.Load()
	}
	// A committed byte is written to the log, and to a table when flushed.
	return free > bound+2*sp.pending.Load()
}

// admit refuses a write that there is no room for. What was counted is the most
// that it can have come to; when that is too much, it asks.
func (sp *space) admit() error {
	if !sp.full.Load() && !sp.enough(sp.watermark) {
		sp.look()
	}
	if sp.full.Load() {
		return errFull()
	}
	return nil
}

// admitMany is admit of what is written in many commits: all of it must find room.
func (sp *space) admitMany(bytes uint64) error {
	if err := sp.admit(); err != nil || sp.enough(sp.watermark+2*bytes) {
		return err
	}
	if sp.look(); sp.enough(sp.watermark + 2*bytes) {
		return nil
	}
	return errFull()
}

// admitSettle lets the outcome of a delivery through for longer: it is small, and
// what is not written down is sent again.
func (sp *space) admitSettle() error {
	if sp.enough(sp.watermark / 2) {
		return nil
	}
	return errFull()
}

func errFull() error { return gateway.Unavailable("the disk is full", retryAfter) }

// look asks how much room there is. It takes writes again, and makes the ballast
// again, only some way above the watermark, lest it flutter.
func (sp *space) look() {
	free, total, err := sp.s.opts.DiskUsage()
	if err != nil || total == 0 {
		sp.full.Store(false) // who finds no room will say so again
		return
	}
	sp.pending.Store(0)
	sp.free.Store(free)
	roomy := sp.watermark + sp.watermark/4
	switch {
	case free <= sp.watermark:
		if !sp.full.Swap(true) {
			sp.s.opts.Logger.Warn(tellFull, "free_bytes", free, "watermark_bytes", sp.watermark)
		}
	case free > roomy && sp.full.CompareAndSwap(true, false):
		sp.s.opts.Logger.Info("the disk has room again: writes are taken", "free_bytes", free)
	}
	if free > roomy+2*sp.ballast {
		sp.makeBallast()
	}
}

// shut refuses writes, because one found no room all the same, and says so once.
func (sp *space) shut(opened bool, why error) {
	if sp.full.Swap(true) {
		return
	}
	tell := tellFull
	if !opened {
		tell = "the disk is full: the start waits until there is room"
	}
	sp.s.opts.Logger.Warn(tell, "free_bytes", sp.free.Load(), "error", why)
}

var errBallast = errors.New("a write needed the blocks that were kept for it")

const tellFull = "the disk is full: writes are refused until there is room"

func (sp *space) ballastName() string {
	return sp.s.opts.FS.PathJoin(sp.s.opts.Dir, "ballast")
}

// makeBallast reserves the blocks of the ballast. Where the file system cannot
// reserve, there is none.
func (sp *space) makeBallast() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.held || sp.ballast == 0 {
		return
	}
	f, err := sp.s.opts.FS.Create(sp.ballastName(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return
	}
	err = f.Preallocate(0, int64(sp.ballast))
	if closed := f.Close(); err != nil || closed != nil {
		_ = sp.s.opts.FS.Remove(sp.ballastName()) // an empty file harms nobody
		return
	}
	sp.held = true
}

// releaseBallast gives the blocks back to the file system; false when there are none.
// Before the store is open they may be there from the process before.
func (sp *space) releaseBallast(opened bool) bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if !sp.held && (opened || sp.sought) {
		return false
	}
	sp.held, sp.sought = false, true
	if opened {
		sp.shut(opened, errBallast)
	}
	return sp.s.opts.FS.Remove(sp.ballastName()) == nil
}
