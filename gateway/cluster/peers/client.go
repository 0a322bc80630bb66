package peers

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

const (
	// maxAsk is how long one request may take. What takes longer is asked for in parts.
	maxAsk = 2 * time.Minute
	// dialTime is how long a connection may take to come to be: nodes are near.
	dialTime = time.Second
	// roomTime is how long a request waits for one of the connections.
	roomTime = time.Second
	// idleTime is how long a connection is kept: less than any node keeps it open.
	idleTime = 10 * time.Second
)

// HeaderNode is the field that says which node has decided, in each internal answer.
const HeaderNode = edge.HeaderNode

// headerProof bears the proof of an answer.
const headerProof = "Hookgate-Proof"

// client is the connections to one address.
type client struct {
	host    *fasthttp.HostClient
	scheme  string
	session uint64
	numbers atomic.Uint64 // of the requests in it
	key     atomic.Uint32 // of the secrets: the one that it knows

	mu     sync.Mutex
	open   map[*connection]struct{}
	closed bool
}

// request is one that is ready to be sent.
type request struct {
	path          string
	authorization []byte
	body          []byte
	mac           *[32]byte
	key           *key
}

func newClient(address string, secured *tls.Config, most int) *client {
	c := &client{scheme: "http", session: rand.Uint64(), host: &fasthttp.HostClient{
		Addr: address, MaxConns: most, MaxConnWaitTimeout: roomTime, MaxIdleConnDuration: idleTime, MaxResponseBodySize: MaxBody,
		MaxIdemponentCallAttempts: 1, RetryIfErr: func(*fasthttp.Request, int, error) (bool, bool) { return false, false },
		DisablePathNormalizing: true, NoDefaultUserAgentHeader: true, SecureErrorLogMessage: true,
	}, open: map[*connection]struct{}{}} //nolint:gosec // a session must be rare, not secret: the MAC is over it
	c.host.DialTimeout = c.dial
	if secured != nil {
		c.scheme, c.host.IsTLS, c.host.TLSConfig = "https", true, secured
	}
	return c
}

// dialError is that no connection came to be: nothing was sent.
type dialError struct{ error }

func (c *client) dial(address string, within time.Duration) (net.Conn, error) {
	if within <= 0 || within > dialTime {
		within = dialTime
	}
	conn, err := net.DialTimeout("tcp", address, within)
	if err != nil {
		return nil, dialError{err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close() // nothing was sent
		return nil, dialError{errClosed}
	}
	x := &connection{Conn: conn, of: c}
	c.open[x] = struct{}{}
	return x, nil
}

// connection is one that is known for as long as it is open.
type connection struct {
	net.Conn
	of       *client
	answered bool // what is written next begins a request
}

// errEnded is of a connection that the other had ended before anything was written.
var errEnded = errors.New("the connection had ended before")

// Read reads of an answer.
func (x *connection) Read(b []byte) (int, error) {
	n, err := x.Conn.Read(b)
	x.answered = x.answered || n > 0
	return n, err
}

// Write writes of a request, the next one only where the other has not ended the connection
// meanwhile: so it is known that it was not taken.
func (x *connection) Write(b []byte) (int, error) {
	if x.answered && ended(x.Conn) {
		return 0, errEnded
	}
	x.answered = false
	return x.Conn.Write(b)
}

// Close closes it.
func (x *connection) Close() error {
	x.of.mu.Lock()
	delete(x.of.open, x)
	x.of.mu.Unlock()
	return x.Conn.Close()
}

// close closes all connections, those too on which somebody waits for an answer.
func (c *client) close() {
	c.mu.Lock()
	c.closed = true
	all := slices.Collect(maps.Keys(c.open))
	c.mu.Unlock()
	for _, x := range all {
		_ = x.Close() // whoever uses it hears of it
	}
}

// do makes a request. Where its connection ends without an answer it is sent once more, by
// another one: a node that was started anew, or that closes what is idle, leaves connections
// that look good until they are used. It has its number still, so it is not taken twice; and what
// is refused then says nothing of the first.
func (c *client) do(ctx context.Context, r *request) ([]byte, error) {
	deadline := time.Now().Add(maxAsk)
	if at, has := ctx.Deadline(); has && at.Before(deadline) {
		deadline = at
	}
	if err := ctx.Err(); err != nil {
		return nil, &notTaken{err}
	}
	q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(a)
	q.Header.SetMethod(http.MethodPost)
	q.SetRequestURI(c.scheme + "://" + c.host.Addr + r.path)
	q.Header.SetBytesV(fasthttp.HeaderAuthorization, r.authorization)
	q.Header.SetContentType("application/octet-stream")
	q.SetBodyRaw(r.body)
	lost := c.host.DoDeadline(q, a, deadline)
	if errors.Is(lost, errEnded) {
		c.host.CloseIdleConnections() // they are as old
		lost = c.host.DoDeadline(q, a, deadline)
	}
	switch {
	case lost == nil:
		return r.judge(a)
	case errors.As(lost, &dialError{}) || errors.Is(lost, fasthttp.ErrNoFreeConns) || errors.Is(lost, fasthttp.ErrDialTimeout):
		return nil, &notTaken{lost}
	case isLate(lost):
		return nil, &unclear{lost}
	}
	c.host.CloseIdleConnections()
	a.Reset()
	if err := c.host.DoDeadline(q, a, deadline); err != nil {
		return nil, &unclear{lost}
	}
	answer, err := r.judge(a)
	if NotTaken(err) {
		return nil, &unclear{lost}
	}
	return answer, err
}

// isLate says of an error that no answer came in time.
func isLate(err error) bool {
	var e interface{ Timeout() bool }
	return errors.As(err, &e) && e.Timeout()
}

// judge says what an answer is worth. Only one that is proven tells what became of the
// request.
func (r *request) judge(a *fasthttp.Response) ([]byte, error) {
	status, body := a.StatusCode(), a.Body()
	proof := proofOf(r.key, r.mac, status, body)
	if !hmac.Equal(proof, a.Header.Peek(headerProof)) {
		return nil, r.unproven(a)
	}
	switch status {
	case http.StatusOK:
		return append([]byte(nil), body...), nil
	case statusError:
		return nil, UnpackError(body)
	case statusNotHere:
		return nil, &notTaken{ErrNotHere}
	case http.StatusConflict: // whoever has repeated the request may have kept the answer to the first
		return nil, &unclear{errSeen}
	}
	return nil, &unclear{fmt.Errorf("the answer has status %d", status)}
}

var (
	errRefused = errors.New("the other node does not know this one's cluster.secret, or its clock is apart")
	errSeen    = errors.New("the number of the request was seen before, or is older than those that are known")
)

// unproven is why an answer without a proof is none. What refuses a request before anybody
// has looked at its secret says so in a problem of ours, and then nothing was done; a 503 of a
// proxy between nodes may hide a request that was taken.
func (r *request) unproven(a *fasthttp.Response) error {
	why := fmt.Errorf("the answer is not proven, and has status %d", a.StatusCode())
	if !bytes.Contains(a.Body(), []byte(edge.ProblemPrefix)) {
		return &unclear{why}
	}
	switch a.StatusCode() {
	case http.StatusUnauthorized:
		return &notTaken{errRefused}
	case http.StatusNotFound:
		return &notTaken{errors.New("there is no cluster at that address")}
	case http.StatusServiceUnavailable, http.StatusRequestEntityTooLarge, http.StatusRequestTimeout:
		return &notTaken{fmt.Errorf("the other node has no room: status %d", a.StatusCode())}
	}
	return &unclear{why}
}
