package edge

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// The bounds of a head. Proxies in front use no larger ones by default.
const (
	maxHead   = 16 << 10 // bytes of request line and fields: fasthttp's ReadBufferSize must be the same
	maxFields = 100
)

// Limits bound what the connections of one listener may use.
type Limits struct {
	Conns      int // open connections; 0: no bound
	ConnsPerIP int // of one IPv4 address or one IPv6 /64; 0: no bound
	// Unbounded says which addresses ConnsPerIP does not bind; nil: it binds all.
	Unbounded func(netip.Addr) bool

	Grace  time.Duration // how long a body may take at any size
	Rate   int64         // and beyond that, bytes per second that it must average
	Bodies *Budget       // memory for bodies of all connections; nil: no bound

	// Streams says that the server streams bodies. They are charged to Bodies as
	// they arrive, for an announced length costs nothing yet; without streaming
	// fasthttp allocates what was announced, so that is charged.
	Streams bool

	// Body, which must be there, returns the most bytes that a request may carry. It is asked before a
	// byte of the body is read and before 100-continue is sent; its arguments are
	// valid during the call alone.
	Body func(method, host, path []byte) int64
	// TooLarge gives the answer to a request whose announced length is over that;
	// nil, and a func that gives nil, stand for a plain 413. No handler sees such a
	// request: fasthttp would first wait for its body.
	TooLarge func(method, host, path []byte) *gateway.Error

	server *fasthttp.Server // that serves the connections: set by Settings.Server
	held   sync.WaitGroup   // requests that are answered later
}

func (l *Limits) tooLarge(h head) *gateway.Error {
	if l.TooLarge != nil {
		if fault := l.TooLarge(h.method, h.host, h.path); fault != nil {
			return fault
		}
	}
	return errBodyTooLarge
}

// Budget is a number of bytes that many share.
type Budget struct {
	most int64
	used atomic.Int64
}

// NewBudget makes a budget of most bytes.
func NewBudget(most int64) *Budget { return &Budget{most: most} }

// take reports whether n bytes were to be had; they are then taken.
func (b *Budget) take(n int64) bool {
	if b == nil {
		return true
	}
	if b.used.Add(n) <= b.most {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *Budget) give(n int64) {
	if b != nil && n > 0 {
		b.used.Add(-n)
	}
}

// refused is a fault that is known beforehand, so that refusing allocates nothing.
func refused(code gateway.Code, message string) *gateway.Error {
	return &gateway.Error{Code: code, Message: message}
}

var (
	errBodyTooLarge = refused(gateway.CodeTooLarge, "the body is larger than is accepted here")
	errNoMemory     = gateway.Unavailable("too many request bodies are in flight", time.Second)
	errTimeout      = refused(gateway.CodeRequestTimeout, "the request did not arrive in time")
	errBodyCut      = refused(gateway.CodeBadRequest, "the body ended early")
)
