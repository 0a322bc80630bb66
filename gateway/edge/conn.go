package edge

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Conn is a connection whose reader gets one request at a time, and of a head
// nothing but a whole one that passed.
//
// Bytes of an unfinished head are handed on at once, for fasthttp does nothing
// before the blank line; a copy stays here until the head can be judged. A faulty
// head is cut: its end is never handed on, Read fails with the fault, and
// fasthttp's ErrorHandler writes it. What a client pipelines behind a request
// waits here until fasthttp, done with that request, reads again.
//
// All but Close belongs to the goroutine that serves the connection.
type Conn struct {
	net.Conn
	listener *Listener
	limits   *Limits
	address  netip.Addr
	block    netip.Prefix  // as which it counts against ConnsPerBlock; not valid: it does not
	holder   shares.Holder // of what a request uses that is nobody else's

	head  *buffer // handed on of an unfinished head, from its first byte
	ahead *buffer // read, but behind the end of the request
	fault *gateway.Error
	body  *buffer // what ReadBody filled

	inBody    bool      // part of the request's body is not yet handed on
	passes    bool      // the request's body is a Stream
	taken     bool      // a handler writes the answer to the request by itself
	sendUntil time.Time // the deadline of writing
	closes    bool      // the client asked for Connection: close
	late      bool      // a deadline passed while reading
	chunked   bool
	framing   chunks
	left      int64 // of a body of known length, not yet handed on
	most      int64 // bytes that the body may have
	began     time.Time
	waited    time.Duration // of a body that is a Stream: how long Read waited for the client
	got       int64         // bytes of the body, handed on
	spoken    int64         // bytes of a body that is not a stream, whose memory was taken
	account   account       // of the memory for bodies

	heard       atomic.Bool // a byte was read
	interrupted atomic.Bool // nothing more is to be read of the body
	dirty       atomic.Bool // the client may still be sending what nobody will read
	closed      atomic.Bool
	answered    atomic.Pointer[func()] // see AfterAnswer
}

// AfterAnswer calls do, once, when the answer to ctx has been written, or never will
// be. It must return soon: the connection waits for it.
//
// fasthttp tells nobody of the end of an answer. But it reads a connection again, or
// closes it, only after it has written what it had.
func AfterAnswer(ctx *fasthttp.RequestCtx, do func()) {
	c, ok := ctx.Conn().(*Conn)
	if !ok {
		do()
		return
	}
	c.answered.Store(&do)
	if c.closed.Load() {
		c.tell()
	}
}

func (c *Conn) tell() {
	if do := c.answered.Swap(nil); do != nil {
		(*do)()
	}
}

