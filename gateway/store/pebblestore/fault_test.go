package pebblestore

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// faults are the ways in which a disk can fail a store.
var faults = map[string]func(op errorfs.Op, name string) bool{
	"log sync":       func(op errorfs.Op, name string) bool { return isLog(name) && isSync(op) },
	"log write":      func(op errorfs.Op, name string) bool { return isLog(name) && op.Kind == errorfs.OpFileWrite },
	"log made":       func(op errorfs.Op, name string) bool { return isLog(name) && makes(op) },
	"folder sync":    func(op errorfs.Op, name string) bool { return name == "pebble" && isSync(op) },
	"manifest sync":  func(op errorfs.Op, name string) bool { return isManifest(name) && isSync(op) },
	"manifest write": func(op errorfs.Op, name string) bool { return isManifest(name) && op.Kind == errorfs.OpFileWrite },
	"table write":    func(op errorfs.Op, name string) bool { return isTable(name) && op.Kind == errorfs.OpFileWrite },
	"table sync":     func(op errorfs.Op, name string) bool { return isTable(name) && isSync(op) },
	"table made":     func(op errorfs.Op, name string) bool { return isTable(name) && makes(op) },
	"any write":      func(op errorfs.Op, _ string) bool { return op.Kind == errorfs.OpFileWrite || isSync(op) || makes(op) },
}

func isLog(name string) bool      { return strings.HasSuffix(name, ".log") }
func isManifest(name string) bool { return strings.HasPrefix(name, "MANIFEST") }
func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}
func makes(op errorfs.Op) bool {
	return op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite
}

// TestDiskFaults lets a disk fail under load, each time in another way, and for
// good. Nobody is acknowledged what a crash would lose, nobody hangs, and the store
// says why it takes nothing more.
func TestDiskFaults(t *testing.T) {
	for what, fits := range faults {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			mem := vfs.NewCrashableMem()
			var broken atomic.Bool
			fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
				if broken.Load() && fits(op, path.Base(op.Path)) {
					return syscall.EIO
				}
				return nil
			}))
			told := make(chan error, 2)
			s := mustOpen(t, Options{Dir: "data", FS: fs, OnFail: func(reason error) { told <- reason }})
			var count atomic.Int64
			c := &committers{s: s, size: 16 << 10}
			c.run(8, func() {
				if count.Add(1) == 150 { // some logs and tables are there by now
					broken.Store(true)
				}
			})
			c.wg.Wait()
			if reason := <-told; !errors.Is(reason, syscall.EIO) {
				t.Errorf("told of %v, want EIO", reason)
			}
			checkFailed(t, s, c.ids()[0])
			crashed := mem.CrashClone(vfs.CrashCloneCfg{})
			if err := lost(t, crashed, c.ids()); err != nil {
				t.Errorf("a crash at the fault: %v", err)
			}
			mustClose(t, s)
			if err := lost(t, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 2))}), c.ids()); err != nil {
				t.Errorf("a restart after the fault: %v", err)
			}
			if len(told) > 0 {
				t.Error("told twice")
			}
		})
	}
}

// checkFailed holds a failed store to its word: no writes, but reads.
func checkFailed(t *testing.T, s *Store, known string) {
	t.Helper()
	if s.Healthy() == nil {
		t.Error("a failed store says that it is healthy")
	}
	for what, write := range map[string]func() error{
		"commit":   func() error { return s.Commit(&gateway.Change{Wait: openWait(time.Now(), 10)}) },
		"resource": func() error { return s.PutResources(gateway.Record{Kind: "k", Tenant: "t"}) },
		"delete":   func() error { return s.DeleteTenant("acme") },
		"settle":   func() error { return s.Settle(&gateway.Delivery{}, nil) },
	} {
		if err := write(); !isUnavailable(err) {
			t.Errorf("%s after the failure: %v, want unavailable", what, err)
		}
	}
	if _, err := s.Wait("acme", known); err != nil {
		t.Errorf("a read after the failure: %v", err)
	}
	s.Stats()
}

