package pebblestore

import (
	"errors"
	"os"
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
	ballast   uint64 // bytes of the ballast file, at most

	free    atomic.Uint64 // as last asked; unknown is the largest
	pending atomic.Uint64 // bytes committed since
	full    atomic.Bool   // refusing

	mu     sync.Mutex
	held   uint64 // bytes of the ballast that is there
	taken  uint64 // bytes committed before pending
	sought bool   // that of the process before was given back, or is not there
}

const (
	spaceEvery   = 100 * time.Millisecond
	unknownSpace = ^uint64(0)

	maxMemtable  = 32 << 20
	minMemtable  = 1 << 20
	maxWatermark = 128 << 20
	maxBallast   = 64 << 20
	minBallast   = 8 << 20
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
	sp.memtable, sp.watermark = sizesOf(total)
	sp.ballast = min(total/50, maxBallast)
	return sp
}

// sizesOf gives the memtable and the watermark of a disk.
func sizesOf(total uint64) (memtable, watermark uint64) {
	memtable = clamp(total/64, minMemtable, maxMemtable)
	return memtable, min(max(total/16, 4*memtable), maxWatermark)
}

// Disk is what the disk of a data folder is like.
type Disk struct {
	Free, Least uint64        // bytes that are free, and below which writes are refused
	Sync        time.Duration // that a small write took to be durable, at worst of a few
}

// Measure tries the disk of a data folder, or of what it would lie in, with a file of its
// own, which is gone afterwards.
func Measure(dir string) (d Disk, err error) {
	at := existing(dir)
	use, err := vfs.Default.GetDiskUsage(at)
	if err != nil {
		return d, err
	}
	d.Free = use.AvailBytes
	_, d.Least = sizesOf(use.TotalBytes)
	f, err := os.CreateTemp(at, "hookgate-doctor-*")
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	for range 5 {
		begun := time.Now()
		if _, err := f.Write(make([]byte, 4<<10)); err != nil {
			return d, err
		}
		if err := f.Sync(); err != nil {
			return d, err
		}
		d.Sync = max(d.Sync, time.Since(begun))
	}
	return d, nil
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

// spares says whether there is room for so many bytes of what can wait: half of the
// watermark stays for what cannot. It asks anew each time, for a compaction writes a
// hundred MiB a second.
func (sp *space) spares(bytes int) bool {
	free, total, err := sp.s.opts.DiskUsage()
	return err != nil || total == 0 || free > sp.watermark/2+uint64(bytes)
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
	committed := sp.pending.Swap(0)
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
		sp.makeBallast(committed)
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
//
// It grows with what this process commits: what is not committed needs no room to be
// flushed, and a gateway that idles would hold 64 MiB for nothing.
func (sp *space) makeBallast(committed uint64) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.taken += min(committed, maxBallast)
	size := uint64(minBallast)
	for size < min(sp.taken, sp.ballast) {
		size *= 2
	}
	size = min(size, sp.ballast)
	if sp.held >= size {
		return
	}
	sp.held = 0 // Create gives back the blocks of the smaller one
	f, err := sp.s.opts.FS.Create(sp.ballastName(), vfs.WriteCategoryUnspecified)
	if err != nil {
		return
	}
	err = f.Preallocate(0, int64(size))
	if closed := f.Close(); err != nil || closed != nil {
		_ = sp.s.opts.FS.Remove(sp.ballastName()) // an empty file harms nobody
		return
	}
	sp.held = size
}

// releaseBallast gives the blocks back to the file system; false when there are none.
// Before the store is open they may be there from the process before.
func (sp *space) releaseBallast(opened bool) bool {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.held == 0 && (opened || sp.sought) {
		return false
	}
	sp.held, sp.sought = 0, true
	if opened {
		sp.shut(opened, errBallast)
	}
	return sp.s.opts.FS.Remove(sp.ballastName()) == nil
}
