package pebblestore

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

// copyCheckpoint makes a data folder of one, as a restore does.
func copyCheckpoint(t *testing.T, c *Checkpoint, dir string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Join(dir, pebbleDir), 0o700))
	for _, file := range c.Files {
		f, err := os.Create(filepath.Join(dir, filepath.FromSlash(file.Name)))
		must(t, err)
		must(t, c.Copy(f, file.Name))
		info, err := f.Stat()
		must(t, err)
		if info.Size() != file.Size {
			t.Errorf("%s has %d bytes, and was said to have %d", file.Name, info.Size(), file.Size)
		}
		must(t, f.Close())
	}
}

// A checkpoint that is taken while the store is written to as fast as it goes opens without
// a word of damage, and has all that was acknowledged before; the store itself goes on, and
// opens again.
func TestCheckpoint(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "live")
	small := func() (uint64, uint64, error) { return 60 << 30, 64 << 20, nil } // small memtables: many files come and go
	s, err := Open(Options{Dir: dir, DiskUsage: small, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	c := &committers{s: s, size: 4 << 10}
	c.run(8, func() {})
	for round := range fewer(12) {
		time.Sleep(20 * time.Millisecond) // so that there is something new
		before := c.ids()
		point, err := s.Checkpoint()
		must(t, err)
		to := filepath.Join(above, "restored")
		copyCheckpoint(t, point, to)
		must(t, point.Close())
		restored, err := Open(Options{Dir: to, DiskUsage: small, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, id := range before {
			if _, err := restored.Wait("acme", id); err != nil {
				t.Fatalf("round %d: of %d acknowledged, %s: %v", round, len(before), id, err)
			}
		}
		mustClose(t, restored)
		must(t, os.RemoveAll(to))
	}
	if _, err := os.Stat(filepath.Join(dir, checkpointDir)); !os.IsNotExist(err) {
		t.Errorf("the checkpoint left its folder: %v", err)
	}
	mustClose(t, s)
	c.wg.Wait()
	again := mustOpen(t, Options{Dir: dir, DiskUsage: small})
	for _, id := range c.ids() {
		if _, err := again.Wait("acme", id); err != nil {
			t.Fatalf("of the store itself, %s: %v", id, err)
		}
	}
}

// What a process that died left of a checkpoint is gone with the next start, and so is its
// room.
func TestCheckpointLeft(t *testing.T) {
	fs := vfs.NewMem()
	roomy := func() (uint64, uint64, error) { return 1 << 40, 1 << 41, nil }
	s, err := Open(Options{Dir: "data", FS: fs, DiskUsage: roomy, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 10)}))
	_, err = s.Checkpoint()
	must(t, err)
	if _, err := fs.Stat("data/backup/pebble"); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	mustOpen(t, Options{Dir: "data", FS: fs, DiskUsage: roomy})
	if _, err := fs.Stat("data/backup"); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

// A store that takes no writes makes no checkpoint: what was acknowledged last may not be
// on disk.
func TestCheckpointOfAFailedStore(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem(), DiskUsage: func() (uint64, uint64, error) { return 1 << 40, 1 << 41, nil }})
	s.trip(os.ErrInvalid)
	if _, err := s.Checkpoint(); !isUnavailable(err) {
		t.Errorf("%v", err)
	}
}