// TestFaultWhileOpening tells of a disk that fails before anything was promised.
func TestFaultWhileOpening(t *testing.T) {
	for what, fits := range faults {
		fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if fits(op, path.Base(op.Path)) {
				return syscall.EIO
			}
			return nil
		}))
		s, err := Open(Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			mustClose(t, s)
			if !strings.HasPrefix(what, "table") { // none is written yet
				t.Errorf("%s: the store opened", what)
			}
		} else if !errors.Is(err, syscall.EIO) {
			t.Errorf("%s: %v, want EIO", what, err)
		}
	}
}

// TestLookupFault has a disk that cannot be read: who asks is told so, and not that
// nothing is there, for then a callback would be taken twice.
func TestLookupFault(t *testing.T) {
	mem := vfs.NewMem()
	var broken atomic.Bool
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && isTable(path.Base(op.Path)) && op.Kind == errorfs.OpFileReadAt {
			return syscall.EIO
		}
		return nil
	}))
	s := mustOpen(t, Options{Dir: "data", FS: fs})
	marks := make([]gateway.Mark, 5000) // more than one block of a table
	for i := range marks {
		marks[i] = gateway.Mark{Tenant: "acme", Key: gateway.MarkKey{byte(i), byte(i >> 8)}, Expires: time.Now().Add(time.Hour)}
	}
	if err := errors.Join(s.Commit(&gateway.Change{Marks: marks}), s.db.Flush()); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	s = mustOpen(t, Options{Dir: "data", FS: fs})
	broken.Store(true)
	faults := 0
	for i := range marks {
		_, found, err := s.Mark("acme", marks[i].Key, gateway.MaxMarkAge)
		switch {
		case errors.Is(err, syscall.EIO):
			faults++
		case err != nil || !found: // what was cached may be found
			t.Fatalf("on a disk that cannot be read: %v, %v, want EIO", found, err)
		}
	}
	if faults == 0 {
		t.Error("the disk was never read")
	}
	broken.Store(false)
	for i := range marks {
		if _, found, err := s.Mark("acme", marks[i].Key, gateway.MaxMarkAge); err != nil || !found {
			t.Fatalf("on one that can be read again: %v, %v", found, err)
		}
	}
}

// TestFatalf has Pebble give up in the middle of a commit: it must not return, for
// Pebble would acknowledge, and it must not take a lock with it.
func TestFatalf(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	known := openWait(time.Now(), 10)
	if err := s.Commit(&gateway.Change{Wait: known}); err != nil {
		t.Fatal(err)
	}
	b := s.newBatch(0)
	defer b.free()
	s.putWait(b, openWait(time.Now(), 10))
	whole := slices.Clone(b.Repr())
	copy(whole[8:12], "\xff\xff\xff\xff") // a count that cannot be, see batch.go of Pebble
	if err := b.SetRepr(whole); err != nil {
		t.Fatal(err)
	}
	if err := s.apply(b.Batch, true); err == nil || isUnavailable(err) {
		t.Errorf("commit: %v, want that its outcome is unknown", err)
	}
	checkFailed(t, s, known.ID)
}

// TestFatalfElsewhere has Pebble give up in a goroutine of its own: that one stops
// for ever, and nobody else.
func TestFatalfElsewhere(t *testing.T) {
	told := make(chan error, 1)
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem(), OnFail: func(err error) { told <- err }})
	known := openWait(time.Now(), 10)
	if err := s.Commit(&gateway.Change{Wait: known}); err != nil {
		t.Fatal(err)
	}
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		pebbleLogger{s.engine}.Fatalf("made up: %d", 7)
	}()
	if err := <-told; !strings.Contains(err.Error(), "made up: 7") {
		t.Errorf("told of %v", err)
	}
	checkFailed(t, s, known.ID)
	mustClose(t, s)
	select {
	case <-returned:
		t.Error("Fatalf returned")
	default:
	}
}
