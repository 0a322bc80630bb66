package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard stands between Pebble and the disk, because Pebble cannot live with a
// log that fails: it panics with its commit lock held (commitWrite), or with its
// main lock released that a deferred call then releases again, which ends the
// process (rotateWAL), or hangs whoever comes next. So it never learns:
//
//   - When a write or a sync fails, guard fails the store first (Store.trip) and
//     then reports success. Every commit looks at that after Pebble is done and
//     before it acknowledges; so none does, and none hangs.
//   - From then on nothing of log and manifest reaches the disk any more: files
//     are neither written, made, renamed nor removed. The folder stays as a crash
//     at the fault would have left it, and that is what a restart recovers.
//   - Tables that a flush or compaction writes are held until Close and then get
//     an error: that, Pebble can live with. Reads go on.
//
// A write that finds no room has done nothing wrong yet. Its ballast is released
// and it tries again, for maxRoomWait where commits wait for it; a table that Pebble
// writes as it opens waits as long as it takes, for Pebble would try again at once and
// without end. A compaction does not wait: what it has written so far may be, on a small
// disk, all that is missing. It gives way before the room is gone, and Pebble removes what
// it has made. vfs.OnDiskFull
// would do the same, but it also repeats a sync that failed, and the second sync
// says yes to pages that the first has lost.
type guard struct {
	vfs.FS // reads, and what changes nothing
	s      *engine
	void   vfs.FS // where files are made after the failure

	gaveWay    atomic.Int64 // when a compaction last did, in ns of Unix time
	checkpoint string       // the folder of checkpoints, which are not guarded

	mu      sync.Mutex
	keeping bool     // until the store is open
	kept    []string // what Pebble wanted to remove before
}

const (
	maxRoomWait = 10 * time.Second
	roomPause   = 50 * time.Millisecond
)

// errFrozen ends a flush or compaction of a store that failed, at Close.
var errFrozen = errors.New("the store failed: nothing more is written")

func newGuard(s *engine) *guard {
	return &guard{
		FS: s.opts.FS, s: s, void: vfs.NewMem(), keeping: true, checkpoint: s.opts.FS.PathJoin(s.opts.Dir, checkpointDir),
	}
}

// keep puts a removal off: an opening that fails, because something is damaged after
// all, has removed nothing.
func (g *guard) keep(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keeping {
		g.kept = append(g.kept, name)
	}
	return g.keeping
}

// removeKept does what was put off.
func (g *guard) removeKept() {
	g.mu.Lock()
	names := g.kept
	g.keeping, g.kept = false, nil
	g.mu.Unlock()
	for _, name := range names {
		if err := g.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			g.s.opts.Logger.Warn("removing what the store needs no more; the next start tries again", "error", err)
		}
	}
}

func (g *guard) frozen() bool { return g.s.failure.Load() != nil }

// isTable says whether a file is one that Pebble can do without: it reports an
// error in the background and tries again with another.
func isTable(name string) bool {
	return strings.HasSuffix(name, ".sst") || strings.HasSuffix(name, ".blob")
}

// scarce says whether an error passes when somebody gives something back.
func scarce(err error) bool {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// change runs one operation that changes the disk, and decides what Pebble
// learns of it. It gives done false when the caller shall pretend.
func (g *guard) change(table bool, op func() error) (done bool, err error) {
	if g.frozen() {
		return false, g.hold(table)
	}
	err = op()
	for since := time.Now(); err != nil && scarce(err) && g.awaitRoom(table, since, err); {
		err = op()
	}
	if err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrExist) {
		return true, err
	}
	return g.fault(table, err)
}

// fault fails the store for an error of the disk. While the store is being opened nothing
// was promised yet, and the error is told, but for that of a table: Pebble would write it
// again at once and without end, and awaitPebble wait for it.
func (g *guard) fault(table bool, err error) (done bool, told error) {
	if !table && !g.s.opened.Load() || table && g.s.closing() {
		return true, err
	}
	g.s.trip(err)
	return false, g.hold(table)
}

// hold is the fate of an operation after the failure.
func (g *guard) hold(table bool) error {
	if !table {
		return nil
	}
	<-g.s.done
	return errFrozen
}

// awaitRoom waits until a write that found no room may try again. Commits wait
// for everything but tables, so that has an end.
func (g *guard) awaitRoom(table bool, since time.Time, err error) bool {
	opened := g.s.opened.Load()
	if g.s.space.releaseBallast(opened) {
		return true
	}
	if !table && (!opened || time.Since(since) > maxRoomWait) {
		return false
	}
	g.s.space.shut(opened, err)
	timer := time.NewTimer(roomPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-g.s.done:
		return false
	case <-g.s.failed:
		return false
	}
}

