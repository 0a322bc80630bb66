package pebblestore

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// disk is a made-up disk of 64 MiB: its watermark is at 4 MiB.
type disk struct {
	mem  *vfs.MemFS
	free atomic.Int64
	full func(op errorfs.Op) bool // says no to an operation
	on   atomic.Bool
	log  *slog.Logger // of the store; nil: none
}

const mib = 1 << 20

func newDisk(free int64) *disk {
	d := &disk{mem: vfs.NewMem()}
	d.free.Store(free)
	return d
}

func (d *disk) open(t *testing.T) *Store {
	fs := errorfs.Wrap(d.mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if d.on.Load() && d.full(op) {
			return syscall.ENOSPC
		}
		return nil
	}))
	return mustOpen(t, Options{Dir: "data", FS: fs, Logger: d.log, DiskUsage: func() (uint64, uint64, error) {
		return uint64(d.free.Load()), 64 * mib, nil
	}})
}

// becomes sets the room and waits until the store looked.
func (d *disk) becomes(free int64) {
	d.free.Store(free)
	time.Sleep(2 * spaceEvery)
}

func commitOne(s *Store, size int) error {
	return s.Commit(&gateway.Change{Wait: openWait(time.Now(), size)})
}

func wantFull(t *testing.T, what string, err error) {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code != gateway.CodeUnavailable || e.RetryAfter <= 0 {
		t.Errorf("%s: %v, want unavailable with Retry-After", what, err)
	}
}

func TestWatermark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(20 * mib)
		s := d.open(t)
		n := gateway.WaitNotice(openWait(time.Now(), 1), time.Now())
		settle := func() error {
			return s.Settle(&n.Delivery, nil)
		}
		if err := s.Commit(&gateway.Change{Notice: n}); err != nil {
			t.Fatal(err)
		}
		d.becomes(3 * mib)
		wantFull(t, "commit", commitOne(s, 10))
		wantFull(t, "resource", s.PutResources(gateway.Record{Kind: "k", Tenant: "t"}))
		wantFull(t, "deleting a resource", s.DeleteResource("k", "t", ""))
		if err := s.DeleteTenant("t"); err != nil {
			t.Errorf("deleting a tenant, which makes room: %v", err)
		}
		if !s.Stats().Full || s.Healthy() != nil {
			t.Errorf("full: %v, healthy: %v", s.Stats().Full, s.Healthy())
		}
		if _, _, err := s.Load("acme", n.Delivery.ID); err != nil {
			t.Errorf("a read on a full disk: %v", err)
		}
		if err := s.Expire(time.Now()); err != nil {
			t.Errorf("expiry, which makes room: %v", err)
		}
		if err := settle(); err != nil {
			t.Errorf("settling with some room left: %v", err)
		}
		d.becomes(1 * mib)
		wantFull(t, "settling with hardly any", settle())
		wantFull(t, "deleting a tenant with hardly any", s.DeleteTenant("t"))
		d.becomes(4*mib + mib/2)
		wantFull(t, "commit just above the watermark", commitOne(s, 10))
		d.becomes(6 * mib)
		if err := errors.Join(commitOne(s, 10), settle()); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// TestWatermarkBetweenLooks commits so fast that nobody looks meanwhile.
func TestWatermarkBetweenLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(10 * mib)
		s := d.open(t)
		d.free.Store(3 * mib) // no time passes in which it could be seen
		for range 3 {
			if err := commitOne(s, mib); err != nil {
				t.Fatal(err)
			}
		}
		wantFull(t, "the fourth MiB, twice written, of ten", commitOne(s, mib))
		d.becomes(10 * mib)
		for range 20 {
			if err := commitOne(s, mib); err != nil {
				t.Fatalf("with room, however fast: %v", err)
			}
		}
	})
}

// TestNoRoomPasses has the log find no room all of a sudden: the commit that hit it
// waits and is kept, later ones are refused, and all is well when there is room.
func TestNoRoomPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(20 * mib)
		d.full = func(op errorfs.Op) bool { return isLog(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite }
		s := d.open(t)
		d.on.Store(true)
		d.free.Store(0)
		kept := openWait(time.Now(), 10)
		hit := make(chan error, 1)
		go func() { hit <- s.Commit(&gateway.Change{Wait: kept}) }()
		time.Sleep(3 * time.Second)
		wantFull(t, "a commit after the one that hit it", commitOne(s, 10))
		select {
		case err := <-hit:
			t.Fatalf("the commit that hit it came back: %v", err)
		default:
		}
		d.on.Store(false)
		d.becomes(20 * mib)
		if err := errors.Join(<-hit, commitOne(s, 10), s.Healthy()); err != nil {
			t.Errorf("with room again: %v", err)
		}
		if _, err := s.Wait("acme", kept.ID); err != nil {
			t.Errorf("what was kept: %v", err)
		}
	})
}

