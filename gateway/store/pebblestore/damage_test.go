package pebblestore

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// held is a data folder with what was acknowledged of it.
type held struct {
	fs    *vfs.MemFS
	waits []string
}

// clone gives a copy that a test may damage.
func (h held) clone(t testing.TB) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewMem()
	if ok, err := vfs.Clone(h.fs, fs, "data", "data"); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return fs
}

// heldFolders are made once: of a store that was closed, and of one that was killed
// as it had several logs, for a flush of it was slow.
var heldFolders = sync.OnceValues(func() (map[string]held, error) {
	folders := map[string]held{}
	for _, closed := range []bool{true, false} {
		mem := vfs.NewCrashableMem()
		var slow atomic.Bool
		release := make(chan struct{})
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if slow.Load() && isTable(op.Path) && makes(op) {
				<-release
			}
			return nil
		}))
		s, err := Open(smallStore(fs))
		if err != nil {
			return nil, err
		}
		h := held{}
		for i := range 260 {
			slow.Store(!closed && i >= 130)
			w := openWait(time.Now(), 8<<10+rand.IntN(16<<10))
			if err := s.Commit(&gateway.Change{Wait: w}); err != nil {
				return nil, err
			}
			h.waits = append(h.waits, w.ID)
		}
		name := "killed"
		if closed {
			name = "closed"
			if err := s.Close(); err != nil {
				return nil, err
			}
		}
		// In one moment: a copy file by file would be of a folder that never was.
		h.fs = mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 2))})
		close(release)
		if err := s.Close(); err != nil {
			return nil, err
		}
		folders[name] = h
	}
	return folders, nil
})

// smallStore has memtables of 1 MiB.
func smallStore(fs vfs.FS) Options {
	return Options{Dir: "data", FS: fs, Logger: slog.New(slog.DiscardHandler), DiskUsage: func() (uint64, uint64, error) { return 1 << 40, 64 << 20, nil }}
}

// spoil damages a file in one way, at a random place.
type spoil struct {
	name string
	do   func(text []byte, r *rand.Rand) []byte // nil removes the file
}

var spoils = []spoil{
	{"flip", func(text []byte, r *rand.Rand) []byte {
		text[r.IntN(len(text))] ^= 1 << r.IntN(8)
		return text
	}},
	{"cut", func(text []byte, r *rand.Rand) []byte { return text[:r.IntN(len(text))] }},
	{"zero", func(text []byte, r *rand.Rand) []byte {
		at := r.IntN(len(text))
		clear(text[at:min(at+1+r.IntN(4096), len(text))])
		return text
	}},
	{"removal", func([]byte, *rand.Rand) []byte { return nil }},
}

// damageKinds are the kinds of files of a data folder, and which names are of each.
var damageKinds = map[string]func(name string) bool{
	"manifest": func(n string) bool { return isManifest(path.Base(n)) },
	"log":      func(n string) bool { return isLog(n) },
	"table":    func(n string) bool { return isTable(n) },
	"options":  func(n string) bool { return strings.HasPrefix(path.Base(n), "OPTIONS-") },
	"marker":   func(n string) bool { return strings.HasPrefix(path.Base(n), "marker.") },
	"format":   func(n string) bool { return path.Base(n) == "format" },
	"known":    func(n string) bool { return path.Base(n) == "known" },
	"lock":     func(n string) bool { return n == "data/lock" },
	"pebble":   nil, // all of it
}

// TestDamage flips, cuts, clears and removes at random places of each kind of file. A
// store opens with all that was acknowledged, or reads that meet the damage fail and
// say so, or it does not open, names the file, says what to do, and has changed
// nothing. It never opens and misses something in silence.
func TestDamage(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	for state, h := range folders {
		for kind, fits := range damageKinds {
			t.Run(state+"/"+kind, func(t *testing.T) {
				t.Parallel()
				seed := rand.Uint64()
				tally := map[string]int{}
				for i := range damageRounds(kind) {
					r := rand.New(rand.NewPCG(seed, uint64(i)))
					fs := h.clone(t)
					what := damage(t, fs, kind, fits, r)
					end, err := judgeDamage(t, fs, h.waits, what)
					tally[end]++
					if err != nil {
						t.Fatalf("seed %d, round %d, %s: %v", seed, i, what, err)
					}
				}
				t.Logf("seed %d: %v", seed, tally)
			})
		}
	}
}

// damageRounds is how often each kind is damaged in each of the two folders.
func damageRounds(kind string) int {
	if kind == "pebble" || kind == "lock" { // always in the same way
		return 2
	}
	return fewer(50)
}

