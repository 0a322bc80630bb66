package pebblestore

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
)

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	_, err := Open(Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "data folder "+dir+" is in use by another hookgate") {
		t.Errorf("a second one: %v", err)
	}
	mustClose(t, s)
	mustOpen(t, Options{Dir: dir})
}

func writeFile(t *testing.T, fs vfs.FS, name, text string) {
	t.Helper()
	f, err := fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestNewerFormat refuses a folder that a newer hookgate wrote, and leaves it alone.
func TestNewerFormat(t *testing.T) {
	for text, want := range map[string]string{
		"hookgate data, format 3\n": "newer hookgate",
		"something else\n":          "is this a data folder of hookgate?",
		"":                          "is this a data folder of hookgate?",
	} {
		fs := vfs.NewMem()
		mustClose(t, mustOpen(t, Options{Dir: "data", FS: fs}))
		writeFile(t, fs, "data/format", text)
		before := fs.String()
		_, err := Open(Options{Dir: "data", FS: fs})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("format %q: %v, want %q", text, err, want)
		}
		if fs.String() != before {
			t.Errorf("format %q: the folder was touched:\n%s\nwas\n%s", text, fs, before)
		}
	}
}

func TestMeta(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s := mustOpen(t, Options{Dir: "data", FS: fs})
	if _, err := s.Meta("seal"); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("before it was set: %v", err)
	}
	if err := s.SetMeta("seal", []byte("check")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Meta(metaOpenings); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("a name of the store's own: %v", err)
	}
	s = mustOpen(t, Options{Dir: "data", FS: fs.CrashClone(vfs.CrashCloneCfg{})})
	if value, err := s.Meta("seal"); err != nil || string(value) != "check" {
		t.Errorf("after a crash: %q, %v", value, err)
	}
}

// TestCloseInside closes a store while a callback of its own asks it something: an
// error, and no deadlock.
func TestCloseInside(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	w := openWait(time.Now(), 10)
	if err := s.Commit(&gateway.Change{Wait: w}); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	err := s.Recover(gateway.AllSlots(), func(*gateway.Wait) error {
		go func() { closed <- s.Close() }()
		for !s.using.isEnded() {
			runtime.Gosched()
		}
		_, err := s.Wait(w.Tenant, w.ID)
		return err
	}, nil)
	if !errors.Is(err, errClosed) {
		t.Errorf("inside: %v, want errClosed", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestClosed uses a store after Close: errors, no panics.
func TestClosed(t *testing.T) {
	s := mustOpen(t, Options{Dir: "data", FS: vfs.NewMem()})
	mustClose(t, s)
	if err := s.Commit(); !errors.Is(err, errClosed) {
		t.Errorf("commit: %v", err)
	}
	if _, err := s.Wait("acme", "wait_"); !errors.Is(err, errClosed) {
		t.Errorf("read: %v", err)
	}
	if err := s.Healthy(); !errors.Is(err, errClosed) {
		t.Errorf("healthy: %v", err)
	}
	s.ReleaseBefore(gateway.AllSlots(), s.opts.Now())
	s.Stats()
}

// foul is a file system that refuses one operation, as the kernel does for who is
// not root.
type foul struct {
	vfs.FS
	mkdir, lock, read error
}

func (f foul) MkdirAll(dir string, perm os.FileMode) error {
	if f.mkdir != nil {
		return &os.PathError{Op: "mkdir", Path: dir, Err: f.mkdir}
	}
	return f.FS.MkdirAll(dir, perm)
}

func (f foul) Lock(name string) (io.Closer, error) {
	if f.lock != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: f.lock}
	}
	return f.FS.Lock(name)
}

func (f foul) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	if f.read != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: f.read}
	}
	return f.FS.Open(name, o...)
}

// TestFolderErrors says of each folder that cannot be used what is wrong with it, and
// only of one that is in use that it is in use.
func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	writeFile(t, vfs.Default, file, "")
	for name, c := range map[string]struct {
		dir  string
		fs   vfs.FS
		want string
	}{
		"no right to make it":    {"data", foul{FS: vfs.NewMem(), mkdir: syscall.EACCES}, "this process may not"},
		"no right to write":      {"data", foul{FS: vfs.NewMem(), lock: syscall.EACCES}, "this process may not"},
		"no right to read":       {"data", foul{FS: vfs.NewMem(), read: syscall.EACCES}, "this process may not"},
		"mounted read-only":      {"data", foul{FS: vfs.NewMem(), lock: syscall.EROFS}, "mounted read-only"},
		"no room":                {"data", foul{FS: vfs.NewMem(), mkdir: syscall.ENOSPC}, "no room left"},
		"a file in its place":    {file, vfs.Default, "where a folder should be there is a file"},
		"a file above its place": {filepath.Join(file, "data"), vfs.Default, "where a folder should be there is a file"},
	} {
		_, err := Open(Options{Dir: c.dir, FS: c.fs, Logger: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.dir) || strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestFirstFormat takes over a folder of the format before this one, which knew
// nothing beside Pebble, and refuses it all the same where the manifest is damaged.
func TestFirstFormat(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	h := folders["killed"]
	fs := h.clone(t)
	writeFile(t, fs, "data/format", formatWords+"1\n")
	if err := fs.Remove("data/known"); err != nil {
		t.Fatal(err)
	}
	spoiled := held{fs: fs}.clone(t)
	for range 2 {
		s := mustOpen(t, smallStore(fs))
		if n := missingOf(t, s, h.waits); n > 0 {
			t.Errorf("%d are missing", n)
		}
		mustClose(t, s)
	}
	if text, err := readFile(fs, "data/format", 256); err != nil || string(text) != formatWords+"2\n" {
		t.Errorf("format: %q, %v", text, err)
	}
	for _, name := range filesIn(t, spoiled, "data/pebble") {
		if isManifest(path.Base(name)) {
			text, err := readFile(spoiled, name, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			text[len(text)/2] ^= 1
			writeFile(t, spoiled, name, string(text))
		}
	}
	var damaged *DamageError
	if _, err := Open(smallStore(spoiled)); !errors.As(err, &damaged) {
		t.Errorf("a flipped bit in the manifest: %v, want a DamageError", err)
	}
}