// TestNoRoomForLong ends the waiting: a commit has an end.
func TestNoRoomForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(20 * mib)
		d.full = func(op errorfs.Op) bool { return isLog(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite }
		s := d.open(t)
		d.on.Store(true)
		began := time.Now()
		if err := commitOne(s, 10); err == nil || isUnavailable(err) {
			t.Errorf("commit: %v, want that its outcome is unknown", err)
		}
		if waited := time.Since(began); waited > maxRoomWait+time.Second {
			t.Errorf("it took %s", waited)
		}
		if err := s.Healthy(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("healthy: %v, want ENOSPC", err)
		}
	})
}

// TestNoRoomForTables fills memtables that cannot be flushed: the store holds writes
// back, for a bounded time, and goes on by itself.
func TestNoRoomForTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(1 << 40) // it says that there is room
		d.full = func(op errorfs.Op) bool { return isTable(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite }
		s := d.open(t)
		d.on.Store(true)
		var err error
		written := 0
		for err == nil && written < 1000 {
			err = commitOne(s, 100<<10)
			written++
			time.Sleep(10 * time.Millisecond)
		}
		wantFull(t, "writing on and on", err)
		if most := 3 * maxUnflushed * 10; written > most { // 10 of them fill a memtable
			t.Errorf("%d were taken, want %d at most", written, most)
		}
		d.on.Store(false)
		time.Sleep(time.Second)
		if err := commitOne(s, 10); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// TestBallast gives its blocks to a write that finds no room, and is made again.
func TestBallast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(60 * mib)
		there := func() bool {
			_, err := d.mem.Stat("data/ballast")
			return err == nil
		}
		d.full = func(op errorfs.Op) bool {
			return isLog(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite && there()
		}
		s := d.open(t)
		if !there() {
			t.Fatal("no ballast on a roomy disk")
		}
		d.on.Store(true)
		d.free.Store(5 * mib)
		began := time.Now()
		if err := commitOne(s, 10); err != nil || time.Since(began) > 0 {
			t.Errorf("the commit that needed it: %v after %s", err, time.Since(began))
		}
		if there() {
			t.Error("the ballast was not released")
		}
		wantFull(t, "the next commit", commitOne(s, 10))
		d.on.Store(false)
		d.becomes(60 * mib)
		if err := commitOne(s, 10); err != nil || !there() {
			t.Errorf("with room again: %v, ballast %v", err, there())
		}
	})
}

// crashed gives what a loss of power leaves of a disk on which w was committed.
func crashed(t *testing.T, w *gateway.Wait) *vfs.MemFS {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	if err := s.Commit(&gateway.Change{Wait: w}); err != nil {
		t.Fatal(err)
	}
	return mem.CrashClone(vfs.CrashCloneCfg{})
}

// TestOpenWithoutRoom starts on a disk that has no room for the table of what the log
// holds: the start waits, says so once, and does not wear itself out.
func TestOpenWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, kept := newDisk(0), openWait(time.Now(), 10)
		d.mem = crashed(t, kept)
		tried := 0
		d.full = func(op errorfs.Op) bool {
			no := isTable(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite
			if no {
				tried++
			}
			return no
		}
		d.on.Store(true)
		var told bytes.Buffer
		d.log = slog.New(slog.NewTextHandler(&told, nil))
		began := time.Now()
		time.AfterFunc(10*time.Second, func() {
			d.on.Store(false)
			d.free.Store(60 * mib)
		})
		s := d.open(t)
		if waited := time.Since(began); waited < 10*time.Second || waited > 11*time.Second {
			t.Errorf("it opened after %s, want when there is room, after 10 s", waited)
		}
		if most := 2 * int(10*time.Second/roomPause); tried > most {
			t.Errorf("%d tries, want %d at most", tried, most)
		}
		if n := strings.Count(told.String(), "the start waits until there is room"); n != 1 || strings.Count(told.String(), "\n") > 3 {
			t.Errorf("the log:\n%s", told.String())
		}
		if _, err := s.Wait("acme", kept.ID); err != nil {
			t.Errorf("what was kept: %v", err)
		}
		if err := commitOne(s, 10); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

// TestOpenWithBallast starts where the process before left its ballast: it is given
// to what finds no room.
func TestOpenWithBallast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(0)
		d.mem = crashed(t, openWait(time.Now(), 10))
		f, err := d.mem.Create("data/ballast", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		d.full = func(op errorfs.Op) bool {
			_, err := d.mem.Stat("data/ballast")
			return err == nil && isTable(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite
		}
		d.on.Store(true)
		time.AfterFunc(10*time.Second, func() { d.on.Store(false) }) // else it never ends
		began := time.Now()
		d.open(t)
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("it opened after %s", waited)
		}
	})
}