// NetConn returns the connection under this one.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Read hands on what it may; after a refusal it only fails.
func (c *Conn) Read(p []byte) (int, error) {
	if c.answered.Load() != nil {
		c.tell()
	}
	if c.fault != nil {
		return 0, c.fault
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.fetch(p)
	if n == 0 {
		return 0, err
	}
	pass, fault := c.follow(p[:n])
	if fault != nil {
		c.spoil(fault)
		if pass == 0 {
			return 0, fault
		}
	} else if pass < n {
		c.putAhead(p[pass:n])
	}
	return pass, nil
}

// fetch fills p with what was read ahead, else from the network.
func (c *Conn) fetch(p []byte) (int, error) {
	if c.ahead != nil {
		return c.takeAhead(p), nil
	}
	if c.inBody {
		if err := c.pace(); err != nil {
			return 0, err
		}
	}
	began := c.clock()
	n, err := c.Conn.Read(p)
	if c.passes {
		c.waited += time.Since(began)
	}
	if n > 0 && !c.heard.Load() {
		c.heard.Store(true)
	}
	if err != nil {
		var timeout net.Error
		c.late = errors.As(err, &timeout) && timeout.Timeout()
		if c.late && !c.heard.Load() {
			return n, io.EOF // who has asked for nothing is owed no answer, nor a second of lingering
		}
	}
	return n, err
}

// clock reads the clock for who needs it: the reader of a Stream.
func (c *Conn) clock() time.Time {
	if !c.passes {
		return time.Time{}
	}
	return time.Now()
}

func (c *Conn) takeAhead(p []byte) int {
	n := copy(p, c.ahead.b)
	if rest := copy(c.ahead.b, c.ahead.b[n:]); rest > 0 {
		c.ahead.b = c.ahead.b[:rest]
	} else {
		release(&c.ahead)
	}
	return n
}

// putAhead keeps b, which came before what is ahead already.
func (c *Conn) putAhead(b []byte) {
	if c.ahead == nil {
		c.ahead = newBuffer()
	}
	n := len(c.ahead.b)
	c.ahead.b = append(c.ahead.b, b...)
	if n > 0 {
		copy(c.ahead.b[len(b):], c.ahead.b[:n])
		copy(c.ahead.b, b)
	}
}

// pace moves the deadline on with the bytes that came: a body of n bytes has the
// grace and n/Rate seconds, so that a client who drips holds nothing for long.
func (c *Conn) pace() error {
	if c.limits.Rate <= 0 {
		return nil
	}
	if c.began.IsZero() {
		c.began = time.Now()
	}
	earned := time.Duration(float64(c.got) / float64(c.limits.Rate) * float64(time.Second))
	until := c.began.Add(c.limits.Grace + earned)
	if c.passes {
		until = time.Now().Add(c.limits.Grace + earned - c.waited)
	}
	if err := c.Conn.SetReadDeadline(until); err != nil || !c.interrupted.Load() {
		return err
	}
	return os.ErrDeadlineExceeded // set over the deadline of Interrupt, maybe
}

// follow moves along b and returns how much of it may be handed on: up to the end
// of the request, or to a fault.
func (c *Conn) follow(b []byte) (n int, fault *gateway.Error) {
	if !c.inBody {
		if n, fault = c.followHead(b); fault != nil || !c.inBody {
			return n, fault
		}
	}
	used, fault := c.followBody(b[n:])
	return n + used, fault
}

// followHead judges the head when it is whole. Of a faulty one it lets the first
// byte pass, for fasthttp answers only who has sent something; blank lines are
// nothing to it, so who starts with one is closed without a word.
func (c *Conn) followHead(b []byte) (int, *gateway.Error) {
	if c.head == nil {
		c.taken = false // the answer to the request before is over
		if classes[b[0]]&inToken == 0 && b[0] != '\r' {
			return 1, errNotHTTP // such as a TLS handshake: no blank line need be awaited
		}
		if i := bytes.Index(b, headEnd); i >= 0 { // nearly always: the head came in one piece
			if fault := c.judge(b[:i+len(headEnd)]); fault != nil {
				return 1, fault
			}
			return i + len(headEnd), nil
		}
		c.head = newBuffer()
		return c.followSplit(b, 1)
	}
	return c.followSplit(b, 0)
}

// followSplit puts b behind what came of the head before. Of a faulty head it lets
// pass first bytes: 1 where none was handed on, and else 0, for that one might be
// the head's last.
func (c *Conn) followSplit(b []byte, first int) (int, *gateway.Error) {
	before := len(c.head.b)
	c.head.b = append(c.head.b, b...)
	from := max(0, before-len(headEnd)+1)
	i := bytes.Index(c.head.b[from:], headEnd)
	if i < 0 {
		if loneLF(c.head.b, before) { // its blank line may never come
			return first, errLoneLF
		}
		if len(c.head.b) > maxHead {
			return first, errLargeHead
		}
		return len(b), nil
	}
	end := from + i + len(headEnd)
	if end > maxHead {
		return first, errLargeHead
	}
	if fault := c.judge(c.head.b[:end]); fault != nil {
		return first, fault
	}
	release(&c.head)
	return end - before, nil
}

// loneLF reports whether b has, at from or behind it, an LF that no CR precedes.
func loneLF(b []byte, from int) bool {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return false
		}
		if from += i; from == 0 || b[from-1] != '\r' {
			return true
		}
		from++
	}
}

