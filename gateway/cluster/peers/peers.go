package peers

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

// Node is a node as others reach it.
type Node struct {
	ID      string // of the process: a node that comes back has another
	Address string // host:port of what it listens on for others
}

// Options are what Peers needs. Self and Secrets are required.
type Options struct {
	// Self is the id of this node, as the others know it now.
	Self func() string
	// Secrets are what nodes prove themselves by: all are believed, the first one signs.
	// Another one does so for a node that does not know the first yet.
	Secrets []string
	// TLS is spoken with others; nil: plain HTTP.
	TLS *tls.Config
	// Connections is how many there are to one node, at most, of verbs that share them; 0: 512.
	// Of these those for whom others ask have shares (For).
	Connections int
	// Now is the clock by which moments are judged; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger // nil: slog.Default
}

// Handler answers a verb. The body is valid until it returns. From gives who asks.
type Handler func(ctx context.Context, body []byte) ([]byte, error)

// MaxBody is the most that a request, or an answer, of a node has, in bytes: the messages of
// a request that is split have together more than the largest of anybody else, and something
// is said of them.
const MaxBody = 25 << 20

// Peers are the other nodes, as this one asks them and is asked.
type Peers struct {
	options  Options
	keys     []key
	numbers  numbers
	refusals refusals
	handlers map[string]Handler
	apart    map[string]int // by verb: which have connections of their own; 0: all others
	groups   int
	answers  *shares.Budget

	mu      sync.Mutex
	clients map[place]*client
	closed  bool
	under   map[string]int // by the id of a node: how many requests to it are under way
	left    []string       // the last nodes that nobody asks any more
}

// New makes Peers.
func New(o Options) *Peers {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Connections <= 0 {
		o.Connections = 512
	}
	return &Peers{
		options: o, keys: keysOf(o.Secrets), numbers: numbers{of: map[uint64]*window{}}, handlers: map[string]Handler{}, apart: map[string]int{},
		clients: map[place]*client{}, under: map[string]int{}, answers: shares.New(mostAnswers),
	}
}

// Handle says what answers a verb, which is of lower case letters and stands once. It is
// called before anybody asks.
func (p *Peers) Handle(verb string, handler Handler) { p.handlers[verb] = handler }

// place is where connections lead to, and what for.
type place struct {
	address string
	group   int
}

// Apart gives verbs connections of their own, together: however many questions of others are
// under way for however long, these find one. It is called before anybody asks.
func (p *Peers) Apart(verbs ...string) {
	p.groups++
	for _, verb := range verbs {
		p.apart[verb] = p.groups
	}
}

// Ask asks a node, until ctx ends, at most for maxAsk. An error of the other comes as it was,
// with its code; ErrNotHere, and all else for which the request certainly was not taken,
// NotTaken knows.
func (p *Peers) Ask(ctx context.Context, to Node, verb string, body []byte) ([]byte, error) {
	if len(body) > MaxBody { // whoever else is asked would not take it either
		return nil, gateway.Errorf(gateway.CodeTooLarge, "the request is too large to be passed on to the node that decides it: over %d bytes", MaxBody)
	}
	c, err := p.begin(to.ID, place{to.Address, p.apart[verb]})
	if err != nil {
		return nil, &notTaken{err}
	}
	defer p.end(to.ID)
	digest := sha256.Sum256(body)
	for tried := range p.keys {
		by := c.key.Load()
		answer, err := p.askBy(ctx, c, to.ID, verb, body, &digest, &p.keys[by])
		if !errors.Is(err, errRefused) || tried == len(p.keys)-1 {
			return answer, err
		}
		c.key.CompareAndSwap(by, (by+1)%uint32(len(p.keys))) //nolint:gosec // secrets are few
	}
	return nil, &notTaken{errors.New("there is no cluster.secret")}
}

func (p *Peers) askBy(ctx context.Context, c *client, to, verb string, body []byte, digest *[sha256.Size]byte, by *key) ([]byte, error) {
	shows := credential{
		from: p.options.Self(), to: to, verb: verb, at: p.options.Now(), session: c.session, number: c.numbers.Add(1), digest: *digest,
	}
	field := shows.sign(nil, by)
	of, _ := ctx.Value(holderKey{}).(shares.Holder)
	return c.do(ctx, &request{path: Prefix + verb, authorization: field, body: body, mac: &shows.mac, key: by}, of)
}

type holderKey struct{}

// For gives the context of what is asked for somebody: whoever has many questions under way to
// one node, or such as stay long, leaves connections to others.
func For(ctx context.Context, holder shares.Holder) context.Context {
	return context.WithValue(ctx, holderKey{}, holder)
}

// Close closes the connections to others. Nobody is asked after it.
func (p *Peers) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.clients {
		c.close()
	}
}

// Forget closes the connections to those who are at no address of the given, and of the others
// those that are idle for long.
func (p *Peers) Forget(but func(address string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, c := range p.clients {
		if !but(at.address) {
			c.close()
			delete(p.clients, at)
		} else {
			c.closeIdle(idleTime)
		}
	}
}

// Leave is told of a node that ends, and has nothing any more: nobody asks it from then on, and
// when it returns no request is under way to it, or ctx has ended. So it closes no connection
// that has just been written to: of such a request nobody knew whether it was taken.
func (p *Peers) Leave(ctx context.Context, id string) {
	p.mu.Lock()
	p.left = append(p.left[max(0, len(p.left)-mostLeft+1):], id)
	p.mu.Unlock()
	for p.asks(id) && background.Sleep(ctx, leavePause) {
	}
}

const (
	// mostLeft is how many nodes are remembered that left: those before them nobody knows any more.
	mostLeft = 16
	// leavePause is between two looks at what is under way to one that leaves.
	leavePause = 5 * time.Millisecond
)

func (p *Peers) asks(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.under[id] > 0
}

var (
	errClosed = errors.New("this node is stopping")
	errLeft   = errors.New("that node has left")
)

// begin gives the connections to a node, to which a request is under way from then on, until end.
func (p *Peers) begin(id string, at place) (*client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, errClosed
	case slices.Contains(p.left, id):
		return nil, errLeft
	}
	c := p.clients[at]
	if c == nil {
		c = newClient(at.address, p.options.TLS, p.options.Connections, p.answers)
		p.clients[at] = c
	}
	p.under[id]++
	return c, nil
}

func (p *Peers) end(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.under[id]--; p.under[id] == 0 {
		delete(p.under, id)
	}
}

type fromKey struct{}

type requestKey struct{}

// From gives the id of the node that asks a handler.
func From(ctx context.Context) string {
	from, _ := ctx.Value(fromKey{}).(string)
	return from
}

// Rebill has the body that a handler answers be somebody's for whom another node asks: whoever
// has many, or keeps them long, does so out of his own share, and not out of that of nodes.
func Rebill(ctx context.Context, to shares.Holder) error {
	if r, is := ctx.Value(requestKey{}).(*fasthttp.RequestCtx); is {
		return edge.Rebill(r, to)
	}
	return nil
}

// sumOf says whether a body is the one that was signed.
func sumOf(body []byte, want *[sha256.Size]byte) bool {
	return sha256.Sum256(body) == *want
}

// WithFrom gives the context of a handler that the node of an id asks.
func WithFrom(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, fromKey{}, id)
}
