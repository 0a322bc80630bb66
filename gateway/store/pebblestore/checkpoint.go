package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// checkpointDir is the folder, in the data folder, in which a checkpoint lies until it is
// closed. One that a process left is removed by the next.
const checkpointDir = "backup"

// Checkpoint is the store as it was at one moment, as the files of a data folder. Its
// tables are links to those of the store, and so take room only when the store needs them
// no more; its logs and its manifest are copies. One goroutine uses it.
type Checkpoint struct {
	// Files are those of a data folder, but for its keys, with slashes in their names.
	Files []CheckpointFile

	s    *engine
	dir  string
	text map[string][]byte // what was made for it, and lies nowhere else
}

// CheckpointFile is one file of a checkpoint, and its size in bytes.
type CheckpointFile struct {
	Name string
	Size int64
}

// Checkpoint makes one that holds all that was acknowledged when it was called. The
// store goes on meanwhile. There is one at a time: the caller sees to that.
func (s *upkeep) Checkpoint() (*Checkpoint, error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return nil, err // a checkpoint holds room that others need, too
	}
	c := &Checkpoint{s: s.engine, dir: s.opts.FS.PathJoin(s.opts.Dir, checkpointDir), text: map[string][]byte{}}
	err := c.take()
	if err == nil {
		err = s.refuse() // it may have failed before all was on disk
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a checkpoint: %w", err), c.Close())
	}
	return c, nil
}

func (c *Checkpoint) take() error {
	fs := c.s.opts.FS
	if err := fs.RemoveAll(c.dir); err != nil {
		return err
	}
	if err := fs.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	if err := c.s.db.Checkpoint(fs.PathJoin(c.dir, pebbleDir), pebble.WithFlushedWAL()); err != nil {
		return err
	}
	k, err := c.judge()
	if err != nil {
		return err
	}
	c.text["format"] = []byte(formatWords + strconv.Itoa(formatVersion) + "\n")
	c.text["known"] = k.file()
	return c.list()
}

// judge reads the checkpoint as a start would, and gives what is known of it.
//
// The last log was copied while it was written. It is as long as the store had reserved for
// it, and may go on, behind a gap, with what was written as the copy was under way: Pebble
// would take that for damage. It ends with its last whole record; what had been acknowledged
// before stands before that.
func (c *Checkpoint) judge() (k knowledge, err error) {
	fs := c.s.opts.FS
	i := inspection{fs: fs, dir: fs.PathJoin(c.dir, pebbleDir)}
	if i.names, err = fs.List(i.dir); err != nil {
		return k, err
	}
	slices.Sort(i.names)
	number, found := i.marked()
	if !found {
		return k, errors.New("it has no manifest")
	}
	if k.manifest, err = c.manifest(i, number); err != nil {
		return k, err
	}
	var logs []uint64
	for _, name := range i.names {
		if kind, number := fileOf(name); kind == logFile {
			logs = append(logs, number)
		}
	}
	slices.Sort(logs)
	for at, number := range logs {
		end, err := c.endLog(number, at == len(logs)-1)
		if err != nil {
			return k, err
		}
		k.logs = append(k.logs, &extent{number, uint64(end)})
	}
	if more := len(k.logs) - knownMostLog; more > 0 {
		k.logs = k.logs[more:]
	}
	k.opened = true
	return k, nil
}

func (c *Checkpoint) manifest(i inspection, number uint64) (extent, error) {
	f, err := i.fs.Open(i.path(fmt.Sprintf("MANIFEST-%06d", number)))
	if err != nil {
		return extent{}, err
	}
	m, err := readManifest(f)
	if err = errors.Join(err, f.Close()); err == nil && m.cut > 0 {
		err = errors.New("its manifest is not whole")
	}
	return extent{number, uint64(m.end)}, err
}

// endLog has a log end with its last whole record, and gives where that is.
func (c *Checkpoint) endLog(number uint64, last bool) (end int64, err error) {
	fs := c.s.opts.FS
	name := fs.PathJoin(c.dir, logName(number))
	f, err := fs.Open(name)
	if err != nil {
		return 0, err
	}
	r, err := readRecords(f, chunkForm{log: true, number: uint32(number)}, nil, nil)
	if err = errors.Join(err, f.Close()); err != nil || r.clean {
		return r.end, err
	}
	if !last {
		return 0, fmt.Errorf("%s is not whole, and another log follows it", logName(number))
	}
	return r.end, cutFile(fs, name, r.end)
}

// cutFile keeps the first so many bytes of a file.
func cutFile(fs vfs.FS, name string, size int64) error {
	from, err := fs.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := fs.Create(name+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = io.CopyN(to, from, size)
	if err = errors.Join(err, to.Close()); err != nil {
		return err
	}
	return fs.Rename(name+".new", name)
}

// list names all files. Which is first does not matter; their order is that of names.
func (c *Checkpoint) list() error {
	fs := c.s.opts.FS
	names, err := fs.List(fs.PathJoin(c.dir, pebbleDir))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range [...]string{"format", "known"} {
		c.Files = append(c.Files, CheckpointFile{name, int64(len(c.text[name]))})
	}
	for _, name := range names {
		info, err := fs.Stat(fs.PathJoin(c.dir, pebbleDir, name))
		if err != nil {
			return err
		}
		c.Files = append(c.Files, CheckpointFile{pebbleDir + "/" + name, info.Size()})
	}
	return nil
}

// Copy writes one of the files. It is gone then: its room is the store's again, where the
// store needs it no more.
func (c *Checkpoint) Copy(w io.Writer, name string) error {
	if text, made := c.text[name]; made {
		_, err := w.Write(text)
		return err
	}
	fs := c.s.opts.FS
	path := fs.PathJoin(c.dir, name)
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, onlyReader{f})
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return fs.Remove(path)
}

// onlyReader hides that a file could write itself: what it writes to keeps the pace.
type onlyReader struct{ io.Reader }

// Scarce says that the store needs the room that the checkpoint may hold.
func (c *Checkpoint) Scarce() bool { return !c.s.space.enough(c.s.space.watermark) }

// Close removes the checkpoint. The store may have been closed meanwhile.
func (c *Checkpoint) Close() error { return c.s.opts.FS.RemoveAll(c.dir) }

// removeCheckpoint removes what a former process left of one.
func (s *folder) removeCheckpoint() {
	if err := s.opts.FS.RemoveAll(s.opts.FS.PathJoin(s.opts.Dir, checkpointDir)); err != nil {
		s.opts.Logger.Warn("removing what is left of a backup; the next one tries again", "error", err)
	}
}
