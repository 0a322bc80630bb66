package pebblestore

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// A store whose folder is removed, moved away or replaced beneath it takes nothing more: all
// that it acknowledged was gone with the process, and nobody was told.
func TestFolderStays(t *testing.T) {
	for name, takes := range map[string]func(dir string) error{
		"removed":  os.RemoveAll,
		"moved":    func(dir string) error { return os.Rename(dir, dir+"-old") },
		"the lock": func(dir string) error { return os.Remove(filepath.Join(dir, "lock")) },
		"replaced": func(dir string) error {
			return errors.Join(os.Rename(dir, dir+"-old"), os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
		},
		"its logs": func(dir string) error { return removeAll(filepath.Join(dir, pebbleDir, "*.log")) },
		"manifest": func(dir string) error { return removeAll(filepath.Join(dir, pebbleDir, "MANIFEST-*")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			s, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
			must(t, err)
			t.Cleanup(func() { mustClose(t, s) })
			must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 100)}))
			if err := takes(dir); err != nil {
				t.Skipf("this machine does not let it be taken away: %v", err)
			}
			select {
			case <-s.failed:
			case <-time.After(30 * time.Second):
				t.Fatal("it goes on")
			}
			if err := s.Healthy(); err == nil || !strings.Contains(err.Error(), "was removed, moved away or covered") {
				t.Errorf("it says %v", err)
			}
			if err := s.Commit(&gateway.Change{Wait: openWait(time.Now(), 100)}); !isUnavailable(err) {
				t.Errorf("it answers %v", err)
			}
		})
	}
}

func removeAll(pattern string) error {
	names, err := filepath.Glob(pattern)
	if err == nil && len(names) == 0 {
		err = fs.ErrNotExist
	}
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// A folder that stays is not taken for one that is gone, while logs and manifests come and go.
func TestFolderStaysWhileFilesGo(t *testing.T) {
	s, err := Open(Options{Dir: filepath.Join(t.TempDir(), "data"), Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	defer mustClose(t, s)
	stop := make(chan struct{})
	looked := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				looked <- n
				return
			default:
			}
			if gone := s.notThere(); gone != "" {
				t.Errorf("%s is said to be gone", gone)
			}
			n++
		}
	}()
	for range 30 {
		must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 100)}))
		must(t, s.db.Flush())
	}
	close(stop)
	if <-looked == 0 {
		t.Error("nobody looked")
	}
}

// A table that cannot be written as a store opens is an error of that opening: Pebble wrote
// it again and again, a hundred times a second, each with a line of the log.
func TestTableFaultWhileOpening(t *testing.T) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: mem})
	must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 100)}))
	for what, errno := range map[string]syscall.Errno{"broken": syscall.EIO, "a limit of the process": syscall.EFBIG} {
		failing := errorfs.Wrap(mem.CrashClone(vfs.CrashCloneCfg{}), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if isTable(path.Base(op.Path)) && (makes(op) || isSync(op)) {
				return errno
			}
			return nil
		}))
		opened := make(chan error, 1)
		go func() {
			s, err := Open(Options{Dir: "data", FS: failing, Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				err = errors.Join(errors.New("the store opened"), s.Close())
			}
			opened <- err
		}()
		select {
		case err := <-opened:
			if !errors.Is(err, errno) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: it opens for ever", what)
		}
	}
}

// A log with a hole of a terabyte takes no room on a disk: it is damage, and read no further.
func TestCheckOfHoles(t *testing.T) {
	dir := checkFolder(t)
	logs, err := filepath.Glob(filepath.Join(dir, pebbleDir, "*.log"))
	must(t, err)
	if len(logs) == 0 {
		t.Fatal("the folder has no log")
	}
	last := logs[len(logs)-1]
	if err := os.Truncate(last, 1<<40); err != nil {
		t.Skipf("no file of a terabyte can be made here: %v", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := Check(dir)
		if err != nil || len(c.Damage) != 1 || !strings.Contains(c.Damage[0].String(), "zeroes behind byte") {
			t.Errorf("%v, %v", c.Damage, err)
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("it is read to its end")
	}
}
