package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
)

// writer writes promises by one connection: what came while a statement was under way goes
// into the next one together.
//
//	join   connect, and be given an epoch
//	take   what came, as one group
//	send   it, as one statement with the fence
//	tell   each promise what came of it
//
// After an outcome that nobody knows it joins again before it does anything else: then what
// it sent is there, or never will be.
type writer struct {
	*writers
	n     int
	conn  *pgconn.PgConn
	fence fence
	tried []int64 // epochs that it may have been given, and was not told
	warns warnings

	mu      sync.Mutex
	queue   []turn
	queued  int // bytes
	linger  linger
	wake    chan struct{}
	steady  chan struct{} // closed: it is known what was written
	joined  bool
	renewed int64 // node that it is to write for from now on; 0: as it does
	closing bool
}

// writers are all of them.
type writers struct {
	*engine
	fences  *fences
	all     [writing]*writer
	joining sync.Mutex // meetings stand in all queues in one order
	working sync.WaitGroup
	stop    chan struct{}

	unseen atomic.Int64 // bytes that were written since extents looked

	mu     sync.Mutex
	node   int64
	system string // as it was when a writer joined last
	// known are the slots of which somebody here may know something: all, but for those that
	// were let go and not read since.
	known gateway.SlotSet
	// Of these nobody has read anew, since the system changed, what a tenant has, and a lane.
	stale, staleLanes gateway.SlotSet
	changed           time.Time // when that was
	dead              bool      // declared so by another node
}

func newWriters(e *engine) *writers {
	w := &writers{engine: e, fences: &fences{engine: e}, stop: make(chan struct{}), known: gateway.AllSlots()}
	for n := range w.all {
		w.all[n] = &writer{writers: w, n: n, wake: make(chan struct{}, 1), steady: make(chan struct{})}
	}
	return w
}

// begin gives the node a number and each writer its first epoch, and lets it work.
func (w *writers) begin(ctx context.Context) (err error) {
	if w.node, err = w.fences.newNode(ctx); err != nil {
		return fmt.Errorf("joining the database: %w", err)
	}
	for n, one := range w.all {
		one.fence = fence{node: w.node, n: n}
	}
	for _, one := range w.all {
		if err := one.join(ctx); err != nil {
			return fmt.Errorf("joining the database: %w", err)
		}
	}
	for _, one := range w.all {
		w.working.Go(one.work)
	}
	return nil
}

// end lets what waits be written, and the writers end.
func (w *writers) end() {
	for _, one := range w.all {
		one.mu.Lock()
		one.closing = true
		one.mu.Unlock()
		one.poke()
	}
	close(w.stop)
	w.working.Wait()
}

func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// write makes a promise durable, all of it or nothing. gateway.CodeUnavailable: nothing was
// written. Any other error: the outcome is unknown.
func (w *writers) write(p *promise) error {
	if err := w.using.Enter(); err != nil {
		return err
	}
	defer w.using.Leave()
	if p.err != nil {
		return errNotStorable(p.err)
	}
	if len(p.ops) == 0 {
		return nil
	}
	if err := w.mayWrite(p); err != nil {
		return err
	}
	w.letGo(p)
	if err := w.enqueue(p); err != nil {
		return err
	}
	timer := time.NewTimer(w.opts.Patience)
	defer timer.Stop()
	select {
	case err := <-p.done:
		return err
	case <-timer.C:
		if p.taken.CompareAndSwap(false, true) {
			return unavailable(errors.New("no connection has written it in time"))
		}
		return <-p.done // it is under way, or over
	}
}

// work writes until the end.
func (w *writer) work() {
	defer w.leave()
	for {
		w.renew()
		if !w.isJoined() && !w.rejoin() {
			return
		}
		if w.lingers() {
			continue
		}
		switch g, t, last := w.take(); {
		case t != nil:
			w.meet(t)
		case len(g.promises) > 0:
			w.sendGroup(g)
		case last:
			return
		default:
			<-w.wake
		}
	}
}

