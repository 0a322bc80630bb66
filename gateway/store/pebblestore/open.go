package pebblestore

import (
	"errors"
	"hash/maphash"
	"sync"
)

// Store is a store on one machine. Its methods may be used by any number of
// goroutines at once. They are those of its parts, of which each has one job, and one
// lock where it has any.
type Store struct {
	*engine
	*folder
	*upkeep
	*janitor
	*waits
	*marks
	*timelines
	*calls
	*jobs
	*resources
	*publications
	*queue
	*endpoints
	*byHand
	*endings
	*dropping
	*sweeping
	*reads
	*figures
	*audits
	*told
	*extents
	*copies
}

// newStore joins the parts.
func newStore(opts Options) *Store {
	e := newEngine(opts)
	s := &Store{engine: e, folder: &folder{e}, upkeep: &upkeep{e}, marks: &marks{e}, timelines: &timelines{e}, calls: &calls{e}, audits: &audits{e}, extents: &extents{e}, told: &told{e}, jobs: &jobs{e}, endpoints: &endpoints{e}}
	locks, expiring, making := &laneLocks{seed: maphash.MakeSeed()}, &sync.Mutex{}, &fanouts{}
	s.waits = &waits{engine: e}
	s.resources = &resources{e, locks}
	s.endings = &endings{e}
	s.dropping = &dropping{engine: e, endings: s.endings, lanes: locks, sweeper: sweeper{wake: make(chan struct{}, 1)}}
	s.sweeping = &sweeping{e, s.dropping, making}
	s.publications = &publications{e, s.dropping, s.waits, making}
	s.queue = &queue{e, s.dropping}
	s.reads, s.figures = &reads{e, s.dropping}, &figures{e}
	s.byHand = &byHand{e, s.dropping, s.queue, s.reads, expiring}
	s.janitor = &janitor{e, s.dropping, s.waits, s.jobs, expiring}
	s.copies = &copies{e, s.dropping, s.timelines}
	return s
}

// Open opens the store in opts.Dir, or makes it. It fails, and touches nothing,
// when another process has it open, when a newer hookgate wrote it, or when it holds
// less than it last knew (DamageError).
func Open(opts Options) (*Store, error) {
	opts.setDefaults()
	s := newStore(opts)
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
	s.removeCheckpoint()
	s.known.setOpened()
	s.space.look()
	s.workers.Go(s.catchUp)
	s.workers.Go(s.janitor.run)
	s.workers.Go(s.sweep)
	s.workers.Go(s.postLater)
	s.workers.Go(s.sift)
	return s, nil
}

// prepare does what must be done before anybody can ask.
func (s *Store) prepare() error {
	for _, step := range []func() error{s.tellNewest, s.loadReleased, s.countOpening, s.arrange, s.putOnce, s.repost, s.loadDrops, s.finishFanouts} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Close waits for what is under way, then closes the store. It may be called
// more than once, and does not hang after a failure.
func (s *Store) Close() error {
	if !s.using.End() {
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
