package node

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/resources"
	"hookgate/gateway/store/pgstore"
)

// revisions tells what was configured since a revision: pgstore.Store. A store of one process
// has none.
type revisions interface {
	// Revision is the highest that there is.
	Revision() (int64, error)
	ResourcesSince(revision int64, each func(pgstore.Revised) error) error
	WasDeleted(tenant string) (bool, error)
}

// follower keeps up with what other nodes configure.
type follower struct {
	*parts
	revisions revisions // nil: nobody else configures anything
	at        atomic.Int64
	quit      chan struct{}
	running   sync.WaitGroup

	mu    sync.Mutex
	round *round    // that is under way; nil: none
	began time.Time // of the last
}

// round is one look at what is new, and how it went.
type round struct {
	done chan struct{}
	err  error
}

const (
	// followEvery is how soon a change is known without a word.
	followEvery = 500 * time.Millisecond
	// followPause is the least pause between two looks: whoever shows a token that nobody
	// knows has somebody look.
	followPause = 20 * time.Millisecond
)

// verbConfigured tells a node that something was configured.
const verbConfigured = "configured"

// newFollower makes one that knows what is read after it.
func newFollower(p *parts) (*follower, error) {
	f := &follower{parts: p, revisions: p.store.revisions, quit: make(chan struct{})}
	if f.revisions == nil {
		return f, nil
	}
	at, err := f.revisions.Revision()
	f.at.Store(at)
	return f, err
}

// start begins to follow.
func (f *follower) start() error {
	if f.revisions == nil {
		return nil
	}
	if err := f.catchUp(); err != nil {
		return err
	}
	f.running.Go(func() {
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		for {
			select {
			case <-f.quit:
				return
			case <-tick.C:
			}
			if err := f.catchUp(); err != nil {
				f.Log.Debug("what other nodes have configured cannot be read", "error", err)
			}
		}
	})
	return nil
}

func (f *follower) close() {
	close(f.quit)
	f.running.Wait()
}

// known is the revision that is known here.
func (f *follower) known() int64 { return f.at.Load() }

// await returns when a revision is known.
func (f *follower) await(revision int64) error {
	if f.at.Load() >= revision {
		return nil
	}
	return f.catchUp()
}

// catchUp returns when all is known that was configured before. Of those who ask at once one
// looks for all.
func (f *follower) catchUp() error {
	if f.revisions == nil {
		return nil
	}
	f.mu.Lock()
	if f.round != nil { // it may have looked before what is asked for: the next one counts
		last := f.round
		f.mu.Unlock()
		<-last.done
		f.mu.Lock()
	}
	mine := f.round
	if mine == nil {
		mine = &round{done: make(chan struct{})}
		f.round = mine
		rest := followPause - time.Since(f.began)
		f.mu.Unlock()
		time.Sleep(rest)
		f.look(mine)
		return mine.err
	}
	f.mu.Unlock()
	<-mine.done
	return mine.err
}

func (f *follower) look(r *round) {
	began := time.Now()
	r.err = f.read()
	f.mu.Lock()
	f.round, f.began = nil, began
	f.mu.Unlock()
	close(r.done)
}

// read takes over what is new.
func (f *follower) read() error {
	is := false
	err := f.revisions.ResourcesSince(f.at.Load(), func(pgstore.Revised) error { is = true; return errFound })
	if !is {
		return err
	}
	at := f.at.Load()
	err = f.resources.Follow(func(each func(resources.Change) error) error {
		return f.revisions.ResourcesSince(at, func(c pgstore.Revised) error {
			at = max(at, c.Revision)
			return each(resources.Change{Record: c.Record, Deleted: c.Deleted})
		})
	})
	if err == nil {
		f.at.Store(at)
	}
	return err
}

var errFound = gateway.ErrNotFound // any: it ends a look at the first that is found

// serve hears that something was configured.
func (f *follower) serve(context.Context, []byte) ([]byte, error) {
	go func() { _ = f.catchUp() }() // it looks again soon
	return nil, nil
}
