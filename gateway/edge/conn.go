package edge

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// Conn is a connection whose reader gets one request at a time, and of a head
// nothing but a whole one that passed.
//
// A faulty head is cut: its end is never handed on, Read fails with the fault, and
// fasthttp's ErrorHandler writes it. What a client pipelines behind a request waits
// here until fasthttp, done with that request, reads again.
//
// All but Close belongs to the goroutine that serves the connection.
type Conn struct {
	net.Conn
	listener *Listener
	limits   *Limits
	address  netip.Addr
	block    netip.Prefix // as which it counts against ConnsPerBlock; not valid: it does not

	idling idling // since it was accepted, until it asks: room.go

	request incoming
	ahead   ahead // read, but not yet asked for
	ready   ready
	fault   *gateway.Error
	late    bool    // a deadline passed while reading
	first   [1]byte // of a request, behind one that was held

	taken     bool // a handler writes the answer to the request by itself
	deadlines deadlines
	unbound   bool // the deadline of writing is of an answer before

	heard    atomic.Bool // a byte was read
	dirty    atomic.Bool // the client may still be sending what nobody will read
	closed   atomic.Bool
	answered atomic.Pointer[func()] // see AfterAnswer
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
	if c.request.over() {
		c.taken, c.unbound = false, true // the answer to it is over, too
		c.request.id.forget()
	}
	pass, fault := c.request.follow(p[:n])
	if (fault != nil || c.request.head == nil) && !c.asks(fault) {
		return 0, io.EOF // nothing is done for this request: its client has an end without an answer
	}
	if fault != nil {
		c.spoil(fault)
		if pass == 0 {
			return 0, fault
		}
	} else if pass < n {
		c.ahead.put(p[pass:n])
	}
	if fault == nil && c.request.expects {
		c.sayContinue()
	}
	return pass, nil
}

// asks tells that a request has come, or what is none; false says that nobody answers it.
func (c *Conn) asks(fault *gateway.Error) bool {
	if fault == nil && c.request.inBody && !c.limits.Streams {
		return c.idling.send()
	}
	before := c.idling.since.Load()
	if !c.idling.ask() {
		return false
	}
	if before != asks && c.request.inBody {
		c.idling.awaits() // until its handler begins, for which fasthttp wants the first part of it
	}
	return true
}

// sayContinue tells a client who waits for it that its body is awaited. fasthttp does so
// for 100-continue in lower case alone, and would wait with the client else.
func (c *Conn) sayContinue() {
	c.request.expects = false
	_ = c.Send(continues, answerTime) // who has gone sends no body either, as Read will tell
}

var continues = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// fetch fills p with what was read ahead, else from the network.
func (c *Conn) fetch(p []byte) (int, error) {
	if c.ahead.buffer != nil {
		return c.ahead.take(p), nil
	}
	if c.request.over() {
		c.idling.begin()
	}
	if err := c.arm(); err != nil {
		return 0, err
	}
	began := c.request.pace.clock()
	n, err := c.ready.receive(c.Conn, &c.ahead, p)
	c.request.pace.waitedSince(began)
	if n > 0 && !c.heard.Load() {
		c.heard.Store(true)
	}
	if err != nil {
		var timeout net.Error
		c.late = errors.As(err, &timeout) && timeout.Timeout()
		if c.late && !c.heard.Load() {
			return n, io.EOF // who has asked for nothing is owed no answer, nor a second of lingering
		}
		if c.idling.gone() {
			return n, io.EOF
		}
	}
	return n, err
}

// giveBack ends a request: the memory of its body is free.
func (c *Conn) giveBack() {
	c.request.account.close()
	release(&c.request.body)
}

// spoil ends all reading, for what follows can no longer be told from a body.
func (c *Conn) spoil(fault *gateway.Error) *gateway.Error {
	c.fault = fault
	c.dirty.Store(true)
	return fault
}

// why tells for what reason reading failed: fasthttp wraps some errors of Read so
// that they cannot be found, so the connection keeps them.
func (c *Conn) why() *gateway.Error {
	switch {
	case c.fault != nil:
		return c.fault
	case c.late:
		return errTimeout
	case c.request.inBody:
		return errBodyCut
	}
	return errMalformed
}
