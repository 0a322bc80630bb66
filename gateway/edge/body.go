package edge

import (
	"errors"
	"io"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/shares"
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
	if ok && c.request.body != nil {
		return c.request.body.b, nil
	}
	if !ok || ctx.RequestBodyStream() == nil {
		body := ctx.Request.Body()
		if int64(len(body)) > limit {
			return nil, errBodyTooLarge
		}
		return body, nil
	}
	return c.readBody(ctx, limit)
}

// readBody reads what streams in.
func (c *Conn) readBody(ctx *fasthttp.RequestCtx, limit int64) ([]byte, error) {
	r, stream, announced := &c.request, ctx.RequestBodyStream(), ctx.Request.Header.ContentLength()
	if fault := r.foresee(int64(announced)); fault != nil {
		return nil, c.spoil(fault)
	}
	c.idling.awaits()
	defer c.idling.came()
	for {
		if fault := r.makeRoom(announced, limit); fault != nil {
			return nil, c.spoil(fault)
		}
		body := r.body
		n, err := stream.Read(body.b[len(body.b):cap(body.b)])
		body.b = body.b[:len(body.b)+n]
		if int64(len(body.b)) > limit {
			return nil, c.spoil(errBodyTooLarge)
		}
		if err == nil {
			continue
		}
		if endBody(ctx, err) && c.idling.came() {
			return body.b, nil
		}
		return nil, c.spoil(c.why())
	}
}

// Charge takes n bytes of the listener's memory for bodies until the handler ends:
// for what a handler makes of a body beyond one copy of it. Its error is ReadBody's,
// unavailable; too_large for what is more than there ever is.
func Charge(ctx *fasthttp.RequestCtx, n int64) error {
	if c, ok := ctx.Conn().(*Conn); ok {
		if most := c.limits.Bodies.Most(); most > 0 && n > most {
			return errBodyTooLarge
		}
		if fault := c.request.account.take(n); fault != nil {
			return fault
		}
	}
	return nil
}

// Rebill has the memory that the body of a request takes be another's: of a request that somebody
// passes on, once it is known whose it is. Its error is Charge's.
func Rebill(ctx *fasthttp.RequestCtx, to shares.Holder) error {
	if c, ok := ctx.Conn().(*Conn); ok {
		if fault := c.request.account.move(to); fault != nil {
			return fault
		}
	}
	return nil
}

// endBody reports whether err is the body's regular end; its stream is then closed.
func endBody(ctx *fasthttp.RequestCtx, err error) bool {
	return endsBody(ctx.Conn().(*Conn), err) && ctx.Request.CloseBodyStream() == nil //nolint:forcetypeassert // its callers have looked
}

func endsBody(c *Conn, err error) bool { return errors.Is(err, io.EOF) && !c.request.inBody }