// judge passes a whole head and prepares for its body.
func (c *Conn) judge(b []byte) *gateway.Error {
	h, fault := checkHead(b)
	if fault != nil {
		return fault
	}
	c.closes = h.closes
	c.got, c.began, c.waited, c.passes = 0, time.Time{}, 0, false
	c.interrupted.Store(false)
	c.inBody = h.length != 0
	if !c.inBody {
		return nil
	}
	c.most = c.limits.Body(h.method, h.host, h.path)
	c.left = h.length
	if h.length > c.most {
		return c.limits.tooLarge(h)
	}
	if fault = c.bill(b, &h); fault != nil {
		return fault
	}
	c.spoken = 0
	c.chunked = h.length == chunked
	if c.chunked {
		c.framing = chunks{}
		return nil
	}
	return c.expect(h.length)
}

// expect takes the memory that a body of so many bytes, as far as is known, needs
// where fasthttp reads it whole.
func (c *Conn) expect(length int64) *gateway.Error {
	if c.limits.Streams {
		return nil
	}
	need := copies * allocated(length)
	if need <= c.spoken {
		return nil
	}
	if fault := c.charge(need - c.spoken); fault != nil {
		return fault
	}
	c.spoken = need
	return nil
}

// followBody never hands on the end of a body that it finds at fault: fasthttp would
// take the request for whole, and not read again.
func (c *Conn) followBody(b []byte) (n int, fault *gateway.Error) {
	var data int64 // bytes of b that are body, not framing
	if c.chunked {
		before := c.framing.passed()
		if n, fault = c.framing.scan(b, c.announced); fault != nil {
			return 0, fault
		}
		data = c.framing.passed() - before
		c.inBody = c.framing.state != chunkEnd
	} else {
		data = min(c.left, int64(len(b)))
		n = int(data)
		c.left -= data
		c.inBody = c.left > 0
	}
	c.got += data
	return n, nil
}

// announced judges the size of the next chunk; total is that of all so far.
func (c *Conn) announced(_, total int64) *gateway.Error {
	if total > c.most {
		return errBodyTooLarge
	}
	return c.expect(total + int64(len(crlf))) // fasthttp reads a chunk with its line end
}

// giveBack ends a request: the memory of its body is free.
func (c *Conn) giveBack() {
	c.account.close(c.limits.Bodies)
	release(&c.body)
}

// How long, and for how many bytes, a refused client is listened to. Without that
// the kernel answers what it sends with a reset, which takes the refusal away
// before the client has read it (RFC 9112 9.6).
const (
	lingerTime  = time.Second
	lingerBytes = 8 << 20
	// A flood is refused to save memory, and must not be paid with reading it: of such a
	// body little is read, and then the rest of the time its sender stands still.
	lingerFlood = 64 << 10
)

// patience is how many bytes of a refused client are read.
func (c *Conn) patience() int {
	if c.fault == ErrNoMemory || c.fault == errStranger {
		return lingerFlood
	}
	return lingerBytes
}

// Close closes the connection; any goroutine may call it, any number of times.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.tell()
	c.account.close(c.limits.Bodies)
	if c.dirty.Load() {
		c.linger()
	}
	c.listener.forget(c) // not before: one that lingers counts against the bounds
	return c.Conn.Close()
}

func (c *Conn) linger() {
	until := time.Now().Add(lingerTime)
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.Conn.SetReadDeadline(until) != nil {
		return
	}
	scratch := newBuffer()
	scratch.grow(4 << 10)
	defer release(&scratch)
	for total := 0; total < c.patience(); {
		n, err := c.Conn.Read(scratch.b[:cap(scratch.b)])
		if err != nil {
			return
		}
		total += n
	}
	time.Sleep(time.Until(until)) // what else it has sent lies with the kernel
}

// why tells for what reason reading failed: fasthttp wraps some errors of Read so
// that they cannot be found, so the connection keeps them.
func (c *Conn) why() *gateway.Error {
	switch {
	case c.fault != nil:
		return c.fault
	case c.late:
		return errTimeout
	case c.inBody:
		return errBodyCut
	}
	return errMalformed
}