// begins takes a promise into a group, unless nobody waits for it any more, or it may not be
// written.
func (w *writer) begins(p *promise, g *group) bool {
	if !p.taken.CompareAndSwap(false, true) {
		return false
	}
	if err := w.mayWrite(p); err != nil {
		p.done <- err
		return false
	}
	g.add(p)
	return true
}

// take takes what is to be written next: a group, or a meeting. last is true at the end.
func (w *writer) take() (g *group, meeting *turn, last bool) {
	g = newGroup()
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) > 0 {
		t := w.queue[0]
		if t.meeting != nil {
			if len(g.promises) > 0 {
				return g, nil, false
			}
			w.pop()
			return g, &t, false
		}
		if !g.takes(t.p) {
			return g, nil, false
		}
		w.pop()
		w.begins(t.p, g)
	}
	return g, nil, w.closing
}

func (w *writer) pop() {
	if t := w.queue[0]; t.meeting == nil || t.leads {
		w.queued -= t.p.size
	}
	w.linger.goes(&w.queue[0])
	w.queue[0] = turn{}
	w.queue = w.queue[1:]
}

// sendGroup writes a group, and tells each of its promises what came of it.
func (w *writer) sendGroup(g *group) {
	for _, p := range g.promises {
		if p.err != nil { // two ops of one promise on one row
			g.tell(errNotStorable(p.err))
			return
		}
	}
	took := time.Now()
	a, err := w.sendOnce(g)
	switch out := outcomeOf(err); {
	case out == written && !w.stillThere():
		w.lose(errLeftBehind)
		g.tell(errUnknown(errLeftBehind))
	case out == written && a.held:
		w.linger.wrote(g, time.Since(took))
		if w.opts.OnCommit != nil {
			w.opts.OnCommit(time.Since(took))
		}
		for _, p := range g.promises {
			w.owed(p)
		}
		g.tell(nil)
	case out == written:
		w.outOf(g, a)
	case out == refused && wasParted(err) && !g.again:
		g.again = true
		w.sendGroup(g)
	case out == refused && wasBeaten(err):
		if g.beaten++; g.beaten > mostBeaten {
			g.tell(unavailable(err))
			return
		}
		w.sendGroup(g)
	case out == refused && wasThere(err) && !g.looks:
		g.looks = true
		w.sendGroup(g)
	case out == refused && len(g.promises) > 1 && byValue(err):
		w.apart(g)
	case out == refused:
		w.opts.Logger.Error("a write was refused by the database", "error", stateOf(err)) // what is told of it does not say why
		g.tell(errNotStorable(err))
	case out == unsent:
		w.lose(err)
		g.tell(unavailable(err))
	case out == readOnly:
		w.part(err)
		g.tell(unavailable(err))
	default:
		w.lose(err)
		g.tell(errUnknown(err))
	}
}

// apart sends each promise of a group by itself: one of them has a value that cannot be.
func (w *writer) apart(g *group) {
	for i, p := range g.promises {
		if !w.isJoined() {
			rest := &group{promises: g.promises[i:]}
			rest.tell(unavailable(errors.New("the connection ended before")))
			return
		}
		one := newGroup()
		one.add(p)
		w.sendGroup(one)
	}
}

// sendOnce sends a group within the time that a statement has.
func (w *writer) sendOnce(g *group) (a answer, err error) {
	most := w.opts.Patience + time.Duration(g.size>>20)*time.Second // a megabyte more is a second more
	if g.promises[0].alone {
		most = whole
	}
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	a, err = w.send(ctx, w.conn, g, w.fence)
	if warned := w.warns.take(); err == nil {
		err = warned
	}
	return a, err
}

func (w *writers) owed(p *promise) {
	for _, one := range p.owing {
		w.unseen.Add(int64(one.bytes))
		if w.opts.OnWrite != nil {
			w.opts.OnWrite(one.tenant, one.bytes)
		}
	}
}

func (g *group) tell(err error) {
	for _, p := range g.promises {
		p.done <- err
	}
}
