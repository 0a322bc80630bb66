package transport

import "time"

const (
	// MaxAge is how long a connection is used: then its name is looked up again, for it may
	// lead elsewhere by now (SPEC 15).
	MaxAge = 5 * time.Minute
	// lookEvery is how often connections at rest are looked after; one that has rested
	// longer is looked at more seldom.
	lookEvery = time.Second
	// forgetAfter is how long what was learned of a host outlives its last request.
	forgetAfter = time.Hour
	forgetEvery = time.Minute
)

// tendSoon has connections at rest looked after.
func (p *pool) tendSoon() {
	if !p.soon && p.sweep != nil {
		p.soon = true
		p.sweep.Reset(lookEvery)
	}
}

// tend closes what has rested or lived too long, and finds what the peer has closed:
// its descriptor is of no use, and when it was closed tells how long others may rest.
func (p *pool) tend() {
	due, shut := p.due()
	for _, l := range due {
		l.host.tend(l)
	}
	closeAll(shut)
}

// due gives the connections that are to be looked at, each marked, and forgets the hosts
// that nobody has asked for in a long time.
func (p *pool) due() (due, shut []*link) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	atRest := 0
	for _, t := range p.tenants {
		for n := t.links.next; n != nil && n.of != nil; n = n.next {
			atRest++
			if l := n.of; !l.looked && l.due(now) {
				l.looked = true
				due = append(due, l)
			}
		}
	}
	for h := p.used.oldest(); h != nil && h.busy == 0 && now.Sub(h.last) >= forgetAfter; h = p.used.oldest() {
		shut = append(shut, p.remove(h)...)
	}
	p.soon = atRest > 0
	switch {
	case p.sweep == nil: // closed meanwhile
	case p.soon:
		p.sweep.Reset(lookEvery)
	case len(p.hosts) > 0:
		p.sweep.Reset(forgetEvery)
	default:
		p.sweep = nil
	}
	return due, shut
}

// due says whether to look at a connection at rest: so often that when it was closed is
// known to a quarter.
func (l *link) due(now time.Time) bool {
	rested := now.Sub(l.rested)
	return rested >= l.host.rest.most || now.Sub(l.born) >= MaxAge || now.Sub(l.alive) >= max(lookEvery, rested/4)
}

// tend looks at a connection that is marked, and rests.
func (h *host) tend(l *link) {
	open := l.open()
	p := h.pool
	now := p.now()
	p.mu.Lock()
	l.looked = false
	rested := now.Sub(l.rested)
	over := rested >= h.rest.most
	switch {
	case !open:
		h.rest.ended(l.alive.Sub(l.rested))
	case over:
		h.rest.worked(rested)
	}
	if open && !over && !h.gone && now.Sub(l.born) < MaxAge {
		l.alive = now
		h.serve(l)
		p.mu.Unlock()
		return
	}
	h.unrest(l)
	h.left(l)
	p.mu.Unlock()
	_ = l.Close()
}

// serve gives a connection at rest to who has begun to wait while it was looked at.
func (h *host) serve(l *link) {
	if w := h.waiting.oldest(); w != nil {
		h.unrest(l)
		w.place.leave()
		w.given <- l
	}
}
