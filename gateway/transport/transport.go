package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"hookgate/gateway/shares"
)

// Options are what a Transport is made of; each zero value has a meaning.
type Options struct {
	Egress   Egress
	Resolver Resolver       // nil: the system's
	RootCAs  *x509.CertPool // nil: the system's
	// Dial makes a connection to an address that judge has passed; nil: TCP,
	// where judge is asked again about what the kernel is told.
	Dial func(ctx context.Context, to netip.AddrPort, judge func(netip.AddrPort) error) (net.Conn, error)
	// IdleTimeout is how long an unused connection is kept while nothing is known of how
	// long its host keeps one; 0: FirstIdle.
	IdleTimeout time.Duration
	MaxConns    int // at once to one host for one tenant; 0: DefaultConns
	MaxHosts    int // of which anything is known, over all tenants; 0: DefaultHosts
	// Kept is the budget of connections that are kept for the next request (SPEC 16), and
	// Sessions that of bytes of sessions of TLS; nil: DefaultKept and DefaultSessions.
	Kept, Sessions *shares.Budget
	// Holder says who has what a tenant takes of either; nil: the tenant by itself.
	Holder func(tenant string) shares.Holder
	// Now is the clock by which connections rest and age, which must not leap; nil: time.Now.
	Now func() time.Time
}

// Defaults of the bounds.
const (
	DefaultConns    = 4096 // as many attempts as there are at once, over all lanes
	DefaultHosts    = 16384
	DefaultKept     = 4096
	DefaultSessions = 64 << 20 // bytes
)

// DefaultIdle is below the five seconds after which common servers (Node,
// Apache) close: for who keeps connections and learns nothing of their hosts.
const DefaultIdle = 4 * time.Second

// Transport makes requests. It is safe for concurrent use.
type Transport struct {
	resolver Resolver
	dialer   func(context.Context, netip.AddrPort, func(netip.AddrPort) error) (net.Conn, error)
	tls      *tls.Config
	rules    atomic.Pointer[rules]
	way      atomic.Pointer[way]
	pool     pool
	ctx      context.Context // ends every dial with Close
	cancel   context.CancelFunc
}

// rules are replaced whole, so that a dial sees one version of them.
type rules struct {
	egress Egress
	own    own
}

// New makes a Transport; Close ends it.
func New(o Options) *Transport {
	t := &Transport{
		resolver: o.Resolver,
		dialer:   o.Dial,
		tls: &tls.Config{
			MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"},
		},
	}
	if t.resolver == nil {
		t.resolver = net.DefaultResolver
	}
	if t.dialer == nil {
		t.dialer = netDial
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.rules.Store(&rules{egress: o.Egress})
	t.pool.init(&o)
	t.way.Store(&way{roots: o.RootCAs})
	return t
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// SetEgress replaces the egress rules. Connections that were made under the old
// ones are not used again.
func (t *Transport) SetEgress(e Egress) {
	t.setRules(func(r *rules) { r.egress = e })
}

// SetListeners names the addresses on which this process listens: nothing may
// be sent to them.
func (t *Transport) SetListeners(listening ...net.Addr) {
	t.setRules(func(r *rules) { r.own = ownListeners(listening) })
}

func (t *Transport) setRules(change func(*rules)) {
	for {
		was := t.rules.Load()
		is := *was
		change(&is)
		if t.rules.CompareAndSwap(was, &is) {
			t.pool.forget(false)
			return
		}
	}
}

// SetWay replaces how targets are reached. Connections that were made the old way are
// not used again.
func (t *Transport) SetWay(w Way) error {
	next := &way{roots: w.Roots, tickets: t.ticketsOfOwn()}
	if w.Proxy != nil {
		var err error
		if next.proxy, err = compileProxy(*w.Proxy); err != nil {
			return err
		}
	}
	t.way.Store(next)
	t.pool.forget(false)
	return nil
}

// CheckURL asks the egress rules now in force; see Egress.CheckURL.
func (t *Transport) CheckURL(raw string, trusted bool) error {
	return t.rules.Load().egress.CheckURL(raw, trusted)
}

// Do makes one request and gives its answer, whatever its status; a redirect is
// an answer like any other. The error is an *Error; beside an answer it says that the
// form of its body leaves open what that is. It ends no later than the request's Timeout; once connected it also ends with ctx (connecting, with Close).
func (t *Transport) Do(ctx context.Context, r *Request) (*Answer, error) {
	deadline := time.Now().Add(orDefault(r.Timeout, DefaultTimeout))
	to, err := parseURL(r.URL)
	if err == nil && !r.Trusted {
		err = t.rules.Load().egress.checkTarget(&to)
	}
	if err != nil {
		return nil, err
	}
	head, err := r.appendHead(make([]byte, 0, 512), &to)
	if err != nil {
		return nil, err
	}
	host := t.host(r, &to)
	defer host.leave()
	trip := trip{ctx: ctx, deadline: deadline, request: r, head: head, host: host}
	return trip.run()
}

// host gives the keeper of the connections for a request's tenant and target,
// counted as busy.
func (t *Transport) host(r *Request, to *target) *host {
	key := hostKey{tenant: r.Tenant, at: to.at, tls: to.tls, trusted: r.Trusted, secured: r.TLS.Digest()}
	if found := t.pool.find(key); found != nil {
		return found
	}
	leads := leads{to: *to, trusted: r.Trusted, secured: r.TLS}
	return t.pool.add(key, func(known *tickets, left time.Duration) (*link, error) {
		ctx, cancel := context.WithTimeout(t.ctx, left)
		defer cancel()
		leads := leads
		leads.tickets = known
		return t.connect(ctx, &leads)
	})
}

// ticketsOfOwn makes a place for the session with what belongs to no tenant: egress.proxy,
// and the upstreams of routes.
func (t *Transport) ticketsOfOwn() *tickets {
	return &tickets{budget: t.pool.sessions, holder: t.pool.holder(""), now: t.pool.now}
}

// Close ends all dials, closes the connections that are not in use, and lets
// none be kept afterwards.
func (t *Transport) Close() {
	t.cancel()
	t.pool.forget(true)
}
