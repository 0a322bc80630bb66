package cluster

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"hookgate/gateway/background"
	"hookgate/gateway/store"
)

// watcher beats and looks, in one goroutine.
type watcher struct {
	*state
	options *Options
	mover   *mover
	reach   *reach

	poked   chan struct{}
	telling atomic.Bool // what this node says of itself has changed: beat at once
	fallen  atomic.Bool // the store has said that this node was declared dead
	// Of the one goroutine.
	down     time.Time // since when no beat succeeds
	nextBeat time.Time
}

// lookPause is the shortest pause between two looks.
const lookPause = 20 * time.Millisecond

// poke lets the watcher look now.
func (w *watcher) poke() {
	select {
	case w.poked <- struct{}{}:
	default:
	}
}

// run beats until ctx ends.
func (w *watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.round(ctx)
		timer := time.NewTimer(time.Until(w.nextLook()))
		select {
		case <-timer.C:
		case <-w.poked:
		case <-ctx.Done():
		}
		timer.Stop()
		background.Sleep(ctx, lookPause)
	}
}

// nextLook is when there is something to see, or to say.
func (w *watcher) nextLook() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.nextBeat
	for id, p := range w.peers {
		if at := p.deadAt(); id != w.self && p.lives() && at.Before(next) && at.After(time.Now()) {
			next = at
		}
	}
	return next
}

// round is one beat, if it is time, and one look.
func (w *watcher) round(ctx context.Context) {
	if w.fallen.Swap(false) && !w.fall(ctx) {
		return
	}
	if now := time.Now(); w.telling.Swap(false) || !now.Before(w.nextBeat) {
		if !w.beat(now) {
			return
		}
	}
	if !w.look() {
		return
	}
	w.rescue()
	w.reach.ask()
	w.mover.poke()
}

// beat says that this node lives, and what it is.
func (w *watcher) beat(now time.Time) bool {
	due := w.nextBeat
	if due.IsZero() || due.After(now) {
		due = now
	}
	err := w.options.Store.Beat(w.tell(now))
	if errors.Is(err, store.ErrDeclaredDead) {
		w.fallen.Store(true)
		w.poke()
		return false
	}
	if err != nil {
		w.failed(now, err)
		w.nextBeat = time.Now().Add(againAfter)
		w.reach.ask()
		return false
	}
	w.lease.Store(int64(now.Add(leaseTime).Sub(w.base)))
	w.nextBeat = now.Add(beatEvery)
	w.mu.Lock()
	w.failing, w.lag = false, time.Since(due)
	w.mu.Unlock()
	if !w.down.IsZero() {
		w.options.Log.Info("the database is back", "away", now.Sub(w.down).Round(time.Millisecond).String())
		w.down = time.Time{}
	}
	return true
}

func (w *watcher) failed(now time.Time, err error) {
	w.mu.Lock()
	w.failing = true
	w.mu.Unlock()
	if w.down.IsZero() {
		w.down = now
		w.options.Log.Warn("this node cannot beat: the database cannot be reached; no slot moves, nothing is written", "error", err)
	}
}

// look reads the nodes and the owners.
func (w *watcher) look() bool {
	w.mu.Lock()
	w.looks++
	number := w.looks
	self, began := w.self, time.Now()
	w.mu.Unlock()
	nodes, owners, err := w.options.Store.Members()
	if err != nil {
		w.options.Log.Debug("the nodes cannot be read", "error", err)
		return false
	}
	if slices.ContainsFunc(nodes, func(m store.Member) bool { return m.Node == self && m.Gone }) {
		w.isGone(self)
		return false
	}
	changes := w.absorb(number, began, nodes, &owners)
	for _, change := range changes {
		w.options.Log.LogAttrs(context.Background(), slog.LevelInfo, change.text, slog.String("node", idOf(change.node)), slog.String("address", change.address))
	}
	if len(changes) > 0 {
		w.options.Observer.Changed()
	}
	return true
}

// isGone is told that a node was declared dead, which is this one if it has not come back as
// another meanwhile: the mover looks, too.
func (w *watcher) isGone(node int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.self == node && !w.fenced {
		w.fallen.Store(true)
		w.poke()
	}
}

// lookAgain has the store looked into, and waits for that; false where ctx ended before.
func (w *watcher) lookAgain(ctx context.Context) bool {
	w.mu.Lock()
	want := w.looks + 1 // one that is under way may have read before
	w.mu.Unlock()
	for {
		v := w.view.Load()
		w.mu.Lock()
		is := w.finished
		w.mu.Unlock()
		if is >= want {
			return true
		}
		w.poke()
		select {
		case <-v.changed:
		case <-ctx.Done():
			return false
		}
	}
}

// fall is what one does that was declared dead: it forgets everything and comes back as a
// new node.
func (w *watcher) fall(ctx context.Context) bool {
	w.options.Observer.Fenced()
	w.mu.Lock()
	was, address := w.self, w.say().Address
	w.fenced = true
	w.publish()
	w.mu.Unlock()
	w.options.Log.Error("another node has declared this one dead: it forgets everything and joins anew", "node", idOf(was), "address", address)
	w.moving.Wait()
	w.mover.releaseAll()
	for {
		w.fallen.Store(false) // whoever says so from here on may mean the new node
		err := w.options.Store.Rejoin()
		if err == nil {
			break
		}
		w.options.Log.Warn("joining anew failed", "error", err)
		if !background.Sleep(ctx, againAfter) {
			return false
		}
	}
	w.begin(w.options.Store.Node())
	w.nextBeat = time.Time{}
	return true
}
