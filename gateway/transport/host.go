package transport

import (
	"slices"
	"time"

	"hookgate/gateway/shares"
)

// host is one target of one tenant, with its connections. The pool's lock guards it.
type host struct {
	pool    *pool
	key     hostKey
	holder  shares.Holder
	tenant  *resting
	dialer  func(*tickets, time.Duration) (*link, error)
	tickets *tickets // has a lock of its own

	place   node[host] // among the used
	last    time.Time  // when the last request ended
	busy    int        // requests on their way
	gone    bool       // nobody finds it any more: it keeps nothing
	open    int        // connections, those at rest and those that are being dialled too
	idle    []*link    // at rest; the one that was used last is last
	waiting list[waiter]
	rest    rest
}

// leave ends a find or an add.
func (h *host) leave() {
	p := h.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	h.busy--
	if h.last = p.now(); !h.gone {
		p.used.push(&h.place)
	}
}

// take gives a connection at rest, as nobody has looked at it. Without one it gives
// nothing, which is leave to dial, or a waiter where there are as many as may be. What
// has rested too long is given beside, to be retired.
func (h *host) take(fresh bool) (l *link, w *waiter, old []*link) {
	p := h.pool
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(h.idle) - 1; i >= 0 && !fresh; i-- {
		l = h.idle[i]
		if l.looked {
			continue
		}
		h.unrest(l)
		l.rest = now.Sub(l.rested)
		if l.rest < h.rest.most && now.Sub(l.born) < MaxAge {
			return l, nil, old
		}
		old = append(old, l)
	}
	if h.open < p.mostConns {
		h.open++
		return nil, nil, old
	}
	w = &waiter{host: h, given: make(chan *link, 1)}
	w.place.of = w
	h.waiting.push(&w.place)
	return nil, w, old
}

// unrest takes a connection away from those at rest.
func (h *host) unrest(l *link) {
	i := len(h.idle) - 1
	for i >= 0 && h.idle[i] != l {
		i--
	}
	h.idle = slices.Delete(h.idle, i, i+1)
	l.place.leave()
}

// left is called of a connection that is to be closed, or that was not made (nil): who
// waits may dial in its place.
func (h *host) left(l *link) {
	if l != nil && l.placed {
		l.placed = false
		h.pool.kept.Give(h.holder, 1)
	}
	if w := h.waiting.oldest(); w != nil {
		w.place.leave()
		w.given <- nil
		return
	}
	h.open--
}

// release gives a connection back; good says that it may be used again.
func (h *host) release(l *link, good bool) {
	p := h.pool
	now := p.now()
	p.mu.Lock()
	if good && l.reused {
		h.rest.worked(l.rest)
	}
	shut := l
	if good && !h.gone && !l.large && now.Sub(l.born) < MaxAge {
		shut = h.keep(l, now)
	} else {
		h.left(l)
	}
	p.mu.Unlock()
	if shut != nil {
		_ = shut.Close()
	}
}

// keep puts a connection to rest, or gives it to who waits. What it gives is to be
// closed: where its tenant has its share, the one that has rested longest makes room.
func (h *host) keep(l *link, now time.Time) (shut *link) {
	p := h.pool
	l.rested, l.alive = now, now
	if w := h.waiting.oldest(); w != nil {
		w.place.leave()
		l.rest = 0
		w.given <- l
		return nil
	}
	if !l.placed && !p.kept.Take(h.holder, 1) {
		shut = h.tenant.links.oldest()
		if shut == nil || shut.looked {
			h.left(l)
			return l
		}
		shut.placed = false
		shut.host.unrest(shut)
		shut.host.left(shut)
	}
	l.placed = true
	h.idle = append(h.idle, l)
	h.tenant.links.push(&l.place)
	p.tendSoon()
	return shut
}

// heard takes what an answer says of the rest of its connection.
func (h *host) heard(says time.Duration) {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	h.rest.heard(says)
}