// TestFullIsTold has the log of the process say when writes begin to be refused,
// also where a write found no room before anybody looked.
func TestFullIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(60 * mib)
		d.full = func(op errorfs.Op) bool {
			_, err := d.mem.Stat("data/ballast")
			return err == nil && isLog(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite
		}
		var told bytes.Buffer
		d.log = slog.New(slog.NewTextHandler(&told, nil))
		s := d.open(t)
		d.on.Store(true)
		d.free.Store(mib)
		if err := commitOne(s, 10); err != nil {
			t.Fatal(err)
		}
		d.becomes(mib)
		if n := strings.Count(told.String(), tellFull); n != 1 {
			t.Errorf("told %d times:\n%s", n, told.String())
		}
	})
}

// TestIdleTakesLittle opens a folder on a real disk: what is reserved there for later comes
// to little, and grows once there is something to do.
func TestIdleTakesLittle(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	if err := commitOne(s, 100); err != nil {
		t.Fatal(err)
	}
	// SPEC-operations asks for 16 MiB with all that a gateway writes when it starts.
	if got, most := reservedIn(t, dir), int64(minBallast+reserveStep+mib); got > most {
		t.Errorf("%d bytes are taken on disk, want %d at most", got, most)
	}
	before := s.space.heldBallast()
	for range 3 * minBallast / (100 << 10) {
		if err := commitOne(s, 100<<10); err != nil {
			t.Fatal(err)
		}
	}
	s.space.look()
	if after := s.space.heldBallast(); before > 0 && after < min(4*minBallast, s.space.ballast) {
		t.Errorf("after %d bytes the ballast has %d, and had %d before", 3*minBallast, after, before)
	}
}

func (sp *space) heldBallast() uint64 {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	return sp.held
}

// reservedIn gives the bytes of disk that a folder takes, reserved ones too.
func reservedIn(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		bytes += blocksOf(info)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// A compaction that finds no room waits for none: on a small disk what it has written so far
// was all that was missing, and the store stayed full for ever. It ends and leaves nothing
// behind, and goes on when there is room.
func TestCompactionGivesWay(t *testing.T) {
	for name, free := range map[string]int64{"no room": 60 * mib, "little room": mib} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDisk(60 * mib)
				d.full = func(op errorfs.Op) bool {
					return free > mib && isTable(path.Base(op.Path)) && op.Kind == errorfs.OpFileWrite
				}
				s := d.open(t)
				for range 3 {
					for range 10 {
						if err := commitOne(s, 20<<10); err != nil {
							t.Fatal(err)
						}
					}
					if err := s.db.Flush(); err != nil {
						t.Fatal(err)
					}
				}
				tables := func() int { return strings.Count(d.mem.String(), ".sst") }
				compact := func() chan error {
					ended := make(chan error, 1)
					go func() { ended <- s.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false) }()
					return ended
				}
				before := tables()
				if before < 3 {
					t.Fatalf("there are %d tables to compact", before)
				}
				d.on.Store(true)
				d.free.Store(free)
				ended := compact()
				time.Sleep(10 * time.Second)
				select {
				case err := <-ended:
					if !errors.Is(err, errYields) || tables() != before {
						t.Errorf("it ends with %v, and %d tables of %d", err, tables(), before)
					}
				default:
					t.Error("it still waits for room")
				}
				d.on.Store(false)
				d.becomes(60 * mib)
				err := <-compact()
				time.Sleep(time.Minute) // what it replaced is removed bit by bit
				if err != nil || tables() >= before {
					t.Errorf("with room again: %v, and %d tables of %d", err, tables(), before)
				}
			})
		})
	}
}
