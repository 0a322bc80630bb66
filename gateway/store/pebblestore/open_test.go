package pebblestore

import (
	"errors"
	"io"
	"runtime"
	"strings"
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
		"hookgate data, format 2\n": "newer hookgate",
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
	err := s.Recover(func(*gateway.Wait) error {
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
	s.ReleaseBefore(s.opts.Now())
	s.Stats()
}
