package peers

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

const (
	// maxAsk is how long one request may take. What takes longer is asked for in parts.
	maxAsk = 2 * time.Minute
	// dialTime is how long a connection may take to come to be: nodes are near.
	dialTime = time.Second
	// roomTime is how long a request waits for one of the connections, and roomPause is the
	// rest between two looks.
	roomTime  = time.Second
	roomPause = 30 * time.Millisecond
	// idleTime is how long a connection is kept: less than any node keeps it open.
	idleTime = 10 * time.Second
	// refusedTime is how long the answer to a request that was not read to its end may take: it
	// is there already.
	refusedTime = time.Second
	// smallAnswer is what an answer may have without a share of the memory for those, in bytes,
	// and mostAnswers is that memory.
	smallAnswer = 64 << 10
	mostAnswers = 40 << 20
)

// HeaderNode is the field that says which node has decided, in each internal answer.
const HeaderNode = edge.HeaderNode

// headerProof bears the proof of an answer.
const headerProof = "Hookgate-Proof"

// client is the connections to one address. It is one of ours, for it must be known whether all
// of a request was written, and a request ends when whoever asks waits no longer.
type client struct {
	address string
	dialer  interface {
		DialContext(ctx context.Context, network, address string) (net.Conn, error)
	}
	session uint64
	numbers atomic.Uint64  // of the requests in it
	key     atomic.Uint32  // of the secrets: the one that it knows
	shares  *shares.Budget // of the connections
	answers *shares.Budget // of the memory for large answers, of all addresses

	mu     sync.Mutex
	open   map[*connection]struct{}
	idle   []*connection // the last one was used last
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

func newClient(address string, secured *tls.Config, most int, answers *shares.Budget) *client {
	c := &client{address: address, session: rand.Uint64(), shares: shares.New(int64(most)), answers: answers, open: map[*connection]struct{}{}} //nolint:gosec // a session must be rare, not secret: the MAC is over it
	if c.dialer = new(net.Dialer); secured != nil {
		c.dialer = &tls.Dialer{Config: secured}
	}
	return c
}

// connection is one that is known for as long as it is open.
type connection struct {
	net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	rested time.Time // since when it is idle
	used   bool      // it has borne an answer
}

// end closes it, whoever uses it hears of it.
func (c *client) end(x *connection) {
	c.mu.Lock()
	delete(c.open, x)
	c.mu.Unlock()
	_ = x.Close() // of one that may be closed
}

// close closes all connections, those too on which somebody waits for an answer.
func (c *client) close() {
	c.mu.Lock()
	c.closed, c.idle = true, nil
	all := slices.Collect(maps.Keys(c.open))
	c.mu.Unlock()
	for _, x := range all {
		_ = x.Close() // whoever uses it hears of it
	}
}

// closeIdle closes those that are idle for longer.
func (c *client) closeIdle(longer time.Duration) {
	c.mu.Lock()
	n := 0
	for n < len(c.idle) && time.Since(c.idle[n].rested) >= longer {
		n++
	}
	old := slices.Clone(c.idle[:n])
	c.idle = slices.Delete(c.idle, 0, n)
	c.mu.Unlock()
	for _, x := range old {
		c.end(x)
	}
}

// errNoRoom refuses a request for which there is no connection. Nothing was sent.
var errNoRoom = gateway.Unavailable("as many requests of the tenant, or client, are under way to the node that decides this as may be", time.Second)

// errFull is what the other node says that has no memory for a request, or no patience with it. To
// send it there again at once would take as much once more.
var errFull = gateway.Unavailable("the node that decides this has no room for the request now", time.Second)

// room takes a share of the connections: a request may stay for as long as the backend of a call
// takes, so whoever has slow ones would have all connections to a node, and everybody else's
// requests would be refused.
func (c *client) room(ctx context.Context, of shares.Holder) error {
	for end := time.Now().Add(roomTime); !c.shares.Take(of, 1); {
		if !background.Sleep(ctx, roomPause) || time.Now().After(end) {
			return errNoRoom
		}
	}
	return nil
}

// take gives a connection: an idle one that the other has not ended meanwhile, so that what is
// written there is read, or a new one.
func (c *client) take(ctx context.Context) (*connection, error) {
	c.closeIdle(idleTime)
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			break
		}
		x := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		if !ended(x.Conn) {
			return x, nil
		}
		c.end(x)
	}
	within, stop := context.WithTimeout(ctx, dialTime)
	defer stop()
	conn, err := c.dialer.DialContext(within, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	x := &connection{Conn: conn, r: bufio.NewReader(conn), w: bufio.NewWriterSize(conn, 2<<10)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = conn.Close() // nothing was sent
		return nil, errClosed
	}
	c.open[x] = struct{}{}
	return x, nil
}