// TestTornTail ends the last log in the middle of a record that had no fsync yet, as a
// loss of power may: the store opens, has all that was acknowledged, and says how much
// it cut.
func TestTornTail(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	h := folders["killed"]
	fs := h.clone(t)
	k, err := readKnown(fs, "data/known")
	if err != nil {
		t.Fatal(err)
	}
	last := k.logs[len(k.logs)-1]
	name := "data/" + logName(last.number)
	text, err := readFile(fs, name, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	w := logWriter{b: slices.Clone(text[:last.synced]), number: uint32(last.number)}
	w.add(make([]byte, 100<<10))
	writeFile(t, fs, name, string(w.b[:last.synced+70<<10]))
	var log bytes.Buffer
	o := smallStore(fs)
	o.Logger = slog.New(slog.NewTextHandler(&locked{w: &log}, nil))
	s := mustOpen(t, o)
	if n := missingOf(t, s, h.waits); n > 0 {
		t.Errorf("%d are missing", n)
	}
	for _, words := range []string{path.Base(name) + " ends in the middle of a record", fmt.Sprintf("its last %d bytes are cut", 70<<10)} {
		if !strings.Contains(log.String(), words) {
			t.Errorf("it does not say %q:\n%s", words, log.String())
		}
	}
}

// damage damages one file of a kind and says what it did.
func damage(t *testing.T, fs *vfs.MemFS, kind string, fits func(string) bool, r *rand.Rand) string {
	if kind == "pebble" {
		if err := fs.RemoveAll("data/pebble"); err != nil {
			t.Fatal(err)
		}
		return "removal of pebble"
	}
	names := slices.DeleteFunc(filesIn(t, fs, "data"), func(n string) bool { return !fits(n) })
	if len(names) == 0 {
		t.Fatalf("there is no %s", kind)
	}
	name := names[r.IntN(len(names))]
	text, err := readFile(fs, name, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	how := spoils[r.IntN(len(spoils))]
	if len(text) == 0 {
		how = spoils[len(spoils)-1]
	}
	if text = how.do(text, r); text == nil {
		err = fs.Remove(name)
	} else {
		writeFile(t, fs, name, string(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s of %s", how.name, name)
}

// filesIn gives all files below a folder, sorted.
func filesIn(t testing.TB, fs vfs.FS, dir string) (files []string) {
	t.Helper()
	names, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name = fs.PathJoin(dir, name)
		info, err := fs.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			files = append(files, filesIn(t, fs, name)...)
		} else {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return files
}

// sumsOf are of all files of a folder, but for the lock, which is made anew by
// whoever asks whether he may.
func sumsOf(t testing.TB, fs vfs.FS) map[string][sha256.Size]byte {
	t.Helper()
	sums := map[string][sha256.Size]byte{}
	for _, name := range filesIn(t, fs, "data") {
		if name == "data/lock" {
			continue
		}
		text, err := readFile(fs, name, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = sha256.Sum256(text)
	}
	return sums
}

// judgeDamage opens a damaged folder and says how that ended; the error says how it
// broke the law.
func judgeDamage(t *testing.T, fs *vfs.MemFS, waits []string, what string) (end string, broken error) {
	before := sumsOf(t, fs)
	var log bytes.Buffer
	o := smallStore(fs)
	o.Logger = slog.New(slog.NewTextHandler(&locked{w: &log}, nil))
	s, err := Open(o)
	if err != nil {
		return "refused", refusal(t, fs, before, err, what)
	}
	defer func() {
		if err := s.Close(); err != nil && broken == nil {
			broken = err
		}
	}()
	failed := 0
	for _, id := range waits {
		switch _, err := s.Wait("acme", id); {
		case errors.Is(err, gateway.ErrNotFound):
			return "silent", fmt.Errorf("%s was acknowledged and is not there", id)
		case err != nil:
			failed++
			broken = err
		}
	}
	found := 0
	err = s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { found++; return nil }, func(*gateway.Parked) error { return nil })
	switch {
	case failed == 0 && err == nil && found < len(waits):
		return "silent", fmt.Errorf("recovers %d of %d", found, len(waits))
	case failed == 0 && err == nil:
		return "whole", nil
	case err != nil:
		broken = err
	}
	name := path.Base(what[strings.LastIndexByte(what, ' ')+1:])
	if s.Healthy() == nil {
		return "unhealthy", fmt.Errorf("%d reads failed, as by %w, and the store says that it is healthy", failed, broken)
	}
	if !strings.Contains(s.Healthy().Error(), name) {
		return "unhealthy", fmt.Errorf("it does not name %s: %w", name, s.Healthy())
	}
	return "reads fail", nil
}

// refusal holds an Open that refused to its word.
func refusal(t *testing.T, fs *vfs.MemFS, before map[string][sha256.Size]byte, err error, what string) error {
	name := path.Base(what[strings.LastIndexByte(what, ' ')+1:])
	if strings.HasPrefix(name, "marker.") {
		name = name[:strings.LastIndexByte(strings.TrimSuffix(name, path.Ext(name)), '.')]
	}
	for _, word := range []string{name, "--accept-data-loss", "backup"} {
		if !strings.Contains(err.Error(), word) && !strings.Contains(err.Error(), "newer hookgate") {
			return fmt.Errorf("the refusal does not say %q: %w", word, err)
		}
	}
	after := sumsOf(t, fs)
	late := pebble.IsCorruptionError(err) // found by Pebble as it was open: what is new may stay
	for name, sum := range before {
		if after[name] != sum && !(late && name == "data/known") {
			return fmt.Errorf("%s was changed before it was refused: %w", name, err)
		}
	}
	if !late && len(after) != len(before) {
		return fmt.Errorf("something was made before it was refused: %w", err)
	}
	return nil
}

// locked lets goroutines write to one writer.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
