package pebblestore

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"hookgate/gateway"
)

// TestAcceptDataLoss damages a folder until a start refuses it, or serves it with
// parts that cannot be read, and then accepts the loss: the store opens with all that
// can be read, keeps what was damaged, says what is lost, and the next start has
// nothing to refuse.
func TestAcceptDataLoss(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	for state, h := range folders {
		for kind, fits := range damageKinds {
			if kind == "lock" {
				continue
			}
			t.Run(state+"/"+kind, func(t *testing.T) {
				t.Parallel()
				seed, rounds := rand.Uint64(), fewer(12)
				lost := 0
				for i := range rounds {
					r := rand.New(rand.NewPCG(seed, uint64(i)))
					fs := h.clone(t)
					what := damage(t, fs, kind, fits, r)
					n := acceptLoss(t, fs, h.waits)
					lost += n
					if most := mostLost(t, h, kind, what); n > most {
						t.Fatalf("seed %d, round %d, %s: lost %d of %d, want at most %d", seed, i, what, n, len(h.waits), most)
					}
				}
				t.Logf("seed %d: lost %d in %d rounds", seed, lost, rounds)
			})
		}
	}
}

// mostLost is how much one damage may cost.
func mostLost(t *testing.T, h held, kind, what string) int {
	t.Helper()
	switch {
	case kind == "pebble":
		return len(h.waits)
	case kind == "table": // the index is at its end: without it, it is lost whole
		return waitsIn(t, h.fs, what[strings.LastIndexByte(what, ' ')+1:])
	case kind == "log" && !strings.HasPrefix(what, "flip"):
		return 130 // memtables of 1 MiB, and waits of 8 KiB
	case kind == "log":
		return 3 // a chunk is part of one record, and what it says of its length of the next
	}
	return 0
}

// waitsIn counts the waits that a table holds.
func waitsIn(t *testing.T, fs vfs.FS, name string) (n int) {
	t.Helper()
	o := &pebble.Options{FS: fs}
	o.EnsureDefaults()
	r, err := openReader(fs, name, o)
	if err != nil { // it was being written when the process was killed: nothing in it can be lost
		t.Logf("%s was no table before: %v", name, err)
		return 0
	}
	defer func() { must(t, r.Close()) }()
	it, err := r.NewIter(sstable.NoTransforms, nil, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		t.Fatal(err)
	}
	for kv := it.First(); kv != nil; kv = it.Next() {
		if kv.K.UserKey[0] == kindWait {
			n++
		}
	}
	must(t, errors.Join(it.Error(), it.Close()))
	return n
}

// A flipped bit among what a table holds costs the block that it is in, and nothing
// that lies before or behind.
func TestAcceptDataLossOfOneBlock(t *testing.T) {
	folders, err := heldFolders()
	must(t, err)
	h := folders["closed"]
	for _, name := range filesIn(t, h.fs, "data") {
		if !isTable(name) {
			continue
		}
		fs := h.clone(t)
		text, err := readFile(fs, name, 1<<30)
		must(t, err)
		text[len(text)/4] ^= 1
		writeFile(t, fs, name, string(text))
		if n := acceptLoss(t, fs, h.waits); n > 8 {
			t.Errorf("one bit of %s costs %d waits of %d", name, n, waitsIn(t, h.fs, name))
		}
	}
}

// acceptLoss opens a damaged folder for good, and gives how much is missing in it.
func acceptLoss(t *testing.T, fs *vfs.MemFS, waits []string) (missing int) {
	t.Helper()
	var log bytes.Buffer
	o := smallStore(fs)
	o.Logger, o.AcceptDataLoss = slog.New(slog.NewTextHandler(&locked{w: &log}, nil)), true
	before := sumsOf(t, fs)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	missing = missingOf(t, s, waits)
	mustClose(t, s)
	kept := ""
	for _, name := range filesIn(t, fs, "data") {
		if strings.HasPrefix(name, "data/damaged-") {
			kept += name + "\n"
		}
	}
	if missing > 0 && !strings.Contains(log.String(), "data loss is accepted") {
		t.Errorf("%d are missing, and nothing was said:\n%s", missing, log.String())
	}
	if strings.Contains(log.String(), "data loss is accepted") && kept == "" && len(before) > 10 && !strings.Contains(log.String(), "is missing") {
		t.Errorf("what was damaged is not kept:\n%s", log.String())
	}
	o = smallStore(fs)
	s = mustOpen(t, o)
	if again := missingOf(t, s, waits); again != missing {
		t.Errorf("%d are missing, and at the next start %d", missing, again)
	}
	mustClose(t, s)
	return missing
}

func missingOf(t *testing.T, s *Store, waits []string) (missing int) {
	t.Helper()
	for _, id := range waits {
		if _, err := s.Wait("acme", id); errors.Is(err, gateway.ErrNotFound) {
			missing++
		} else if err != nil {
			t.Fatalf("a store that goes on with what can be read: %v", err)
		}
	}
	if err := s.Healthy(); err != nil {
		t.Fatal(err)
	}
	return missing
}

// TestRepairInterrupted looks at the folder as a kill would leave it at many points of
// a repair: the next one still finds all that there was.
func TestRepairInterrupted(t *testing.T) {
	folders, err := heldFolders()
	if err != nil {
		t.Fatal(err)
	}
	h := folders["killed"]
	fs := h.clone(t)
	damage(t, fs, "marker", func(name string) bool { return strings.Contains(name, "marker.manifest.") }, rand.New(rand.NewPCG(1, 2)))
	var left []*vfs.MemFS
	var mu sync.Mutex
	changes := 0
	o := smallStore(errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			if changes++; changes%5 == 0 && len(left) < 60 {
				left = append(left, held{fs: fs}.clone(t))
			}
		}
		return nil
	})))
	o.AcceptDataLoss = true
	mustClose(t, mustOpen(t, o))
	if len(left) < 10 {
		t.Errorf("the repair has changed the disk %d times only", changes)
	}
	for i, fs := range left {
		if n := acceptLoss(t, fs, h.waits); n > 0 {
			t.Fatalf("interrupted after %d changes of the disk, the next repair has lost %d", 5*(i+1), n)
		}
	}
}
