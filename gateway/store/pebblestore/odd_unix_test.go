//go:build unix

package pebblestore

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
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