// give gives one back that has borne an answer.
func (c *client) give(x *connection) {
	x.used, x.rested = true, time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.idle = append(c.idle, x)
	}
}

// do makes a request. Where its connection ends without an answer it is sent once more, by
// another one: a node that was started anew, or that closes what is idle, leaves connections
// that look good until they are used. It has its number still, so it is not taken twice; and what
// is refused then says nothing of the first.
func (c *client) do(ctx context.Context, r *request, of shares.Holder) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, maxAsk)
	defer stop()
	if err := c.room(ctx, of); err != nil {
		return nil, &notTaken{err}
	}
	defer c.shares.Give(of, 1)
	q, a := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(q)
	defer fasthttp.ReleaseResponse(a)
	q.Header.SetMethod(http.MethodPost)
	q.SetRequestURI("http://" + c.address + r.path)
	q.Header.SetBytesV(fasthttp.HeaderAuthorization, r.authorization)
	q.Header.SetContentType("application/octet-stream")
	q.SetBodyRaw(r.body)
	made := c.trip(ctx, q, a, of)
	switch {
	case made.err == nil && made.whole:
		return r.judge(a)
	case made.err == nil: // it was refused before all of it was written, and says why
		if _, err := r.judge(a); NotTaken(err) {
			return nil, err
		}
		return nil, &notTaken{errCut}
	case !made.whole && !(made.again && ctx.Err() == nil): // who has not read all of it has done nothing
		return nil, &notTaken{made.err}
	case ctx.Err() != nil || errors.Is(made.err, errNoMemory) || errors.Is(made.err, errGarbled):
		return nil, &unclear{made.err}
	}
	c.closeIdle(0)
	a.Reset()
	second := c.trip(ctx, q, a, of)
	if second.err != nil || !second.whole {
		if !made.whole && !second.whole {
			return nil, &notTaken{made.err}
		}
		return nil, &unclear{made.err}
	}
	answer, err := r.judge(a)
	if made.whole && NotTaken(err) {
		return nil, &unclear{made.err}
	}
	return answer, err
}

// errCut is of a request that the other did not read to its end: it has done nothing of it.
var errCut = errors.New("the other node has not read all of it")

// trip is what became of one try.
type trip struct {
	err   error // there is no answer
	whole bool  // all of the request was written
	again bool  // by a connection that was used before, and may have ended
}

// trip writes a request, and reads its answer.
func (c *client) trip(ctx context.Context, q *fasthttp.Request, a *fasthttp.Response, of shares.Holder) (t trip) {
	x, err := c.take(ctx)
	if err != nil {
		return trip{err: err}
	}
	t.again = x.used
	stop := context.AfterFunc(ctx, func() { _ = x.Close() })
	if t.err = q.Write(x.w); t.err == nil {
		t.err = x.w.Flush()
	}
	t.whole = t.err == nil
	if !t.whole {
		_ = x.SetReadDeadline(time.Now().Add(refusedTime)) // of a closed connection, as reading tells
	}
	if err := c.read(x, a, of); t.whole || err == nil {
		t.err = err
	}
	if !stop() || t.err != nil || !t.whole || a.ConnectionClose() {
		c.end(x)
	} else {
		c.give(x)
	}
	return t
}

// read reads an answer. What is at the address may be anybody, and send anything: the memory
// that it is announced to take is shared as the connections are. Nodes say how long an answer is.
func (c *client) read(x *connection, a *fasthttp.Response, of shares.Holder) error {
	if _, err := x.r.Peek(1); err != nil {
		return err
	}
	if a.Header.Read(x.r) != nil { // its text has what came
		return errGarbled
	}
	n := a.Header.ContentLength()
	if n < 0 || n > MaxBody {
		return errGarbled
	}
	if n > smallAnswer {
		if !c.answers.Take(of, int64(n)) {
			return errNoMemory
		}
		defer c.answers.Give(of, int64(n))
	}
	body := make([]byte, n)
	_, err := io.ReadFull(x.r, body)
	a.SetBodyRaw(body)
	return err
}

var (
	errGarbled  = errors.New("the answer cannot be read")
	errNoMemory = errors.New("there is no memory for the answer")
)

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
		return body, nil
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
		return &notTaken{errFull}
	}
	return &unclear{why}
}
