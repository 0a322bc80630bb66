package pebblestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// repair goes on with what can be read of a damaged folder, because the operator
// said so. What is damaged is kept: copied or moved to a folder of its own, before
// anything takes its place, so that a crash in between only repeats the repair.
//
// A log is written anew from its whole records, also from those behind the damage:
// each is a commit that stood for itself. Where a table or the manifest is damaged,
// or the marker that names it, the database is built anew from all tables and logs
// (rebuild.go).
func (s *folder) repair(f *judged) error {
	r := &repairing{s: s, fs: s.opts.FS, judged: f, aside: s.opts.FS.PathJoin(s.opts.Dir, "damaged-"+time.Now().UTC().Format("20060102T150405.000Z"))}
	if err := r.fs.MkdirAll(r.aside, 0o700); err != nil {
		return folderError("writing to", r.aside, err)
	}
	for _, d := range f.damage {
		s.opts.Logger.Error("data loss is accepted: "+d.String(), "folder", s.opts.Dir, "kept_in", r.aside)
	}
	err := r.mend()
	if err == nil {
		err = syncDir(r.fs, s.opts.Dir)
	}
	// What was known is of the files as they were. From here on all is known anew.
	f.known, f.current = knowledge{turn: f.known.turn, opened: true}, false
	return err
}

// repairing is one repair.
type repairing struct {
	*judged
	s     *folder
	fs    vfs.FS
	aside string // where what is damaged is kept
}

func (r *repairing) mend() error {
	for _, name := range [...]string{"format", "known"} {
		if slices.ContainsFunc(r.damage, func(d Damage) bool { return d.File == name }) {
			if err := r.keep(r.fs.PathJoin(r.s.opts.Dir, name)); err != nil {
				return err
			}
		}
	}
	if slices.ContainsFunc(r.damage, func(d Damage) bool { return d.rebuild }) {
		return r.rebuild()
	}
	for _, d := range r.damage {
		name := r.fs.PathJoin(r.s.opts.Dir, d.File)
		var err error
		switch kind, number := fileOf(d.File); kind {
		case logFile:
			err = r.mendLog(name, number)
		case optionsFile:
			if err = r.keepLinked(name); err == nil {
				err = r.fs.Remove(name)
			}
		}
		if err != nil {
			return err
		}
	}
	return syncDir(r.fs, r.dir)
}

// mostKept is what is kept of a file that could not be linked, or may not: it may go on with
// a terabyte of holes, and be longer than the disk.
const mostKept = 1 << 30

// keepLinked keeps a file that another is about to take the place of: it takes no room.
func (r *repairing) keepLinked(name string) error {
	if r.fs.Link(name, r.fs.PathJoin(r.aside, path.Base(name))) == nil {
		return syncDir(r.fs, r.aside)
	}
	return r.keep(name)
}

// keep copies a file, if it is there, to the folder of what was damaged.
func (r *repairing) keep(name string) error {
	from, err := r.fs.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := r.fs.Create(r.fs.PathJoin(r.aside, path.Base(name)), vfs.WriteCategoryUnspecified)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	_, err = io.Copy(to, io.LimitReader(from, mostKept))
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close(), from.Close()); err != nil {
		return fmt.Errorf("keeping %s: %w", name, err)
	}
	return syncDir(r.fs, r.aside)
}

// mendLog writes a log anew from its whole records.
func (r *repairing) mendLog(name string, number uint64) error {
	from, err := r.fs.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it is missing whole
	}
	if err != nil {
		return err
	}
	defer from.Close()
	if err := r.keepLinked(name); err != nil {
		return err
	}
	w, records := logWriter{number: uint32(number)}, 0
	write := func(record []byte) error {
		if len(record) < batchHeader {
			return nil
		}
		w.add(record)
		records++
		return nil
	}
	if _, err := readRecords(from, chunkForm{log: true, number: uint32(number)}, write, write); err != nil {
		return err
	}
	r.s.opts.Logger.Warn("a damaged log was written anew", "file", name, "commits", records)
	return writeWhole(r.fs, name, w.b)
}

// logWriter builds a log in memory, where a memtable of it has room too.
type logWriter struct {
	b      []byte
	number uint32
}

// add appends a record, in chunks of the form that knows no offsets.
func (w *logWriter) add(record []byte) {
	for n := 0; n == 0 || len(record) > 0; n++ {
		room := chunkBlock - len(w.b)%chunkBlock
		if room < recycledHeader {
			w.b = append(w.b, make([]byte, room)...)
			room = chunkBlock
		}
		part := record[:min(len(record), room-recycledHeader)]
		record = record[len(part):]
		kind := middle
		switch {
		case n == 0 && len(record) == 0:
			kind = whole
		case n == 0:
			kind = first
		case len(record) == 0:
			kind = last
		}
		at := len(w.b)
		w.b = append(w.b, 0, 0, 0, 0)
		w.b = binary.LittleEndian.AppendUint16(w.b, uint16(len(part)))
		w.b = append(w.b, 5+byte(kind))
		w.b = binary.LittleEndian.AppendUint32(w.b, w.number)
		w.b = append(w.b, part...)
		binary.LittleEndian.PutUint32(w.b[at:], chunkSum(w.b[at+6:]))
	}
}

// plainOptions are those of the store, on the disk itself: nobody is served yet, and
// who fails tells of it.
func (s *folder) plainOptions() *pebble.Options {
	o := s.pebbleOptions()
	o.FS, o.EventListener = s.opts.FS, nil
	o.EnsureDefaults()
	return o
}
