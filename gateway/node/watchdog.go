package node

import (
	"context"
	"errors"
	"time"

	"hookgate/gateway/server"
)

// watch keeps the service manager's watchdog quiet for as long as this process works, until
// the store is about to be closed.
func (n *Node) watch() {
	every, err := server.WatchdogEvery()
	if err != nil {
		n.Log.Warn("there is no watchdog", "error", err)
	}
	if every == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	w := works{Node: n}
	go func() {
		defer close(done)
		server.Watchdog(ctx, every, w.ask, n.Log)
	}()
	n.stops = append(n.stops, func() error {
		cancel()
		<-done
		return nil
	})
}

// works finds out whether a process does what it is there for, which is less than whether it
// is ready: one that drains or waits for room on its disk would do neither sooner after a
// restart. A store that failed would, and so would a lock that is never given back.
type works struct {
	*Node
	durable chan error // of the write that is under way; nil: none is
}

func (w *works) ask(ctx context.Context) error {
	if err := w.store.Healthy(); err != nil {
		return err
	}
	if err := w.writes(ctx); err != nil || w.draining.Load() {
		return err
	}
	return w.server.Answers(ctx)
}

// writes makes something durable. One write is under way at most: a disk that hangs is not
// given more to do by those who look at it.
func (w *works) writes(ctx context.Context) error {
	if w.durable == nil {
		w.durable = make(chan error, 1)
		go func(done chan<- error) { done <- w.store.Firm(time.Now()) }(w.durable)
	}
	select {
	case <-w.durable:
		w.durable = nil
		return w.store.Healthy() // an error that is no failure of the store passes
	case <-ctx.Done():
		if w.store.stands().far {
			return nil
		}
		return errNothingDurable
	}
}

var errNothingDurable = errors.New("a write has not become durable: the disk hangs, or the store does")
