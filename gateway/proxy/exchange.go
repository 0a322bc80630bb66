package proxy

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/retry/breaker"
)

// exchange is one request on its way, and its answer on the way back. It is
// pooled: begin sets what end has not cleared.
type exchange struct {
	p     *Proxy
	ctx   *fasthttp.RequestCtx
	conn  *edge.Conn // the client's
	at    time.Time
	table *table // in which route was found
	route *route
	proof signature.Request

	whole    bool // body is all of the request's body
	body     []byte
	stream   edge.Stream // of a body that is not in memory
	upload   *upload     // of it
	protocol []byte      // that the client asks to upgrade to; nil: none
	closes   bool        // the client's connection ends with this answer

	named [][]byte              // fields that Connection names
	chain []byte                // X-Forwarded-For of trusted proxies
	out   []byte                // a head, and what goes with it in one write
	kept  []gateway.HeaderField // of a relay
	in    buffer                // what comes from the upstream
	head  answerHead

	upstream *upstream
	link     *conn // to it
	heard    bool  // it has sent something on it for this request
	permit   breaker.Permit
	deadline time.Time // of the answer's head

	watch  *watch
	status int  // of the answer, once it is known
	begun  bool // something of the final answer was sent
}

func newExchange(p *Proxy) *exchange {
	x := &exchange{p: p, out: make([]byte, 0, 4<<10)}
	x.in.init()
	x.proof.Header = (*fieldsOf)(x)
	x.proof.URL = x.signedURL
	x.proof.Query = x.param
	x.proof.Peer = x.peer
	x.proof.Client = x.client
	return x
}

func (x *exchange) begin(ctx *fasthttp.RequestCtx) {
	x.ctx, x.conn, x.at = ctx, edge.ConnOf(ctx), time.Now()
	x.closes = x.conn.Closes() || !ctx.Request.Header.IsHTTP11() || x.p.draining.Load()
}

// end counts the request and lets go of all that belongs to it, also after a panic.
func (x *exchange) end() {
	x.permit.Done(breaker.Failed)
	x.stopUpload()
	x.release(false)
	x.watch.stop()
	if x.status == 0 {
		x.status = fasthttp.StatusInternalServerError // what the edge makes of a panic
	}
	if x.route != nil {
		x.route.Metrics.Answered(x.status)
		if x.status != fasthttp.StatusSwitchingProtocols {
			x.p.Duration.Observe(time.Since(x.at).Seconds())
		}
	}
	if x.closes {
		x.ctx.SetConnectionClose()
	}
	x.table, x.stream = nil, edge.Stream{}
	x.ctx, x.conn, x.route, x.upstream, x.body, x.upload, x.protocol, x.watch = nil, nil, nil, nil, nil, nil, nil, nil
	x.proof.Body, x.proof.Method = nil, ""
	clear(x.named)
	clear(x.kept)
	x.named, x.chain, x.out, x.kept = x.named[:0], x.chain[:0], x.out[:0], x.kept[:0]
	if cap(x.out) > maxKept {
		x.out = make([]byte, 0, 4<<10)
	}
	x.in.reset()
	x.head = answerHead{}
	x.status, x.begun, x.whole = 0, false, false
}

// maxKept bounds what a pooled exchange keeps of memory, in bytes.
const maxKept = 64 << 10

// statusLeft is what is counted for a client who left before its answer.
const statusLeft = 499

// refuse answers with a failure, or cuts the connection where part of an answer
// was sent.
func (x *exchange) refuse(err error) {
	if x.begun {
		x.closes = true
		return
	}
	x.stopUpload()
	if errors.Is(err, errLeft) {
		x.status, x.closes = statusLeft, true
		x.conn.TakeAnswer() // there is nobody to tell
		return
	}
	var known *gateway.Error
	if !errors.As(err, &known) {
		known = gateway.Errorf(gateway.CodeInternal, "")
	}
	edge.WriteProblem(x.ctx, known)
	x.status = x.ctx.Response.StatusCode()
}
