package proxy

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/tracing"
)

// exchange is one request on its way, and its answer on the way back. It is
// pooled: begin sets what end has not cleared.
type exchange struct {
	p      *Proxy
	ctx    *fasthttp.RequestCtx
	caller edge.Caller
	proof  signature.Request // of the caller
	at     time.Time
	table  *table // in which route was found
	route  *route

	request outgoing
	leg     leg
	reply   reply
	moments moments
	span    tracing.Span
}

func newExchange(p *Proxy) *exchange {
	x := &exchange{p: p, caller: edge.Caller{PublicURL: p.options.PublicURL, Trusts: p.Trusts}}
	x.leg.init(p.options.Watcher)
	x.request.p = p
	x.proof.Header = &x.caller
	x.proof.URL = x.caller.URL
	x.proof.Query = x.caller.Param
	x.proof.Peer = x.caller.Peer
	x.proof.Client = x.caller.Address
	return x
}

func (x *exchange) begin(ctx *fasthttp.RequestCtx) {
	x.ctx, x.caller.Ctx, x.at = ctx, ctx, time.Now()
	conn, http11 := edge.ConnOf(ctx), ctx.Request.Header.IsHTTP11()
	x.reply = reply{conn: conn, http11: http11, bare: ctx.IsHead(), closes: conn.Closes() || !http11 || x.p.draining.Load()}
	x.leg.ctx = ctx
}

// enter gives the exchange the route that it goes.
func (x *exchange) enter(r *route) {
	x.route, x.leg.route, x.reply.idle = r, r, r.IdleTimeout
	x.request.ctx, x.request.route = x.ctx, r
	x.trace()
}

// end counts the request and lets go of all that belongs to it, also after a panic.
func (x *exchange) end() {
	x.stopUpload()
	if x.reply.status == 0 {
		x.reply.status = fasthttp.StatusInternalServerError // what the edge makes of a panic
	}
	telling{x}.keep()
	telling{x}.endSpan()
	x.leg.end()
	if x.route != nil && x.route.Relay {
		share(x.ctx, x.route)
	}
	if x.route != nil {
		x.route.Metrics.Answered(x.reply.status)
		if x.reply.status != fasthttp.StatusSwitchingProtocols {
			x.p.options.Observer.Took(time.Since(x.at).Seconds(), x.span.Trace())
		}
	}
	if x.reply.closes {
		x.ctx.SetConnectionClose()
	}
	x.request.end()
	x.reply, x.moments, x.span = reply{}, moments{}, tracing.Span{}
	x.ctx, x.caller.Ctx, x.table, x.route = nil, nil, nil, nil
	x.proof.Body, x.proof.Method = nil, ""
}

// maxKept bounds what a pooled exchange keeps of memory, in bytes.
const maxKept = 64 << 10

// statusLeft is what is counted for a client who left before its answer.
const statusLeft = 499

// ends ends the way where there is an error, which becomes the answer.
func (x *exchange) ends(err error) done {
	if err == nil {
		return false
	}
	x.refuse(err)
	return true
}

// refuse answers with a failure, or cuts the connection where part of an answer
// was sent.
func (x *exchange) refuse(err error) {
	if x.reply.begun {
		x.reply.closes = true
		return
	}
	x.stopUpload()
	if errors.Is(err, errLeft) {
		x.reply.status, x.reply.closes = statusLeft, true
		x.reply.conn.TakeAnswer() // there is nobody to tell
		return
	}
	var known *gateway.Error
	if !errors.As(err, &known) {
		known = gateway.Errorf(gateway.CodeInternal, "")
	}
	telling{x}.note(known)
	edge.WriteProblem(x.ctx, known)
	x.reply.status = x.ctx.Response.StatusCode()
}

// stopUpload ends the upload, if there is one, and says whether all of the body was
// sent. A client who has not said all can ask no more on its connection.
func (x *exchange) stopUpload() (sent bool) {
	whole, sent := x.leg.upload.stop()
	x.reply.closes = x.reply.closes || !whole
	return sent
}
