package pebblestore

import (
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// formatVersion is that of the folder's layout. A store of a higher one was
// written by a newer hookgate. Before 2 there was no file "known", before 3 there were no
// postings (arrange.go), before 4 keys of the queue were put more than once (once.go), and
// attempts, parked callbacks and endpoints' statuses had less in their records. Before 5
// each event had a record of its line in its conversation's timeline (eventlines.go), and an
// entry for each of its deliveries (beside.go): both are read as ever.
const formatVersion = 5

const formatWords = "hookgate data, format "

// folder is the data folder before anybody is served: it is judged, mended if that was
// accepted, opened, and arranged for this version.
type folder struct{ *engine }

// prepareDir locks the data folder and looks at all that is in it, before anything is
// changed that was there.
func (s *folder) prepareDir() error {
	fs, dir := s.opts.FS, s.opts.Dir
	if odd := oddFiles(fs, dir); len(odd) > 0 {
		return fmt.Errorf("data folder %s: %s", dir, odd[0])
	}
	if _, err := s.checkFormat(); err != nil && !errors.Is(err, errNoFormat) && !s.opts.AcceptDataLoss {
		return err
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return folderError("making", dir, err)
	}
	lock, err := fs.Lock(fs.PathJoin(dir, "lock"))
	if err != nil {
		return lockError(dir, err)
	}
	s.space, s.guard = newSpace(s.engine), newGuard(s.engine)
	if err := s.takeDir(); err != nil {
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	s.stays.hold(s.opts.Dir)
	return nil
}

// oddFiles finds what stands where files of a data folder do and is none: a named pipe, a
// device. Who opens one may wait for ever, and read without an end.
func oddFiles(fs vfs.FS, dir string) (odd []Damage) {
	for _, below := range []string{"", pebbleDir} {
		names, _ := fs.List(fs.PathJoin(dir, below)) // a folder that cannot be read is told by who opens it
		slices.Sort(names)
		for _, name := range names {
			info, err := fs.Stat(fs.PathJoin(dir, below, name))
			if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
				odd = append(odd, Damage{File: path.Join(below, name), What: "is no file, but a pipe, a socket or a device"})
			}
		}
	}
	return odd
}

// takeDir judges the folder, asks for its key, and then marks it as ours.
func (s *folder) takeDir() error {
	f, err := s.judge()
	if err != nil {
		return err
	}
	if s.opts.Unlock != nil {
		if err := s.opts.Unlock(f.known.opened); err != nil {
			return err
		}
	}
	if len(f.damage) > 0 {
		if err := s.repair(f); err != nil {
			return fmt.Errorf("going on with what can be read in %s: %w", s.opts.Dir, err)
		}
		s.repaired = true
	}
	for _, w := range f.warn {
		s.opts.Logger.Warn("the data folder: "+w.String(), "folder", s.opts.Dir)
	}
	if !f.current {
		if err := s.known.make(f.known); err != nil {
			return err
		}
		if err := s.writeFormat(); err != nil {
			return err
		}
	}
	return s.known.open()
}

// judged is what judge found.
type judged struct {
	inspection
	current bool // format and known are there as this version writes them
}

// judge looks at all that is in the folder and changes nothing. Damage is an error
// unless it was accepted.
func (s *folder) judge() (*judged, error) {
	fs, dir := s.opts.FS, s.opts.Dir
	f := &judged{inspection: inspection{fs: fs, dir: fs.PathJoin(dir, pebbleDir)}}
	version, err := s.checkFormat()
	switch {
	case errors.Is(err, errNoFormat):
		if names, err := fs.List(f.dir); err == nil && len(names) > 0 {
			f.damage = append(f.damage, Damage{File: "format", What: "is missing, and there is data beside it"})
			f.known.opened = true
		}
	case err != nil && !s.opts.AcceptDataLoss:
		return nil, err
	case err != nil:
		f.damage = append(f.damage, Damage{File: "format", What: "is damaged: " + err.Error()})
		f.known.opened = true
	}
	known, err := readKnown(fs, s.known.name)
	switch {
	case err == nil && version == 1: // made as a folder of the first format was taken over, half
	case err == nil:
		f.known = known
	case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errKnown):
		return nil, folderError("reading", dir, err)
	case version >= 2 && errors.Is(err, errKnown):
		f.damage = append(f.damage, Damage{File: "known", What: errKnown.Error()})
		f.known.opened = true
	case version >= 2:
		f.damage = append(f.damage, Damage{File: "known", What: "is missing: it can no longer be told whether something else is"})
		f.known.opened = true
	}
	f.current = version == formatVersion && err == nil
	if err := f.inspect(s.pebbleOptions()); err != nil {
		return nil, folderError("reading", dir, err)
	}
	if s.opts.AcceptDataLoss {
		f.tablesWhole(s.plainOptions())
	}
	if version == 1 && f.has(tableFile) {
		f.known.opened = true
	}
	if len(f.damage) > 0 && !s.opts.AcceptDataLoss {
		return nil, &DamageError{Dir: dir, Found: f.damage}
	}
	return f, nil
}

