package pebblestore

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// checkFolder makes a data folder that was closed, with all kinds of files.
func checkFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	for range 2 {
		s, err := Open(Options{
			Dir: dir, Logger: slog.New(slog.DiscardHandler),
			DiskUsage: func() (uint64, uint64, error) { return 60 << 30, 64 << 20, nil },
		})
		must(t, err)
		for range 150 {
			must(t, s.Commit(&gateway.Change{Wait: openWait(time.Now(), 8<<10+rand.IntN(16<<10))}))
		}
		mustClose(t, s)
	}
	return dir
}

// A folder that is whole is said to be, and is as it was; one with any byte changed that
// was written never is, and the file is named; but for the digit of the format, which may
// become that of an older one.
func TestCheck(t *testing.T) {
	dir := checkFolder(t)
	c, err := Check(dir)
	if err != nil || len(c.Damage)+len(c.Notes) > 0 || c.Records < 300 || c.Files < 5 || c.Bytes < 2<<20 {
		t.Fatalf("%+v, %v", c, err)
	}
	names := []string{"format", "known"}
	entries, err := os.ReadDir(filepath.Join(dir, pebbleDir))
	must(t, err)
	kinds := map[fileKind]bool{}
	for _, entry := range entries {
		kind, _ := fileOf(entry.Name())
		kinds[kind] = true
		if info, err := entry.Info(); err == nil && info.Size() > 0 {
			names = append(names, pebbleDir+"/"+entry.Name())
		}
	}
	for _, kind := range []fileKind{logFile, manifestFile, tableFile, optionsFile, markerFile} {
		if !kinds[kind] {
			t.Fatalf("the folder has no file of kind %d", kind)
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		must(t, err)
		written := len(text)
		if kind, _ := fileOf(name); kind == logFile { // behind its end is what was reserved for it
			r, err := readRecords(strings.NewReader(string(text)), chunkForm{log: true, number: number(name)}, nil, nil)
			must(t, err)
			written = int(r.end)
		}
		if written == 0 {
			continue
		}
		for range fewer(10) {
			at := rand.IntN(written)
			if name == "known" { // what fills a half is nobody's
				at = at/knownSlot*knownSlot + at%(knownHeader+4)
			}
			bad := append([]byte(nil), text...)
			bad[at] ^= 1 << rand.IntN(8)
			if n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(string(bad), formatWords), "\n")); name == "format" && err == nil && 0 < n && n < formatVersion && string(bad) == formatWords+strconv.Itoa(n)+"\n" {
				continue // it names an older format, and is a good file: TestNamesAnOlderFormat
			}
			must(t, os.WriteFile(path, bad, 0o600))
			c, err := Check(dir)
			if err != nil && !strings.Contains(err.Error(), "format") {
				t.Fatalf("%s, byte %d of %d: %v", name, at, written, err)
			}
			if told := fmt.Sprint(c.Damage); err == nil && !strings.Contains(told, name) {
				t.Errorf("%s, byte %d of %d changed: %s; %v", name, at, written, told, c.Notes)
			}
		}
		must(t, os.Remove(path))
		kind, _ := fileOf(name) // some of the others are needed no more
		if c, err := Check(dir); err == nil && len(c.Damage) == 0 && (kind == tableFile || kind == otherFile) {
			t.Errorf("without %s it is ok", name)
		}
		must(t, os.WriteFile(path, text, 0o600))
	}
	if c, err := Check(dir); err != nil || len(c.Damage) > 0 {
		t.Errorf("as it was before: %+v, %v", c, err)
	}
	mustOpen(t, Options{Dir: dir})
	if _, err := Check(dir); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("of a folder in use: %v", err)
	}
}

func number(name string) uint32 { _, n := fileOf(name); return uint32(n) }

// What is no data folder is not called a good one, nor made into one.
func TestCheckOfNoFolder(t *testing.T) {
	dir := t.TempDir()
	for _, of := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := Check(of); err == nil {
			t.Errorf("%s is ok", of)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("it has %v, %v", names, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "format"), []byte("hookgate data, format 99\n"), 0o600))
	if _, err := Check(dir); err == nil || !strings.Contains(err.Error(), "format 99, written by a newer hookgate; this one knows up to") {
		t.Errorf("of a newer one: %v", err)
	}
}

// TestCheckOnAnotherMachine checks a folder where there are more processors, or fewer, than where
// it was written: how many compactions there are goes by that.
func TestCheckOnAnotherMachine(t *testing.T) {
	had := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(had)
	for _, written := range []int{2, 8} {
		runtime.GOMAXPROCS(written)
		dir := t.TempDir()
		mustClose(t, mustOpen(t, Options{Dir: dir}))
		runtime.GOMAXPROCS(10 - written)
		if c, err := Check(dir); err != nil || len(c.Damage) > 0 {
			t.Errorf("written by %d processors, checked by %d: %v, %v", written, 10-written, c.Damage, err)
		}
	}
}
