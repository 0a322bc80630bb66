package pebblestore

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
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
		"hookgate data, format 6\n": "newer hookgate",
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
		for !s.using.Ended() {
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

// firstFormat makes a copy of a folder into one of the format before this one, which
// knew nothing beside Pebble.
func firstFormat(t *testing.T, h held) *vfs.MemFS {
	t.Helper()
	fs := h.clone(t)
	writeFile(t, fs, "data/format", formatWords+"1\n")
	if err := fs.Remove("data/known"); err != nil {
		t.Fatal(err)
	}
	return fs
}

func TestFirstFormat(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	for state, h := range folders {
		fs := firstFormat(t, h)
		for range 2 {
			s := mustOpen(t, smallStore(fs))
			if n := missingOf(t, s, h.waits); n > 0 {
				t.Errorf("%s: %d are missing", state, n)
			}
			mustClose(t, s)
		}
		if text, err := readFile(fs, "data/format", 256); err != nil || string(text) != formatWords+strconv.Itoa(formatVersion)+"\n" {
			t.Errorf("%s: format: %q, %v", state, text, err)
		}
	}
}

// TestFirstFormatManifest flips a bit of each byte of the manifest of such a folder. A
// flip before the last edit is always told from a torn end, by what follows it. One in
// the last edit is not: the folder is opened where nothing of it can be missing without
// that edit, and refused where something may be.
func TestFirstFormatManifest(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	for state, h := range folders {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			first := held{fs: firstFormat(t, h), waits: h.waits}
			name, text, edits := theManifest(t, first.fs)
			refused, last := 0, append([]int64{0}, edits...)[len(edits)-1]
			for at := 0; at < len(text); at += len(text) / fewer(len(text)) {
				fs := first.clone(t)
				spoiled := bytes.Clone(text)
				spoiled[at] ^= 1 << (at % 8)
				writeFile(t, fs, name, string(spoiled))
				if isRefused(t, fs, h.waits) {
					refused++
				} else if int64(at) < last {
					t.Errorf("byte %d of %d is flipped, before the last edit at %d, and the folder is opened", at, len(text), last)
				}
			}
			t.Logf("%d bytes, %d edits, the last at %d: refused %d times", len(text), len(edits), last, refused)
		})
	}
}

// theManifest gives the one manifest of a folder, and where each of its edits ends.
func theManifest(t *testing.T, fs vfs.FS) (name string, text []byte, edits []int64) {
	t.Helper()
	for _, n := range filesIn(t, fs, "data/pebble") {
		if isManifest(path.Base(n)) {
			name = n
		}
	}
	text, err := readFile(fs, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for end := range text {
		m, err := readManifest(bytes.NewReader(text[:end+1]))
		if err != nil {
			t.Fatal(err)
		}
		if m.end == int64(end+1) {
			edits = append(edits, m.end)
		}
	}
	return name, text, edits
}

// isRefused opens a damaged folder, and fails the test where that is opened and misses
// something.
func isRefused(t *testing.T, fs vfs.FS, waits []string) bool {
	t.Helper()
	s, err := Open(smallStore(fs))
	var damaged *DamageError
	if errors.As(err, &damaged) {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := missingOf(t, s, waits); n > 0 {
		t.Errorf("it is opened, and %d are missing", n)
	}
	mustClose(t, s)
	return false
}

// TestOpeningThatHangsIsLeft ends an opening that waits for ever for a compaction which
// came upon damage.
func TestOpeningThatHangsIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("a table is damaged")
		e := &engine{failed: make(chan struct{}), opts: Options{Logger: slog.New(slog.DiscardHandler)}}
		never := make(chan struct{})
		defer close(never)
		err := (&folder{e}).awaitPebble(func() (*pebble.DB, error) {
			e.trip(reason)
			<-never
			return nil, nil
		})
		if !errors.Is(err, reason) {
			t.Errorf("opening ends with %v, want %v", err, reason)
		}
	})
}
