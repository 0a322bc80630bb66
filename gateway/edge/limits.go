package edge

import (
	"net/netip"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// The bounds of a head (SPEC 17). Proxies in front use no larger ones by default.
const (
	maxTarget     = 8 << 10  // bytes
	maxFieldBytes = 16 << 10 // bytes of the lines of all fields, their line ends included
	maxFields     = 100
	// maxStart is a request line around its target: the longest method, two spaces, the
	// version and the line end, and the CRLF before it that is forgiven.
	maxStart = len("\r\nOPTIONS  HTTP/1.1\r\n")
	maxHead  = maxStart + maxTarget + maxFieldBytes + len("\r\n")
	// headBuffer is fasthttp's for a head: it must not be full before a bound is seen to
	// be passed, for then fasthttp says what is wrong, and has one word for all.
	headBuffer = maxHead + 256
)

// Limits bound what the connections of one listener may use.
type Limits struct {
	Conns         int // open connections; 0: no bound
	ConnsPerBlock int // of one IPv4 /24 or one IPv6 /48 (SPEC 16); 0: no bound
	// Trusts says which addresses are proxies in front: ConnsPerBlock does not bind them,
	// and whom they name in X-Forwarded-For has the body. nil: nobody is.
	Trusts func(netip.Addr) bool

	// GiveWay is how long nothing may be asked on a connection before it is closed for
	// another one, where Conns are open: room.go. 0: it never is.
	GiveWay time.Duration

	Grace  time.Duration  // how long a body may take at any size
	Rate   int64          // and beyond that, bytes per second that it must average
	Bodies *shares.Budget // memory for bodies of all connections; nil: no bound

	// Caller says whose a body is that came with this Authorization: client, where it is
	// that of no tenant. One who is not known sends no large body at all. nil: a body is
	// its client's. The bytes are valid during the call alone.
	Caller func(authorization []byte, client shares.Holder) (who shares.Holder, known bool)

	// Inside says that whoever calls is one of us, so that the ids of requests are taken
	// from anybody (SPEC-operations O4), and not from those alone whom it Trusts.
	Inside bool

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

	// Key gives where the last segment of a path begins that is a conversation key, which
	// may have any byte; below 0 where the path has none. nil: no path has one.
	Key func(path []byte) (from int)

	server *fasthttp.Server // that serves the connections: set by Settings.Server
	slack  time.Duration    // how much later than it is due a deadline may be: set there, too
	held   sync.WaitGroup   // requests that are answered later
}

func (l *Limits) trusts(a netip.Addr) bool { return l.Trusts != nil && l.Trusts(a) }

// isKey says whether all encoded separators of a path stand in its key.
func (l *Limits) isKey(path []byte) bool {
	if l.Key == nil {
		return false
	}
	from := l.Key(path)
	return from >= 0 && separatesAt(path) >= from
}

func (l *Limits) tooLarge(h head) *gateway.Error {
	if l.TooLarge != nil {
		if fault := l.TooLarge(h.method, h.host, h.path); fault != nil {
			return fault
		}
	}
	return errBodyTooLarge
}

// refused is a fault that is known beforehand, so that refusing allocates nothing.
func refused(code gateway.Code, message string) *gateway.Error {
	return &gateway.Error{Code: code, Message: message}
}

var (
	errBodyTooLarge = refused(gateway.CodeTooLarge, "the body is larger than is accepted here")
	errTimeout      = refused(gateway.CodeRequestTimeout, "the request did not arrive in time")
	errBodyCut      = refused(gateway.CodeBadRequest, "the body ended early")
	errStranger     = refused(gateway.CodeUnauthenticated, "send a valid token: Authorization: Bearer TOKEN")
)

// ErrNoMemory refuses a body for which its client, or tenant, has no share of the
// memory left (bounds.bodies).
var ErrNoMemory = gateway.Unavailable("as many request bodies are in flight as may be of this client or tenant", time.Second)
