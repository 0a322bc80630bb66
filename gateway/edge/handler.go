package edge

import (
	"runtime/debug"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// guard runs next on the requests of a Listener's connections and cleans up
// behind it: a panic becomes 500 and is told to panicked (fasthttp would let it
// end the process), a body that nobody read is drained where that takes no
// waiting and else closes the connection, the body's memory is given back.
func guard(next fasthttp.RequestHandler, panicked func(requestID string, value any, stack []byte)) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if c, ok := ctx.Conn().(*Conn); ok && !c.idling.came() {
			c.giveBack()
			_ = c.Close() // what fasthttp writes now goes nowhere
			return
		}
		identify(ctx)
		defer settle(ctx)
		defer func() {
			if v := recover(); v != nil {
				panicked(string(RequestID(ctx)), v, debug.Stack())
				ctx.Response.Reset()
				identify(ctx)
				ctx.SetConnectionClose()
				WriteProblem(ctx, errInternal)
			}
		}()
		next(ctx)
	}
}

func settle(ctx *fasthttp.RequestCtx) {
	c, ok := ctx.Conn().(*Conn)
	if !ok {
		return
	}
	if ctx.RequestBodyStream() != nil && !drain(ctx, c) {
		c.dirty.Store(true)
	}
	if c.Closes() {
		ctx.SetConnectionClose()
	}
	c.giveBack()
}

// drain reads what is left of a body that has come as a whole; what follows it
// would else be read as the next request. fasthttp does not do that by itself.
func drain(ctx *fasthttp.RequestCtx, c *Conn) bool {
	if c.request.inBody || c.fault != nil {
		return false
	}
	scratch := newBuffer()
	scratch.grow(4 << 10)
	defer release(&scratch)
	for {
		_, err := ctx.RequestBodyStream().Read(scratch.b[:cap(scratch.b)])
		if err != nil {
			return endBody(ctx, err)
		}
	}
}

// refuse answers a request that could not be read; fasthttp then closes the
// connection. told, which may be nil, hears of it. One that came as its connection gave
// way has no answer, but the end that clients are ready for (RFC 9112 9.5): it is as good as
// any, and was told that it is malformed.
func refuse(told func(requestID []byte, fault *gateway.Error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, _ error) {
		fault := errMalformed
		if c, ok := ctx.Conn().(*Conn); ok {
			if c.idling.gone() {
				c.giveBack()
				_ = c.Close() // what fasthttp writes now goes nowhere
				return
			}
			fault = c.why()
			c.dirty.Store(true)
			c.giveBack()
		}
		if told != nil {
			told(RequestID(ctx), fault)
		}
		identify(ctx)
		WriteProblem(ctx, fault)
	}
}

var errMalformed = refused(gateway.CodeBadRequest, "the request is malformed")
