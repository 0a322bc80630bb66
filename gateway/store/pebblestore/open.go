package pebblestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Store is a store on one machine. Its methods may be used by any number of
// goroutines at once.
type Store struct {
	opts  Options
	db    *pebble.DB
	guard *guard
	lock  io.Closer

	space    *space
	backlog  backlog
	released released
	turns    turns

	failure atomic.Pointer[failure]
	failed  chan struct{} // closed with failure
	opened  atomic.Bool

	using   sync.RWMutex  // held by every method; Close waits for them
	done    chan struct{} // closed by Close
	closed  bool          // guarded by using
	workers sync.WaitGroup
}

// Open opens the store in opts.Dir, or makes it. It fails, and touches nothing,
// when another process has it open or when a newer hookgate wrote it.
func Open(opts Options) (*Store, error) {
	opts.setDefaults()
	s := &Store{opts: opts, failed: make(chan struct{}), done: make(chan struct{})}
	if err := s.prepareDir(); err != nil {
		return nil, err
	}
	s.space = newSpace(s)
	s.guard = newGuard(s)
	if err := s.openPebble(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store in %s: %w", opts.Dir, err), s.lock.Close())
	}
	s.opened.Store(true)
	if err := errors.Join(s.loadReleased(), s.countOpening()); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store in %s: %w", opts.Dir, err), s.Close())
	}
	s.space.look()
	s.workers.Go(s.watch)
	s.workers.Go(s.janitor)
	return s, nil
}

// openPebble opens the database itself. Pebble panics when the disk fails it there
// (version_set.go, atomicfs.Marker.Move), and it holds nothing yet that matters.
func (s *Store) openPebble() (err error) {
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
	s.db, err = pebble.Open(s.opts.FS.PathJoin(s.opts.Dir, "pebble"), s.pebbleOptions())
	return err
}

// Close waits for what is under way, then closes the store. It may be called
// more than once, and does not hang after a failure.
func (s *Store) Close() error {
	s.using.Lock()
	defer s.using.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	close(s.done)
	s.workers.Wait()
	err := s.db.Close()
	if s.failure.Load() != nil {
		err = nil // told by Healthy and OnFail; the folder is as the fault left it
	}
	return errors.Join(err, s.lock.Close())
}

// closing says whether Close was called.
func (s *Store) closing() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// use keeps the store open until the release that it gives is called.
func (s *Store) use() error {
	s.using.RLock()
	if s.closed {
		s.using.RUnlock()
		return errClosed
	}
	return nil
}

// formatVersion is that of the folder's layout. A store of a higher one was
// written by a newer hookgate.
const formatVersion = 1

const formatWords = "hookgate data, format "

// prepareDir locks the data folder and looks at its format.
func (s *Store) prepareDir() error {
	fs, dir := s.opts.FS, s.opts.Dir
	if err := s.checkFormat(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the data folder %s: %w", dir, err)
	}
	lock, err := fs.Lock(fs.PathJoin(dir, "lock"))
	if err != nil {
		return fmt.Errorf("data folder %s is in use by another hookgate: %w", dir, err)
	}
	err = s.checkFormat()
	if errors.Is(err, os.ErrNotExist) {
		err = s.writeFormat()
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	s.lock = lock
	return nil
}

func (s *Store) formatName() string { return s.opts.FS.PathJoin(s.opts.Dir, "format") }

func (s *Store) checkFormat() error {
	f, err := s.opts.FS.Open(s.formatName())
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reading %s: %w", s.formatName(), err)
	}
	number, found := strings.CutPrefix(strings.TrimSpace(string(text)), formatWords)
	version, err := strconv.Atoi(number)
	switch {
	case !found || err != nil:
		return fmt.Errorf("%s does not say %q and a number: is this a data folder of hookgate?", s.formatName(), formatWords)
	case version > formatVersion:
		return fmt.Errorf("data folder %s has format %d, written by a newer hookgate; this one knows up to %d", s.opts.Dir, version, formatVersion)
	}
	return nil
}

// writeFormat marks a new folder. It is written whole and renamed, so that a
// crash leaves either none or a whole one.
func (s *Store) writeFormat() error {
	fs, name := s.opts.FS, s.formatName()
	f, err := fs.Create(name+".new", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(formatWords + strconv.Itoa(formatVersion) + "\n"))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(fs, s.opts.Dir)
	}
	if err == nil {
		err = syncDir(fs, fs.PathDir(s.opts.Dir)) // the folder itself must outlive a crash
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
