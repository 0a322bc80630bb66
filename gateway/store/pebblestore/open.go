package pebblestore

import (
	"errors"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Store is a store on one machine. Its methods may be used by any number of
// goroutines at once.
type Store struct {
	opts  Options
	db    *pebble.DB
	guard *guard
	known known
	lock  io.Closer

	space    *space
	backlog  backlog
	unsynced atomic.Uint64 // commits without a sync since Open; see lag.go
	released released
	written  atomic.Bool // since keepNewest
	turns    turns
	lanes    laneLocks
	drops    drops
	fanouts  fanouts
	sweeper  sweeper
	expiring sync.Mutex // keeps who expires apart from Requeue, which brings back what may be about to expire

	failure atomic.Pointer[failure]
	failed  chan struct{} // closed with failure
	opened  atomic.Bool

	using   users
	done    chan struct{} // closed by Close, when nobody uses the store any more
	gone    chan struct{} // closed by Close at its end
	workers sync.WaitGroup
}

// Open opens the store in opts.Dir, or makes it. It fails, and touches nothing,
// when another process has it open, when a newer hookgate wrote it, or when it holds
// less than it last knew (DamageError).
func Open(opts Options) (*Store, error) {
	opts.setDefaults()
	s := &Store{opts: opts, failed: make(chan struct{}), done: make(chan struct{}), gone: make(chan struct{})}
	s.sweeper.wake = make(chan struct{}, 1)
	s.using.idle = make(chan struct{})
	s.lanes.seed = maphash.MakeSeed()
	s.known = known{fs: opts.FS, name: opts.FS.PathJoin(opts.Dir, "known"), warn: func(err error) {
		opts.Logger.Error("damage may pass unnoticed", "error", err)
	}}
	if err := s.prepareDir(); err != nil {
		return nil, err
	}
	if err := s.openPebble(); err != nil {
		return nil, errors.Join(s.notOpened(err), s.known.close(), s.lock.Close())
	}
	s.opened.Store(true)
	s.workers.Go(s.watch)
	if err := s.prepare(); err != nil {
		return nil, errors.Join(s.notOpened(err), s.Close())
	}
	s.guard.removeKept()
	s.known.setOpened()
	s.space.look()
	s.workers.Go(s.catchUp)
	s.workers.Go(s.janitor)
	s.workers.Go(s.sweep)
	return s, nil
}

// prepare does what must be done before anybody can ask.
func (s *Store) prepare() error {
	for _, step := range []func() error{s.tellNewest, s.loadReleased, s.countOpening, s.arrange, s.loadDrops, s.finishFanouts} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
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
	if !s.using.end() {
		<-s.gone
		return nil
	}
	defer close(s.gone)
	close(s.done)
	s.workers.Wait()
	s.written.Store(true)
	s.keepNewest()
	err := s.db.Close()
	if s.failure.Load() != nil {
		err = nil // told by Healthy and OnFail; the folder is as the fault left it
	}
	return errors.Join(err, s.known.close(), s.lock.Close())
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
