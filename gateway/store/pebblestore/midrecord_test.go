package pebblestore

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// midRecord is a folder whose last log had its last fsync in the middle of a record, at
// the end of a block, when the power was lost.
type midRecord struct {
	fs     vfs.FS
	waits  []string
	name   string // of the log
	text   []byte // to where it is known
	whole  int64  // its whole records
	number uint64
}

func newMidRecord(t *testing.T) *midRecord {
	t.Helper()
	folders, err := heldFolders()
	must(t, err)
	h := folders["killed"]
	m := &midRecord{fs: h.clone(t), waits: h.waits}
	k, err := readKnown(m.fs, "data/known")
	must(t, err)
	last := k.logs[len(k.logs)-1]
	m.name, m.whole, m.number = "data/"+logName(last.number), int64(last.synced), last.number
	text, err := readFile(m.fs, m.name, 1<<30)
	must(t, err)
	w := logWriter{b: slices.Clone(text[:last.synced]), number: uint32(last.number)}
	w.add(make([]byte, 100<<10))
	last.synced = (last.synced/chunkBlock + 2) * chunkBlock
	m.text = w.b[:last.synced]
	n := known{fs: m.fs, name: "data/known"}
	must(t, n.make(k))
	return m
}

// TestSyncedToTheMiddleOfARecord: Pebble writes a block of its log as it is full, and an
// fsync may fall between two chunks of one record. What a loss of power leaves then is
// healthy: nobody was told of that record.
func TestSyncedToTheMiddleOfARecord(t *testing.T) {
	m := newMidRecord(t)
	for name, more := range map[string]int{"it ends there": 0, "zeroes follow": 3 * chunkBlock, "a part of it follows": -1} {
		t.Run(name, func(t *testing.T) {
			text := slices.Clone(m.text)
			if more < 0 { // a later block of it reached the disk, and one before did not
				w := logWriter{number: uint32(m.number)}
				w.add(make([]byte, 2*chunkBlock))
				text = append(append(text, make([]byte, chunkBlock)...), w.b[chunkBlock:2*chunkBlock]...)
			} else {
				text = append(text, make([]byte, more)...)
			}
			fs := vfs.NewMem()
			_, err := vfs.Clone(m.fs, fs, "data", "data")
			must(t, err)
			writeFile(t, fs, m.name, string(text))
			s := mustOpen(t, smallStore(fs))
			if n := missingOf(t, s, m.waits); n > 0 {
				t.Errorf("%d are missing", n)
			}
		})
	}
}

// TestDamageInTheMiddleOfARecord: of such a record, what had its fsync is looked at like
// all else.
func TestDamageInTheMiddleOfARecord(t *testing.T) {
	m := newMidRecord(t)
	for range 100 {
		text := slices.Clone(m.text)
		at := int(m.whole) + rand.IntN(len(text)-int(m.whole))
		if rand.IntN(2) == 0 {
			text[at] ^= 1 << rand.IntN(8)
		} else {
			text = text[:at]
		}
		writeFile(t, m.fs, m.name, string(text))
		s, err := Open(Options{Dir: "data", FS: m.fs, Logger: slog.New(slog.DiscardHandler)})
		if err == nil {
			mustClose(t, s)
			t.Fatalf("it opens with damage at byte %d of %d, the last whole record ends at %d", at, len(m.text), m.whole)
		}
		if damaged := new(DamageError); !errors.As(err, &damaged) {
			t.Fatal(err)
		}
	}
}
