package pgstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"hookgate/gateway/store/gate"
	"hookgate/gateway/store/handy"
)

// engine is what all parts of the store have in common: how it is asked and told.
type engine struct {
	opts   Options
	places *strings.Replacer // of the schema in statements
	pool   *pool
	using  gate.Gate
	done   chan struct{} // closed by Close, when nobody uses the store any more
	gone   chan struct{} // closed by Close at its end
	hand   *handy.Hand   // what was just published (hand.go)
	work   sync.WaitGroup
}

// Store is a store on PostgreSQL. Its methods may be used by any number of goroutines at
// once. They are those of its parts, of which each has one job.
type Store struct {
	*engine
	*writers
	*waits
	*marks
	*timelines
	*told
	*calls
	*jobs
	*resources
	*audits
	*figures
	*publications
	*queue
	*byHand
	*reads
	*endpoints
	*dropping
	*janitor
	*members
	*survey
	*extents
	*copies
}

// Open joins the database as a node of its own, and makes the schema, or brings it up to
// this version, where it is not.
func Open(opts Options) (*Store, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	s := newStore(newEngine(opts))
	e := s.engine
	ctx := context.Background()
	if err := s.fences.migrate(ctx); err != nil {
		s.fences.close()
		return nil, fmt.Errorf("schema %s: %w", opts.Schema, err)
	}
	if err := s.writers.begin(ctx); err != nil {
		s.closeConnections()
		return nil, err
	}
	e.work.Go(s.janitor.run)
	return s, nil
}

func newEngine(opts Options) *engine {
	e := &engine{opts: opts, done: make(chan struct{}), gone: make(chan struct{}), hand: handy.New()}
	e.places = strings.NewReplacer("{s}", opts.Schema+".", "{lock}", strconv.FormatInt(e.lockKey("revision"), 10))
	e.pool = newPool(e, opts.Connections-writing-1)
	return e
}

// newStore joins the parts.
func newStore(e *engine) *Store {
	w := newWriters(e)
	s := &Store{engine: e, writers: w}
	s.waits, s.marks, s.told = &waits{w}, &marks{w, &asker{engine: e}}, &told{w}
	s.timelines, s.calls, s.jobs = &timelines{w}, &calls{w}, &jobs{w}
	s.resources, s.audits, s.figures = &resources{w}, &audits{w}, &figures{w}
	making := &making{writers: w}
	s.publications, s.queue = &publications{w, making}, &queue{w, &asker{engine: e}, making}
	s.byHand, s.reads, s.endpoints, s.dropping = &byHand{w}, &reads{w}, &endpoints{w}, &dropping{w}
	s.janitor = &janitor{writers: w}
	s.members, s.survey = &members{w}, &survey{w}
	s.extents = &extents{engine: e, unseen: &w.unseen}
	s.copies = &copies{writers: w, making: making, parts: s.janitor}
	return s
}

// Close waits for what is under way, then closes the store. It may be called more than once.
func (s *Store) Close() error {
	if !s.using.End() {
		<-s.gone
		return nil
	}
	defer close(s.gone)
	close(s.done)
	s.work.Wait()
	s.writers.end()
	s.writers.deleteNode()
	s.closeConnections()
	return nil
}

func (s *Store) closeConnections() {
	for _, w := range s.all {
		if w.conn != nil {
			closeNow(w.conn)
		}
	}
	s.fences.close()
	s.pool.drop()
}
