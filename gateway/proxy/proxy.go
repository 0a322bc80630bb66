package proxy

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/mapping"
	"hookgate/gateway/tracing"
	"hookgate/gateway/transport"
)

// Options are what a Proxy needs.
type Options struct {
	Transport *transport.Transport
	Watcher   *edge.Watcher
	// PublicURL is the base of URLs that senders call and some sign, without a
	// trailing slash; "" takes scheme and host from the request.
	PublicURL string
	Log       *slog.Logger
	Observer  Observer
	// Kept keeps the newest requests for those who ask what became of one; nil: nobody does.
	Kept Kept
	// Tracer tells of each request to a route; nil: it does not.
	Tracer *tracing.Tracer
	// Relay stores a request for its delivery, and gives its id, or that of the one
	// that it repeats; what it gives is durable. nil: routes of mode relay are not
	// served.
	Relay func(RelayRequest) (id string, duplicate bool, err error)
	// RelayAll does so with the messages of one request, each by itself: all of them are
	// durable, or it is an error. It must be there where Relay is.
	RelayAll func([]RelayRequest) ([]Relayed, error)
}

// Relayed says what became of one message of several.
type Relayed struct {
	ID        string
	Duplicate bool
}

// Observer is told what happens, for metrics. Its funcs must be there, and return at
// once.
type Observer struct {
	// Took: a request, from its first byte to the end of its answer, and the trace that has
	// it; "": none has.
	Took       func(seconds float64, trace string)
	AuthFailed func() // a verification failed
	// Happened: the breaker of an upstream has changed; nil: nobody is told.
	Happened func(gateway.Happening)
}

// Proxy answers the requests to routes.
type Proxy struct {
	options   Options
	table     atomic.Pointer[table]
	trusted   atomic.Pointer[[]netip.Prefix]
	rates     limits.Table
	told      limits.Table // of answers that do not render
	failures  limits.Failures
	exchanges sync.Pool
	values    sync.Pool // of relays
	tunnels   tunnels
	draining  atomic.Bool

	mu        sync.Mutex
	upstreams map[upstreamKey]*upstream // of the table
	routes    []string                  // in service, by id
	closed    bool
}

// New makes a Proxy without routes; Refresh gives it some, Close ends it.
func New(o Options) *Proxy {
	p := &Proxy{options: o}
	p.exchanges.New = func() any { return newExchange(p) }
	p.values.New = func() any { return new(mapping.Values) }
	p.table.Store(newTable(nil))
	p.Trust(nil)
	return p
}

// Trust says whose X-Forwarded fields are believed: public.trusted_proxies.
func (p *Proxy) Trust(networks []netip.Prefix) { p.trusted.Store(&networks) }

// Refresh makes the routes those of a snapshot. Upstreams that it names as before
// keep their connections, breakers and health. An error names a route that is out
// of service; the others are in it.
func (p *Proxy) Refresh(s *directory.Snapshot) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	var routes []*route
	var failed error
	kept := make(map[upstreamKey]*upstream, len(p.upstreams))
	for _, r := range s.Routes() {
		if !r.Enabled || r.Relay && p.options.Relay == nil {
			continue
		}
		made, err := p.newRoute(r, kept)
		if err != nil {
			failed = err
			continue
		}
		routes = append(routes, made)
	}
	p.table.Store(newTable(routes))
	for _, id := range p.routes {
		if !slices.ContainsFunc(routes, func(r *route) bool { return r.ID == id }) {
			p.rates.Forget(id)
			p.told.Forget(id)
		}
	}
	p.routes = p.routes[:0]
	for _, r := range routes {
		p.routes = append(p.routes, r.ID)
	}
	for key, u := range p.upstreams {
		if kept[key] != u {
			u.close()
		}
	}
	p.upstreams = kept
	return failed
}

// Handle answers one public request that is no callback.
func (p *Proxy) Handle(ctx *fasthttp.RequestCtx) {
	x := p.exchanges.Get().(*exchange) //nolint:forcetypeassert // the pool holds nothing else
	x.begin(ctx)
	defer func() {
		x.end()
		p.exchanges.Put(x)
	}()
	for _, step := range way {
		if step(x) {
			return
		}
	}
}

// done says that the request has its answer, which ends the way.
type done bool

// way is the steps of a request, in order.
var way = []func(*exchange) done{
	(*exchange).match, (*exchange).receive, (*exchange).authenticate, (*exchange).admit, (*exchange).relay, (*exchange).choose, (*exchange).forward, (*exchange).answer,
}

// BodyLimit says how large a request's body may be, before it is read; 0 where no
// route takes it.
func (p *Proxy) BodyLimit(method, host, path []byte) int64 {
	if r, _ := p.table.Load().find(method, host, path); r != nil {
		return r.MaxBody
	}
	return 0
}

// TooLarge counts a request that was refused before it was read, because it
// announced more than its route takes.
func (p *Proxy) TooLarge(method, host, path []byte) {
	if r, _ := p.table.Load().find(method, host, path); r != nil {
		r.Metrics.Answered(fasthttp.StatusRequestEntityTooLarge)
	}
}

// Drain ends upgraded connections, and lets no new ones through: nobody knows
// when they would end by themselves.
func (p *Proxy) Drain() {
	p.draining.Store(true)
	p.tunnels.close()
}

// Close ends the checks and closes the connections to upstreams that are not in
// use; none is kept afterwards.
func (p *Proxy) Close() {
	p.Drain()
	p.mu.Lock()
	all := p.upstreams
	p.upstreams, p.closed = nil, true
	p.mu.Unlock()
	for _, u := range all {
		u.close()
	}
}

// The answers for which nothing need be made up.
var (
	errNoRoute     = gateway.Errorf(gateway.CodeNotFound, "there is nothing at this path")
	errUnreachable = gateway.Errorf(gateway.CodeUpstreamFailed, "the upstream cannot be reached")
	errBroken      = gateway.Errorf(gateway.CodeUpstreamFailed, "the upstream gave no answer that is HTTP")
	errDeadline    = gateway.Errorf(gateway.CodeUpstreamTimeout, "the upstream did not answer in time")
	errLeft        = gateway.Errorf(gateway.CodeRequestTimeout, "the client has left")
)
