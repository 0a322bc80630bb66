package transport

import (
	"sync"
	"time"

	"hookgate/gateway/shares"
)

// pool keeps the connections, apart for each tenant and target (host), and what was
// learned about each. All of it is bounded: the hosts by mostHosts, the connections
// that are kept by a budget in which each tenant has its share, those of one host by
// mostConns.
//
// One lock guards it all; nothing is read, written, dialled or closed under it. (One of
// fasthttp's HostClients for each target was tried before: it keeps buffers for each, a
// goroutine to clean up each, and says nothing of how long a connection has rested.)
type pool struct {
	mostHosts, mostConns int
	first                time.Duration // that a connection may rest, before anything is known
	kept                 *shares.Budget
	sessions             *shares.Budget
	holder               func(tenant string) shares.Holder
	now                  func() time.Time

	mu      sync.Mutex
	hosts   map[hostKey]*host
	used    list[host] // all of them, in the order of their last requests
	tenants map[string]*resting
	sweep   *time.Timer // runs while there is anything to tend
	soon    bool        // it comes in lookEvery, for connections are at rest
	closed  bool
}

// resting is what the pool knows of a tenant.
type resting struct {
	links list[link] // at rest, in the order in which they came to it
	hosts int
}

type hostKey struct {
	tenant  string
	at      string // host:port
	tls     bool
	secured string // the digest of its own settings of TLS; "": none
	trusted bool   // a connection that no rule has judged serves none that they bind
}

func (p *pool) init(o *Options) {
	p.mostHosts, p.mostConns = orDefault(o.MaxHosts, DefaultHosts), orDefault(o.MaxConns, DefaultConns)
	p.first = orDefault(o.IdleTimeout, FirstIdle)
	if p.kept = o.Kept; p.kept == nil {
		p.kept = shares.New(DefaultKept)
	}
	if p.sessions = o.Sessions; p.sessions == nil {
		p.sessions = shares.New(DefaultSessions)
	}
	if p.holder = o.Holder; p.holder == nil {
		p.holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	if p.now = o.Now; p.now == nil {
		p.now = time.Now
	}
	p.hosts, p.tenants = map[hostKey]*host{}, map[string]*resting{}
}

// find gives a target's host, counted as busy until leave; nil where there is none.
func (p *pool) find(key hostKey) *host {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[key]
	if h != nil {
		h.busy++
	}
	return h
}

// add is find that makes what is missing. One beyond the bound serves once.
func (p *pool) add(key hostKey, dial func(*tickets, time.Duration) (*link, error)) *host {
	h := &host{pool: p, key: key, holder: p.holder(key.tenant), dialer: dial, rest: rest{most: p.first}, busy: 1}
	h.tickets = &tickets{budget: p.sessions, holder: h.holder, now: p.now}
	h.place.of = h
	p.mu.Lock()
	if found := p.hosts[key]; found != nil {
		found.busy++
		p.mu.Unlock()
		return found
	}
	shut := p.enter(h)
	p.mu.Unlock()
	closeAll(shut)
	return h
}

// enter remembers a host, in place of one that rests where there are too many. It gives
// what is to be closed.
func (p *pool) enter(h *host) (shut []*link) {
	if len(p.hosts) >= p.mostHosts {
		old := p.used.oldest()
		if old == nil || old.busy > 0 {
			h.gone = true
			return nil
		}
		shut = p.remove(old)
	}
	if p.closed {
		h.gone = true
		return shut
	}
	t := p.tenants[h.key.tenant]
	if t == nil {
		t = &resting{}
		p.tenants[h.key.tenant] = t
	}
	t.hosts++
	h.tenant = t
	p.hosts[h.key] = h
	p.used.push(&h.place)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(forgetEvery, p.tend)
	}
	return shut
}

// remove forgets a host: what is under way on it finishes, and is not kept. It gives
// what is to be closed.
func (p *pool) remove(h *host) (shut []*link) {
	delete(p.hosts, h.key)
	h.place.leave()
	h.gone = true
	if h.tenant.hosts--; h.tenant.hosts == 0 {
		delete(p.tenants, h.key.tenant)
	}
	for _, l := range h.idle {
		if !l.looked { // else who looks at it closes it
			shut = append(shut, l)
		}
	}
	for _, l := range shut {
		h.unrest(l)
		h.left(l)
	}
	h.tickets.close()
	return shut
}

// forget drops all hosts; what is under way finishes, and its connections are not used
// again. closing keeps any from being remembered afterwards.
func (p *pool) forget(closing bool) {
	p.mu.Lock()
	var shut []*link
	for _, h := range p.hosts {
		shut = append(shut, p.remove(h)...)
	}
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep, p.soon = nil, false
	}
	p.closed = p.closed || closing
	p.mu.Unlock()
	closeAll(shut)
}

func closeAll(shut []*link) {
	for _, l := range shut {
		_ = l.Close()
	}
}
