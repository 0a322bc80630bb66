package edge

import (
	"errors"
	"io"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// ReadBody returns the request's body, at most limit bytes, valid until the
// handler ends. Its errors may go to WriteProblem: too_large, request_timeout for
// a client who drips, bad_request for broken framing or an early end, unavailable
// where the listener's memory for bodies is used up. Asked again it says the same.
// After an error the connection closes with the answer, unless all of the body
// had come.
func ReadBody(ctx *fasthttp.RequestCtx, limit int64) ([]byte, error) {
	if int64(ctx.Request.Header.ContentLength()) > limit {
		return nil, errBodyTooLarge
	}
	c, ok := ctx.Conn().(*Conn)
	if ok && c.fault != nil {
		return nil, c.fault
	}
	if ok && c.body != nil {
		return c.body.b, nil
	}
	stream := ctx.RequestBodyStream()
	if !ok || stream == nil {
		body := ctx.Request.Body()
		if int64(len(body)) > limit {
			return nil, errBodyTooLarge
		}
		return body, nil
	}
	c.body = newBuffer()
	c.body.grow(min(max(ctx.Request.Header.ContentLength(), 512), maxPooled))
	for {
		if len(c.body.b) == cap(c.body.b) {
			c.body.grow(len(c.body.b)) // with what came, not with what was announced
		}
		n, err := stream.Read(c.body.b[len(c.body.b):cap(c.body.b)])
		c.body.b = c.body.b[:len(c.body.b)+n]
		if int64(len(c.body.b)) > limit {
			return nil, c.spoil(errBodyTooLarge)
		}
		if err == nil {
			continue
		}
		if endBody(ctx, err) {
			return c.body.b, nil
		}
		return nil, c.spoil(c.why())
	}
}

// Charge takes n bytes of the listener's memory for bodies until the handler ends:
// for what a handler makes of a body that is larger than the body itself. Its error
// is ReadBody's, unavailable.
func Charge(ctx *fasthttp.RequestCtx, n int64) error {
	if c, ok := ctx.Conn().(*Conn); ok {
		if fault := c.charge(n); fault != nil {
			return fault
		}
	}
	return nil
}

// spoil ends all reading, for what follows can no longer be told from a body.
func (c *Conn) spoil(fault *gateway.Error) *gateway.Error {
	c.fault = fault
	c.dirty.Store(true)
	return fault
}

// endBody reports whether err is the body's regular end; its stream is then closed.
func endBody(ctx *fasthttp.RequestCtx, err error) bool {
	return endsBody(ctx.Conn().(*Conn), err) && ctx.Request.CloseBodyStream() == nil //nolint:forcetypeassert // its callers have looked
}

func endsBody(c *Conn, err error) bool { return errors.Is(err, io.EOF) && !c.inBody }
