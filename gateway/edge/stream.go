package edge

import (
	"io"
	"time"

	"github.com/valyala/fasthttp"
)

// Stream is a request's body that is passed on while it arrives: it may be of any
// size, and takes no more of the listener's memory than its reader's buffer. The
// client's rate is judged by the time that Read waits for it, so that one whom
// the reader keeps waiting is not cut off. Its errors are those of ReadBody.
type Stream struct {
	ctx *fasthttp.RequestCtx
	c   *Conn
}

// OpenStream is for a request from a Listener whose server streams, in place of
// ReadBody. Its reader has a buffer of so many bytes, which count until the handler
// ends; the error is ReadBody's, unavailable. The stream ends with the handler; one
// goroutine at a time reads it.
func OpenStream(ctx *fasthttp.RequestCtx, buffer int) (Stream, error) {
	c := ctx.Conn().(*Conn) //nolint:forcetypeassert // every connection comes from a Listener
	if fault := c.request.account.take(int64(buffer)); fault != nil {
		return Stream{}, c.spoil(fault)
	}
	c.request.pace.passes = true
	return Stream{ctx, c}, nil
}

// Read gives the next bytes; io.EOF is the body's regular end.
func (s Stream) Read(p []byte) (int, error) {
	body := s.ctx.RequestBodyStream()
	if s.c.fault != nil {
		return 0, s.c.fault
	}
	n, err := body.Read(p)
	switch {
	case err == nil:
		return n, nil
	case endsBody(s.c, err):
		return n, io.EOF
	}
	return n, s.c.spoil(s.c.why())
}

// Arrived reports whether the request's body has come as a whole, so that ReadBody
// takes it without waiting; a fault that is known by then is its error.
func (c *Conn) Arrived() (bool, error) {
	if c.fault != nil {
		return false, c.fault
	}
	return !c.request.inBody, nil
}

// Interrupt ends a Read that waits for the client, and every later one. Any
// goroutine may call it while the handler runs; the connection closes behind the
// request unless its body had come as a whole.
func (s Stream) Interrupt() {
	s.c.request.interrupted.Store(true)
	_ = s.c.Conn.SetReadDeadline(time.Unix(1, 0)) // of a closed connection, which ends a Read too
}
