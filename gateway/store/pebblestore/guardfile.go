package pebblestore

import (
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardedFile is a file that Pebble writes; see guard.
type guardedFile struct {
	vfs.File
	g      *guard
	table  bool
	yields bool // a compaction's: it gives way where there is little room

	kind    fileKind
	number  uint64
	written uint64 // bytes; Pebble writes logs and manifests from one goroutine, which syncs them too

	reserved, reserve int64 // of a log: up to where blocks are reserved, and may be

	chunk     *[tableChunk]byte // of a table: the memory of what is collected
	collected []byte            // of a table: given to Write, not yet written
	paced     paced             // of a table
}

// reserveStep is how much of a log is reserved at a time. Pebble asks for a tenth more than a
// memtable at once, 35 MiB, which a gateway that idles would hold for nothing.
const reserveStep = 4 << 20

// Write writes all but tables at once.
func (f *guardedFile) Write(p []byte) (n int, err error) {
	if f.g.frozen() {
		return len(p), f.g.hold(f.table)
	}
	if f.table {
		n, err = f.collect(p)
		f.paced.rest(f.g.s)
		return n, err
	}
	return f.write(p)
}

// write goes on where a full disk cut it short.
func (f *guardedFile) write(p []byte) (n int, err error) {
	if end := int64(f.written) + int64(len(p)); end > f.reserved && f.reserved < f.reserve {
		f.reserveTo(end)
	}
	if f.yields && !f.g.s.space.spares(len(p)) {
		return 0, f.g.giveWay()
	}
	n, err = f.File.Write(p)
	if f.yields && err != nil && scarce(err) {
		return n, f.g.giveWay()
	}
	for since := time.Now(); err != nil && scarce(err) && f.g.awaitRoom(f.table, since, err); {
		var more int
		more, err = f.File.Write(p[n:])
		n += more
	}
	f.written += uint64(n)
	if err == nil {
		return n, nil
	}
	if done, told := f.g.fault(f.table, err); done || told != nil {
		return n, told
	}
	return len(p), nil
}

// WriteAt is not used by Pebble for what it must not lose.
func (f *guardedFile) WriteAt(p []byte, offset int64) (n int, err error) {
	done, err := f.g.change(f.table, func() error {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	if !done && err == nil {
		return len(p), nil
	}
	return n, err
}

// sync runs one sync, once: a sync that failed is never repeated.
func (f *guardedFile) sync(op func() error) error {
	if f.g.frozen() {
		return f.g.hold(f.table)
	}
	if err := f.flush(); err != nil {
		return err
	}
	err := op()
	if err == nil {
		return nil
	}
	_, err = f.g.fault(f.table, err)
	return err
}

// syncAll is a sync after which all that was written is on disk. That is known
// before anybody is told.
func (f *guardedFile) syncAll(op func() error) error {
	return f.sync(func() error {
		err := op()
		if err == nil && f.kind != otherFile {
			f.g.s.known.synced(f.kind, f.number, f.written)
		}
		return err
	})
}

func (f *guardedFile) Sync() error { return f.syncAll(f.File.Sync) }

func (f *guardedFile) SyncData() error { return f.syncAll(f.File.SyncData) }

func (f *guardedFile) SyncTo(length int64) (full bool, err error) {
	err = f.sync(func() error {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Preallocate may fail: the write that follows needs the room, and will say so.
func (f *guardedFile) Preallocate(offset, length int64) error {
	if f.g.frozen() {
		return nil
	}
	if f.kind != logFile {
		return f.File.Preallocate(offset, length)
	}
	f.reserved, f.reserve = max(f.reserved, offset), offset+length
	return nil
}

// reserveTo reserves the next step of a log, and what is to be written.
func (f *guardedFile) reserveTo(end int64) {
	most := min(max(end, f.reserved+reserveStep), f.reserve)
	_ = f.File.Preallocate(f.reserved, most-f.reserved) // see Preallocate
	f.reserved = most
}

// Close writes what a table has that was never synced: nothing but one that is given up.
func (f *guardedFile) Close() error {
	var unwritten error
	if !f.g.frozen() {
		unwritten = f.flush()
	}
	f.letGo()
	err := errors.Join(unwritten, f.File.Close())
	if err == nil || f.g.frozen() {
		return nil
	}
	_, err = f.g.fault(f.table, err)
	return err
}
