package pebblestore

import (
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// backlog holds writes back while flushes and compactions do not keep up, as
// Pebble's write stall would, but outside of Pebble and never for longer than
// maxBacklogWait.
type backlog struct {
	behind atomic.Bool
	mu     sync.Mutex
	caught chan struct{} // closed when no longer behind
}

const (
	maxUnflushed   = 4  // full memtables' worth of bytes that wait to be flushed
	maxSublevels   = 24 // of level 0: what a read looks through
	maxBacklogWait = 5 * time.Second
)

// admit waits until the store has caught up.
func (b *backlog) admit() error {
	if !b.behind.Load() {
		return nil
	}
	b.mu.Lock()
	caught := b.caught
	b.mu.Unlock()
	if caught == nil {
		return nil
	}
	timer := time.NewTimer(maxBacklogWait)
	defer timer.Stop()
	select {
	case <-caught:
		return nil
	case <-timer.C:
		return gateway.Unavailable("the store cannot keep up", retryAfter)
	}
}

// set tells whether the store is behind.
func (b *backlog) set(behind bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case behind && b.caught == nil:
		b.caught = make(chan struct{})
		b.behind.Store(true)
	case !behind && b.caught != nil:
		close(b.caught)
		b.caught = nil
		b.behind.Store(false)
	}
}

// lookBacklog asks Pebble how far it is behind. Only while it works at that are
// writes held back: what it does not mean to flush or compact yet, for it goes by
// other measures than these, would else hold them back for ever.
func (s *engine) lookBacklog() {
	m := s.db.Metrics()
	if s.space.full.Load() {
		s.pace.hurry() // compactions give room back
	} else {
		s.pace.set(m.MemTable.Size, s.space.memtable, m.Levels[0].Sublevels)
	}
	much := m.MemTable.Size > maxUnflushed*s.space.memtable || m.Levels[0].Sublevels > maxSublevels
	s.backlog.set(much && m.Flush.NumInProgress+m.Compact.NumInProgress > 0)
}