// yieldFor is how long a compaction rests behind one that gave way, or where it finds no room
// as it begins: Pebble tries again at once and without end, and the room that comes and goes
// would have writes taken and refused several times a second.
const yieldFor = 5 * time.Second

// errYields is the disk's own word for it, so that it reads like one.
var errYields = fmt.Errorf("a compaction gives way: %w", syscall.ENOSPC)

// yields says whether what is written of a kind can wait for room without holding any.
func (g *guard) yields(category vfs.DiskWriteCategory) bool {
	return g.s.opened.Load() && (category == "pebble-compaction" || category == "pebble-blob-file-rewrite")
}

// rest lets a compaction begin only where there is room for it.
func (g *guard) rest() error {
	pause := time.Until(time.Unix(0, g.gaveWay.Load()).Add(yieldFor))
	if !g.s.space.spares(0) {
		pause = yieldFor
	}
	if g.frozen() || pause <= 0 {
		return nil // of a store that failed hold has it
	}
	timer := time.NewTimer(min(pause, yieldFor))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-g.s.done:
		return errYields
	case <-g.s.failed:
		return nil
	}
	if !g.s.space.spares(0) {
		return errYields
	}
	return nil
}

// giveWay ends a compaction for which there is no room.
func (g *guard) giveWay() error {
	g.gaveWay.Store(time.Now().UnixNano())
	return errYields
}

func (g *guard) file(name string, op func() (vfs.File, error)) (f vfs.File, err error) {
	table := isTable(name)
	done, err := g.change(table, func() error {
		f, err = op()
		return err
	})
	if !done && err == nil {
		f, err = g.void.Create("void", vfs.WriteCategoryUnspecified)
	}
	if err != nil {
		return nil, err
	}
	guarded := &guardedFile{File: f, g: g, table: table}
	if done {
		guarded.kind, guarded.number = fileOf(name)
		g.s.known.made(name)
	}
	return guarded, nil
}

// elsewhere says whether a file is one of a checkpoint: what goes wrong with it is no
// failure of the store, and it is not among what is known of the store's own files.
func (g *guard) elsewhere(name string) bool { return strings.HasPrefix(name, g.checkpoint) }

func (g *guard) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if g.elsewhere(name) {
		return g.FS.Create(name, category)
	}
	yields := isTable(name) && g.yields(category)
	if yields {
		if err := g.rest(); err != nil {
			return nil, err
		}
	}
	f, err := g.file(name, func() (vfs.File, error) { return g.FS.Create(name, category) })
	if guarded, is := f.(*guardedFile); is && guarded.table {
		guarded.yields = yields
		guarded.paced = paced{eighths: g.s.pace.of(category), since: time.Now()}
	}
	return f, err
}

func (g *guard) OpenReadWrite(name string, category vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.file(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, category, opts...) })
}

func (g *guard) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file(newname, func() (vfs.File, error) {
		g.s.known.gone(oldname)
		return g.FS.ReuseForWrite(oldname, newname, category)
	})
}

// OpenDir guards the sync of a folder.
func (g *guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil || g.elsewhere(name) {
		return f, err
	}
	return &guardedFile{File: f, g: g, kind: folderFile}, nil
}

func (g *guard) Link(oldname, newname string) error {
	if g.elsewhere(newname) {
		return g.FS.Link(oldname, newname)
	}
	_, err := g.change(false, func() error { return g.FS.Link(oldname, newname) })
	return err
}

func (g *guard) Remove(name string) error {
	if g.elsewhere(name) {
		return g.FS.Remove(name)
	}
	if g.keep(name) {
		return nil
	}
	_, err := g.change(false, func() error {
		g.s.known.gone(name)
		return g.FS.Remove(name)
	})
	return err
}

func (g *guard) RemoveAll(name string) error {
	if g.elsewhere(name) {
		return g.FS.RemoveAll(name)
	}
	_, err := g.change(false, func() error { return g.FS.RemoveAll(name) })
	return err
}

func (g *guard) Rename(oldname, newname string) error {
	_, err := g.change(false, func() error { return g.FS.Rename(oldname, newname) })
	return err
}

// Unwrap gives the file system below.
func (g *guard) Unwrap() vfs.FS { return g.FS }
