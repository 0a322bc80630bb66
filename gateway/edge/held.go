package edge

import (
	"bytes"
	"cmp"
	"context"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Held is a request that is answered later, by whoever brings the outcome. Its
// handler has returned: its goroutine, its buffers and its context are gone, and
// what is left of it is the connection and this. After the answer the connection
// goes on to its next request.
type Held struct {
	watcher  *Watcher
	listener *Listener
	left     func()
	id       string // of the request, for its answer
	node     string // that has decided; "": there is no cluster

	mu     sync.Mutex
	conn   *Conn       // nil: it rests
	socket int         // of one that rests
	answer *heldAnswer // came before fasthttp had let go of the connection
	parked bool        // it has
	over   bool        // answered, or the client has left
	closes bool        // the connection ends with the answer
}

// heldAnswer is an answer ready for the socket.
type heldAnswer struct {
	head []byte // with the body behind it, where that is small
	body []byte // that others may be sent too; nil: it is in head
	sent func() // may be nil
}

// maxJoined is the largest body that is copied behind its head, for one write in
// place of two: so many bytes each held request may have for itself.
const maxJoined = 4 << 10

func (a *heldAnswer) done() {
	if a.sent != nil {
		a.sent()
	}
}

// Hold prepares to answer ctx later. Until Detach it is a request like any other.
func (w *Watcher) Hold(ctx *fasthttp.RequestCtx) *Held {
	conn := ctx.Conn().(*Conn) //nolint:forcetypeassert // every connection comes from a Listener
	return &Held{watcher: w, listener: conn.listener, conn: conn, socket: noSocket, id: string(conn.RequestID()), node: string(ctx.Response.Header.Peek(HeaderNode)), closes: conn.request.closes || !ctx.Request.Header.IsHTTP11()}
}

// Detach lets the handler of ctx return without an answer, which Answer gives, or
// gave already. left is called, at most once and not after an answer, when the
// client leaves before.
func (w *Watcher) Detach(ctx *fasthttp.RequestCtx, h *Held, left func()) {
	h.left = left
	h.listener.limits.held.Add(1)
	if Socket(h.conn) != nil {
		w.add(h)
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(net.Conn) { h.park() })
}

// park is told that fasthttp has let go of the connection.
func (h *Held) park() {
	h.mu.Lock()
	h.parked = true
	answer, over := h.answer, h.over
	if !over {
		h.rest()
	}
	h.mu.Unlock()
	switch {
	case answer != nil:
		h.write(answer)
	case over:
		h.end()
	}
}

// RequestID gives the id of the request.
func (h *Held) RequestID() string { return h.id }

// leave is told that the client has left.
func (h *Held) leave() {
	h.mu.Lock()
	over, parked := h.over, h.parked
	h.over = true
	h.mu.Unlock()
	if over {
		return
	}
	h.left()
	if parked {
		h.end()
	}
}

// Answer gives the answer, once; it does not wait for the client to take it. After
// a server error the connection closes: who asks again may reach another process.
// The body must not change any more, and may be that of many answers; sent, which may
// be nil, is called once when it is not needed here any more.
func (h *Held) Answer(status int, fields []Field, body []byte, sent func()) {
	answer := h.ready(status, fields, body, sent)
	h.mu.Lock()
	over, parked := h.over, h.parked
	if !over {
		h.over, h.answer = true, answer
	}
	h.mu.Unlock()
	switch {
	case over: // the client has left
		answer.done()
	case parked:
		go h.write(answer)
	}
}

// ready makes an answer ready for the socket.
func (h *Held) ready(status int, fields []Field, body []byte, sent func()) *heldAnswer {
	var out bytes.Buffer
	response := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(response)
	response.SetStatusCode(status)
	response.Header.Set(HeaderRequestID, h.id)
	if h.node != "" {
		response.Header.Set(HeaderNode, h.node)
	}
	for _, f := range fields {
		response.Header.Set(f.Name, f.Value)
	}
	h.closes = h.closes || status >= fasthttp.StatusInternalServerError
	if h.closes {
		response.SetConnectionClose()
	}
	if len(body) > maxJoined {
		response.Header.SetContentLength(len(body))
		_, _ = response.Header.WriteTo(&out) // memory takes all of it
		return &heldAnswer{out.Bytes(), body, sent}
	}
	response.SetBodyRaw(body)
	_, _ = response.WriteTo(&out) // memory takes all of it
	return &heldAnswer{out.Bytes(), nil, sent}
}

// answerTime is how long a client may take to read an answer that does not fit
// its socket's buffer.
const answerTime = 10 * time.Second

func (h *Held) write(answer *heldAnswer) {
	h.watcher.remove(h)
	conn := h.wake(answer)
	if conn == nil {
		answer.done()
		h.end()
		return
	}
	_ = conn.SetWriteDeadline(time.Now().Add(answerTime)) // of a closed connection, as Write will tell
	_, err := conn.Write(answer.head)
	if err == nil && answer.body != nil {
		_, err = conn.Write(answer.body)
	}
	answer.done()
	if err != nil || h.closes || !h.listener.waitsAgain(conn) {
		h.end()
		return
	}
	_ = conn.SetWriteDeadline(time.Time{}) // of a closed connection, as Read will tell
	limits := h.listener.limits
	limits.held.Done()
	if !conn.awaitNext(cmp.Or(limits.server.IdleTimeout, limits.server.ReadTimeout)) {
		_ = conn.Close() // its client has left, or asks for nothing more
		return
	}
	// How it ends is nobody's business, as for every connection.
	_ = limits.server.ServeConn(conn)
}

// awaitNext waits so long for the first byte of the next request. For fasthttp a
// connection that it gets anew is a new one, on which a request must begin within the
// ReadTimeout: pooled clients would meet a closed one long before the others close.
func (c *Conn) awaitNext(idle time.Duration) (comes bool) {
	if c.ahead.buffer != nil {
		return true
	}
	c.idling.begin()
	if c.readUntil(time.Now().Add(idle)) != nil {
		return false
	}
	n, err := c.Conn.Read(c.first[:])
	if n == 0 || err != nil {
		return false
	}
	c.heard.Store(true)
	c.ahead.put(c.first[:])
	return true
}

func (h *Held) end() {
	h.watcher.remove(h)
	h.mu.Lock()
	conn := h.conn
	h.drop()
	h.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // the client has left, or has its answer
	}
	h.listener.limits.held.Done()
}

// WaitHeld waits until every held request has its answer written, or ctx is done.
func (l *Limits) WaitHeld(ctx context.Context) error {
	written := make(chan struct{})
	go func() {
		l.held.Wait()
		close(written)
	}()
	select {
	case <-written:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
