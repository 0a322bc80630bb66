package edge

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// ConnOf gives the connection of a request; nil where it comes from no Listener.
func ConnOf(ctx *fasthttp.RequestCtx) *Conn {
	c, _ := ctx.Conn().(*Conn)
	return c
}

// TakeAnswer says that the handler writes the answer by itself, with Send: what
// fasthttp makes of ctx.Response is dropped. A proxy needs that, for fasthttp would
// take each answer apart and write it anew. When the bytes end the connection,
// because they say so or are not whole, the handler calls ctx.SetConnectionClose.
func (c *Conn) TakeAnswer() { c.taken = true }

// Send writes bytes to the client, who has so long to take them, or half of it.
func (c *Conn) Send(p []byte, within time.Duration) error {
	if now := time.Now(); c.deadlines.write.Sub(now) < within/2 { // else a call for each answer, to no avail
		if err := c.Conn.SetWriteDeadline(now.Add(within)); err != nil {
			return err
		}
		c.deadlines.write, c.unbound = now.Add(within), false
	}
	_, err := c.Conn.Write(p)
	return err
}

// Write is fasthttp's: it drops the answer to a request whose answer was taken. What
// fasthttp says without a handler (100 Continue, a refusal) it says within the time that
// it had for the answer before, which may be long over.
func (c *Conn) Write(p []byte) (int, error) {
	if c.taken {
		return len(p), nil
	}
	if c.unbound {
		if err := c.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
			return 0, err
		}
	}
	if c.limits.Streams {
		return c.Conn.Write(p)
	}
	c.idling.read()
	n, err := c.Conn.Write(p)
	if !c.idling.ask() {
		return n, net.ErrClosed
	}
	return n, err
}

// Closes reports whether the connection ends with this request's answer, as far
// as the request itself tells.
func (c *Conn) Closes() bool { return c.request.closes || c.dirty.Load() }

// Reset closes the connection so that the client cannot take what it got for
// whole: an answer that ends with its connection has no other way to say so.
func (c *Conn) Reset() {
	c.dirty.Store(false) // no lingering
	if tcp, ok := c.netConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it is being closed: nobody is left to tell
	}
	_ = c.Close()
}

func (c *Conn) netConn() net.Conn {
	if secured, ok := c.Conn.(*tls.Conn); ok {
		return secured.NetConn()
	}
	return c.Conn
}

// IsTLS reports whether the request came over TLS that ends here. fasthttp's
// RequestCtx cannot tell: it does not look behind a Conn.
func IsTLS(ctx *fasthttp.RequestCtx) bool {
	if r, ok := ctx.Conn().(*Remote); ok {
		return r.Secure
	}
	c, ok := ctx.Conn().(*Conn)
	if !ok {
		return ctx.IsTLS()
	}
	_, secured := c.Conn.(*tls.Conn)
	return secured
}

// Tunnel lets the handler of ctx return, and run go on with the connection as bare
// bytes: for a protocol that follows on HTTP once its answer was sent (101). What
// the client had sent ahead comes first. The request must have no body. Its buffers
// are gone by then; the connection closes behind run, and WaitHeld waits for it.
func (c *Conn) Tunnel(ctx *fasthttp.RequestCtx, run func(net.Conn)) {
	c.limits.held.Add(1)
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(net.Conn) {
		go func() {
			defer c.limits.held.Done()
			defer func() { _ = c.Close() }() // nobody is left to tell
			run(tunnel{c.Conn, c})
		}()
	})
}

type tunnel struct {
	net.Conn
	c *Conn
}

// Read is for one goroutine at a time, which may be any.
func (t tunnel) Read(p []byte) (int, error) {
	if t.c.ahead.buffer != nil {
		return t.c.ahead.take(p), nil
	}
	return t.Conn.Read(p)
}

// CloseWrite ends the sending side, where the connection has such a thing.
func (t tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
