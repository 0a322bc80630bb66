package pebblestore

import (
	"io"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// tableChunk is how many bytes of a table are written, or read from end to end, at once.
// Pebble does both block by block, 2 to 4 KB with a system call each: a sixth of all CPU
// of a store that compacts.
const tableChunk = 32 << 10

// tableChunks keeps the memory of files that were closed: a compaction reads a dozen
// tables at once, and writes one after the other.
var tableChunks = sync.Pool{New: func() any { return new([tableChunk]byte) }}

// collect keeps what Pebble writes of a table until it is worth a write. A table is read
// only after it was synced, and until then nobody relies on it.
func (f *guardedFile) collect(p []byte) (int, error) {
	if len(f.collected)+len(p) > tableChunk {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) >= tableChunk {
		return f.write(p)
	}
	if f.chunk == nil {
		f.chunk = tableChunks.Get().(*[tableChunk]byte)
		f.collected = f.chunk[:0]
	}
	f.collected = append(f.collected, p...)
	return len(p), nil
}

// flush writes what was collected.
func (f *guardedFile) flush() error {
	if len(f.collected) == 0 {
		return nil
	}
	all := f.collected
	f.collected = all[:0]
	_, err := f.write(all)
	return err
}

// letGo gives the memory of what was collected back.
func (f *guardedFile) letGo() {
	if f.chunk != nil {
		tableChunks.Put(f.chunk)
		f.chunk, f.collected = nil, nil
	}
}

// Open opens a file to read. A table that Pebble says it reads from end to end, for a
// compaction, is read in chunks.
func (g *guard) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	f, err := g.FS.Open(name, opts...)
	if err != nil || !isTable(name) || !slices.Contains(opts, vfs.SequentialReadsOption) {
		return f, err
	}
	return &chunkedFile{File: f}, nil
}

// chunkedFile is a table that is read from end to end, by one goroutine, as Pebble asks
// of the handles that it reads it with.
type chunkedFile struct {
	vfs.File
	chunk *[tableChunk]byte
	at    int64 // where the chunk begins in the file
	n     int   // bytes in it
	next  int64 // where the last read ended
}

// ReadAt reads ahead where it goes on from the last read, and else only what is asked for.
func (f *chunkedFile) ReadAt(p []byte, at int64) (int, error) {
	goesOn := at == f.next
	f.next = at + int64(len(p))
	if from := at - f.at; from >= 0 && f.next <= f.at+int64(f.n) {
		return copy(p, f.chunk[from:f.n]), nil
	}
	if !goesOn || len(p) >= tableChunk {
		return f.File.ReadAt(p, at)
	}
	if f.chunk == nil {
		f.chunk = tableChunks.Get().(*[tableChunk]byte)
	}
	n, err := f.File.ReadAt(f.chunk[:], at)
	f.at, f.n = at, n
	if n < len(p) {
		if err == nil {
			err = io.ErrNoProgress
		}
		return copy(p, f.chunk[:n]), err
	}
	return copy(p, f.chunk[:n]), nil // what lies behind is told when somebody asks for it
}

func (f *chunkedFile) Close() error {
	if f.chunk != nil {
		tableChunks.Put(f.chunk)
		f.chunk, f.n = nil, 0
	}
	return f.File.Close()
}
