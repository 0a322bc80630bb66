package pebblestore

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// countingFS counts writes and reads of the files below it, and fails reads from a place on.
type countingFS struct {
	vfs.FS
	writes, reads int
	bad           int64 // reads end before it; 0: none do
}

type countedFile struct {
	vfs.File
	fs *countingFS
}

func (c *countingFS) Create(name string, of vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := c.FS.Create(name, of)
	return &countedFile{f, c}, err
}

func (c *countingFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := c.FS.Open(name, opts...)
	return &countedFile{f, c}, err
}

func (f *countedFile) Write(p []byte) (int, error) {
	f.fs.writes++
	return f.File.Write(p)
}

var errBad = errors.New("bad sector")

func (f *countedFile) ReadAt(p []byte, at int64) (int, error) {
	f.fs.reads++
	if bad := f.fs.bad; bad > 0 && at+int64(len(p)) > bad {
		n, err := f.File.ReadAt(p[:max(0, bad-at)], at)
		return n, errors.Join(err, errBad)
	}
	return f.File.ReadAt(p, at)
}

// chunkGuard gives a guard of an open store on a counted file system, and a table of size
// random bytes in it that was written in blocks.
func chunkGuard(t *testing.T, size int) (*guard, *countingFS, []byte) {
	t.Helper()
	fs := &countingFS{FS: vfs.NewMem()}
	opts := Options{Dir: "data", FS: fs}
	opts.setDefaults()
	e := newEngine(opts)
	e.opened.Store(true)
	must(t, fs.MkdirAll("data", 0o700))
	g := newGuard(e)
	all := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(all) // never fails
	f, err := g.Create("data/000001.sst", vfs.WriteCategoryUnspecified)
	must(t, err)
	for rest := all; len(rest) > 0; {
		n := min(len(rest), 1+int(random.Uint64()%5000))
		wrote, err := f.Write(rest[:n])
		if must(t, err); wrote != n {
			t.Fatal(wrote, n)
		}
		rest = rest[n:]
	}
	must(t, f.Sync())
	must(t, f.Close())
	return g, fs, all
}

// TestTableChunks writes a table in blocks and reads it in blocks from end to end: the
// bytes are the same, by a tenth of the calls.
func TestTableChunks(t *testing.T) {
	const size = 1 << 20
	g, fs, all := chunkGuard(t, size)
	if most := size/tableChunk*5/4 + 1; fs.writes > most {
		t.Errorf("%d writes, at most %d", fs.writes, most)
	}
	f, err := g.Open("data/000001.sst", vfs.SequentialReadsOption)
	must(t, err)
	defer f.Close()
	block := make([]byte, 3000)
	for at := int64(0); at < size; at += int64(len(block)) {
		n, err := f.ReadAt(block, at)
		if want := all[at:min(at+int64(len(block)), size)]; !bytes.Equal(block[:n], want) || (err != nil) != (n < len(block)) {
			t.Fatal(at, n, err)
		}
	}
	if most := size/tableChunk*5/4 + 2; fs.reads > most {
		t.Errorf("%d reads, at most %d", fs.reads, most)
	}
	for _, at := range []int64{size - 100, 7, tableChunk - 1, tableChunk - 1, 500_000, 499_999} { // in no order
		if n, err := f.ReadAt(block[:90], at); err != nil || !bytes.Equal(block[:n], all[at:at+90]) {
			t.Fatal(at, n, err)
		}
	}
	if n, err := f.ReadAt(block, size-10); n != 10 || !errors.Is(err, io.EOF) {
		t.Error(n, err)
	}
}

// TestTableChunkEnds reads ahead into what cannot be read: all before it is given, and
// the error only to who asks for what it is of.
func TestTableChunkEnds(t *testing.T) {
	g, fs, all := chunkGuard(t, 100_000)
	fs.bad = 50_500
	f, err := g.Open("data/000001.sst", vfs.SequentialReadsOption)
	must(t, err)
	defer f.Close()
	block := make([]byte, 1000)
	for at := int64(0); at < 50_000; at += 1000 {
		if n, err := f.ReadAt(block, at); err != nil || !bytes.Equal(block[:n], all[at:at+1000]) {
			t.Fatal(at, n, err)
		}
	}
	if n, err := f.ReadAt(block, 50_000); !errors.Is(err, errBad) || n > 500 || !bytes.Equal(block[:n], all[50_000:50_000+n]) {
		t.Error(n, err)
	}
}

// TestTableChunkGivenUp closes a table that was never synced, as Pebble does with one that
// it gives up: it has what was written, and the memory goes back.
func TestTableChunkGivenUp(t *testing.T) {
	g, fs, _ := chunkGuard(t, 1)
	f, err := g.Create("data/000002.sst", vfs.WriteCategoryUnspecified)
	must(t, err)
	text := strings.Repeat("block", 100)
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	must(t, f.Close())
	got, err := fs.FS.Open("data/000002.sst")
	must(t, err)
	defer got.Close()
	if all, err := io.ReadAll(got); err != nil || string(all) != text {
		t.Errorf("%q %v", all, err)
	}
	if g := f.(*guardedFile); g.chunk != nil || g.collected != nil {
		t.Error("the memory is kept")
	}
}