func (s *folder) formatName() string { return s.opts.FS.PathJoin(s.opts.Dir, "format") }

// errNoFormat says that there is no file "format": the folder is new, or was.
var errNoFormat = errors.New("the data folder has no format yet")

func (s *folder) checkFormat() (version int, err error) { return formatOf(s.opts.FS, s.opts.Dir) }

// formatOf gives the version of a folder's layout.
func formatOf(fs vfs.FS, dir string) (version int, err error) {
	name := fs.PathJoin(dir, "format")
	text, err := readFile(fs, name, 256)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return 0, errNoFormat
	case err != nil:
		return 0, folderError("reading", dir, err)
	}
	number, found := strings.CutPrefix(strings.TrimSpace(string(text)), formatWords)
	version, err = strconv.Atoi(number)
	switch {
	case !found || err != nil || version < 1:
		return 0, fmt.Errorf("%s does not say %q and a number: is this a data folder of hookgate? If it is, the file is damaged: "+
			"restore it from a backup, or start with --accept-data-loss", name, formatWords)
	case version > formatVersion:
		return version, fmt.Errorf("data folder %s has format %d, written by a newer hookgate; this one knows up to %d", dir, version, formatVersion)
	}
	return version, nil
}

// writeFormat marks the folder, when all that the format asks for is in it.
func (s *folder) writeFormat() error {
	fs := s.opts.FS
	if err := writeWhole(fs, s.formatName(), []byte(formatWords+strconv.Itoa(formatVersion)+"\n")); err != nil {
		return err
	}
	return syncDir(fs, fs.PathDir(s.opts.Dir)) // the folder itself must outlive a crash
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// folderError says in its own words why a data folder cannot be used.
func folderError(doing, dir string, err error) error {
	why := ""
	switch {
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		why = ": this process may not" + whose(pathOf(err, dir)) + "; give its user read and write rights on the folder and all in it"
	case errors.Is(err, syscall.EROFS):
		why = ": it lies on a file system that is mounted read-only"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST):
		why = ": where a folder should be there is a file"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		why = ": there is no room left on its disk"
	}
	return fmt.Errorf("%s the data folder %s%s: %w", doing, dir, why, err)
}

// pathOf gives the path that an error is about.
func pathOf(err error, otherwise string) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Path
	}
	return otherwise
}

// lockError tells a folder that somebody else has open from one that cannot be
// written: vfs.FS.Lock says both in one way.
func lockError(dir string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) { // the file of the lock could not even be opened
		return folderError("locking", dir, err)
	}
	return fmt.Errorf("data folder %s is in use by another hookgate: %w", dir, err)
}

// openPebble opens the database itself.
func (s *folder) openPebble() error {
	return s.awaitPebble(func() (*pebble.DB, error) {
		return pebble.Open(s.opts.FS.PathJoin(s.opts.Dir, "pebble"), s.pebbleOptions())
	})
}

// awaitPebble waits until the database is open, or cannot be. A compaction that Pebble
// begins as it opens may come upon damage, and fail the store, as does a table that cannot
// be written: then Pebble waits for what the guard holds, for ever (scanObsoleteFiles), and
// is left to it. The folder is as it was, and the process has nothing else to do.
func (s *folder) awaitPebble(open func() (*pebble.DB, error)) error {
	var db *pebble.DB
	opened := make(chan error, 1)
	go func() {
		var err error
		db, err = openGuarded(s.engine, open)
		opened <- err
	}()
	select {
	case err := <-opened:
		s.db = db
		return err
	case <-s.failed:
	}
	late := time.NewTimer(abandonAfter)
	defer late.Stop()
	select {
	case err := <-opened: // it failed by that, or had finished just before
		s.db = db
		return err
	case <-late.C:
		return s.failure.Load().reason
	}
}

// abandonAfter is how long a failed opening may take to say so itself.
const abandonAfter = 5 * time.Second

// openGuarded makes Pebble's panics errors: it panics when the disk fails it as it opens
// (version_set.go, atomicfs.Marker.Move), and it holds nothing yet that matters.
func openGuarded(s *engine, open func() (*pebble.DB, error)) (db *pebble.DB, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case fatal:
			err = s.failure.Load().reason
		case error:
			err = r
		default:
			panic(r)
		}
	}()
	return open()
}
