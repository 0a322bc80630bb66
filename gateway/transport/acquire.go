package transport

import (
	"context"
	"time"
)

// acquire gives a connection: one at rest that is seen to be open, or a fresh one, for
// which it may have to wait. Who asks for a fresh one gets none that has rested.
func (h *host) acquire(ctx context.Context, until time.Time, fresh bool) (*link, error) {
	for {
		l, w, old := h.take(fresh)
		for _, l := range old {
			h.retire(l)
		}
		if w != nil {
			var err error
			if l, err = w.wait(ctx, until); err != nil {
				return nil, err
			}
		}
		if l == nil {
			return h.dial(until)
		}
		l.reused = true
		if l.open() {
			l.alive = l.rested.Add(l.rest)
			return l, nil
		}
		h.died(l)
	}
}

// dial makes a connection; the place for it is taken already.
func (h *host) dial(until time.Time) (*link, error) {
	p := h.pool
	left := time.Until(until)
	l, err := (*link)(nil), error(context.DeadlineExceeded)
	if left > 0 {
		l, err = h.dialer(h.tickets, left)
	}
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		h.left(nil)
		return nil, err
	}
	l.host, l.born, l.place.of = h, p.now(), l
	return l, nil
}

// retire closes a connection that has rested for as long as it may. If the peer holds
// it still, others may rest longer.
func (h *host) retire(l *link) {
	open := l.open()
	p := h.pool
	p.mu.Lock()
	if open {
		h.rest.worked(l.rest)
	} else {
		h.rest.ended(l.alive.Sub(l.rested))
	}
	h.left(l)
	p.mu.Unlock()
	_ = l.Close()
}

// died closes a connection that the peer has closed while it rested.
func (h *host) died(l *link) {
	p := h.pool
	p.mu.Lock()
	h.rest.ended(l.alive.Sub(l.rested))
	h.left(l)
	p.mu.Unlock()
	_ = l.Close()
}

// stale is told of a connection that the peer closed as a request came: it has closed
// those that rest as well, and whoever looks at them may be too early.
func (h *host) stale(l *link) {
	p := h.pool
	p.mu.Lock()
	h.rest.ended(l.alive.Sub(l.rested))
	var shut []*link
	for _, l := range h.idle {
		if !l.looked {
			shut = append(shut, l)
		}
	}
	for _, l := range shut {
		h.unrest(l)
		h.left(l)
	}
	p.mu.Unlock()
	closeAll(shut)
}

// silent is told of a request on a connection that had rested long, to which nothing came
// in time: something in between may have forgotten the connection, and told nobody.
func (h *host) silent(l *link) {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	h.rest.ended(l.rest)
}

// waiter waits for a connection of a host that has as many as it may.
type waiter struct {
	host  *host
	place node[waiter]
	given chan *link // nil: leave to dial
}

// wait gives what it was given, until the deadline or the end of ctx.
func (w *waiter) wait(ctx context.Context, until time.Time) (l *link, err error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case l = <-w.given:
		return l, nil
	case <-timer.C:
		err = context.DeadlineExceeded
	case <-ctx.Done():
		err = ctx.Err()
	}
	h, p := w.host, w.host.pool
	p.mu.Lock()
	w.place.leave()
	select {
	case l = <-w.given: // in between
		if l == nil {
			h.left(nil)
		}
	default:
	}
	p.mu.Unlock()
	if l != nil {
		h.release(l, true)
	}
	return nil, err
}
