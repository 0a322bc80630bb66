//go:build unix

package pebblestore

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A named pipe in the place of a file is told by its name, and opened by nobody: a check and a
// start waited for ever for somebody to write into it.
func TestOddFiles(t *testing.T) {
	dir := checkFolder(t)
	names, err := filepath.Glob(filepath.Join(dir, pebbleDir, "*.log"))
	must(t, err)
	for _, path := range append(names[:1], filepath.Join(dir, "format"), filepath.Join(dir, "known")) {
		name, err := filepath.Rel(dir, path)
		must(t, err)
		must(t, os.Rename(path, path+"~"))
		must(t, unix.Mkfifo(path, 0o600))
		done := make(chan struct{})
		go func() {
			defer close(done)
			if c, err := Check(dir); err != nil || len(c.Damage) != 1 || c.Damage[0].File != filepath.ToSlash(name) {
				t.Errorf("%s: %+v, %v", name, c, err)
			}
			if s, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), name+" is no file") {
				t.Errorf("a start with a pipe as %s: %v", name, err)
				if err == nil {
					mustClose(t, s)
				}
			}
		}()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s is still waited for", name)
		}
		must(t, os.Rename(path+"~", path))
	}
	if c, err := Check(dir); err != nil || len(c.Damage) > 0 {
		t.Errorf("with its files: %+v, %v", c, err)
	}
}

// A log that goes on with a terabyte of holes takes no room where it is kept: it was copied,
// until the disk was full.
func TestHolesAreNotCopied(t *testing.T) {
	dir := checkFolder(t)
	names, err := filepath.Glob(filepath.Join(dir, pebbleDir, "*.log"))
	must(t, err)
	last := names[len(names)-1]
	const size = 1 << 40
	if err := os.Truncate(last, size); err != nil {
		t.Skipf("the file system of %s takes no files of a terabyte: %v", dir, err)
	}
	done := make(chan error, 1)
	go func() {
		s, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler), AcceptDataLoss: true})
		if err == nil {
			err = s.Close()
		}
		done <- err
	}()
	kept := func() (found string) {
		names, err := filepath.Glob(filepath.Join(dir, "damaged-*", filepath.Base(last)))
		must(t, err)
		return strings.Join(names, "")
	}
	for until := time.Now().Add(2 * time.Minute); ; {
		select {
		case err := <-done:
			must(t, err)
			info, err := os.Stat(kept())
			must(t, err)
			if room := info.Sys().(*syscall.Stat_t).Blocks * 512; info.Size() != size || room > 1<<30 {
				t.Errorf("what is kept has %d bytes, and takes %d", info.Size(), room)
			}
			return
		case <-time.After(100 * time.Millisecond):
			var stat unix.Stat_t
			if name := kept(); time.Now().After(until) || name != "" && unix.Stat(name, &stat) == nil && stat.Blocks*512 > 1<<31 {
				must(t, os.Truncate(name, 0)) // the disk is others', too
				t.Fatalf("%s is copied, holes and all", last)
			}
		}
	}
}
