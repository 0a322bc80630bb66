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
	announced := ctx.Request.Header.ContentLength()
	if fault := c.foresee(int64(announced)); fault != nil {
		return nil, fault
	}
	for {
		if c.body == nil || len(c.body.b) == cap(c.body.b) {
			if fault := c.makeRoom(announced, limit); fault != nil {
				return nil, fault
			}
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

// foresee refuses a large body of known length for which there is no memory now,
// before any more of it comes. It takes none: what was announced costs a sender nothing.
func (c *Conn) foresee(length int64) *gateway.Error {
	if length <= largeBody {
		return nil
	}
	if fault := c.charge(copies * length); fault != nil {
		return c.spoil(fault)
	}
	c.account.give(c.limits.Bodies, copies*length)
	return nil
}

// makeRoom doubles the memory of the body, with what came and not with what was
// announced, up to what that was. Until it is copied both the old and the new count.
func (c *Conn) makeRoom(announced int, limit int64) *gateway.Error {
	have, most := 0, int(limit)+1 // of one byte too much the rest is not read
	if c.body != nil {
		have = cap(c.body.b)
	}
	if announced > 0 {
		most = announced
	}
	room := bodyRoom(max(2*have, min(announced, largeBody)), most)
	if fault := c.charge(copies * int64(room)); fault != nil {
		return c.spoil(fault)
	}
	next := newBody(room)
	if c.body != nil {
		next.b = append(next.b, c.body.b...)
		release(&c.body)
		c.account.give(c.limits.Bodies, copies*int64(have))
	}
	c.body = next
	return nil
}

// Charge takes n bytes of the listener's memory for bodies until the handler ends:
// for what a handler makes of a body beyond one copy of it. Its error is ReadBody's,
// unavailable; too_large for what is more than there ever is.
func Charge(ctx *fasthttp.RequestCtx, n int64) error {
	if c, ok := ctx.Conn().(*Conn); ok {
		if most := c.limits.Bodies.Most(); most > 0 && n > most {
			return errBodyTooLarge
		}
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
