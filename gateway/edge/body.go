package edge

import (
	"errors"
	"io"

	"github.com/valyala/fasthttp"
)

// ReadBody returns the request's body, at most limit bytes, valid until the
// handler ends. Its errors may go to WriteProblem: too_large, request_timeout for
// a client who drips, bad_request for broken framing or an early end, unavailable
// where the listener's memory for bodies is used up. After an error the
// connection closes with the answer.
func ReadBody(ctx *fasthttp.RequestCtx, limit int64) ([]byte, error) {
	if int64(ctx.Request.Header.ContentLength()) > limit {
		return nil, errBodyTooLarge
	}
	c, ok := ctx.Conn().(*Conn)
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
			c.dirty.Store(true)
			return nil, errBodyTooLarge
		}
		if err == nil {
			continue
		}
		if endBody(ctx, err) {
			return c.body.b, nil
		}
		c.dirty.Store(true)
		return nil, c.why()
	}
}

// endBody reports whether err is the body's regular end; its stream is then closed.
func endBody(ctx *fasthttp.RequestCtx, err error) bool {
	if !errors.Is(err, io.EOF) || ctx.Conn().(*Conn).inBody { //nolint:forcetypeassert // its callers have looked
		return false
	}
	return ctx.Request.CloseBodyStream() == nil
}
