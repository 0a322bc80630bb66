package peers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// Serve answers a request below Prefix.
func (p *Peers) Serve(ctx *fasthttp.RequestCtx) {
	c, by, err := p.admit(ctx)
	if err != nil {
		edge.WriteProblem(ctx, err)
		return
	}
	body, err := edge.ReadBody(ctx, MaxBody)
	switch {
	case err != nil:
		edge.WriteProblem(ctx, err)
		return
	case !sumOf(body, &c.digest):
		edge.WriteProblem(ctx, errChanged)
		return
	}
	status, answer := p.answer(ctx, c, body)
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/octet-stream")
	ctx.Response.SetBodyRaw(answer)
	ctx.Response.Header.Set(HeaderNode, p.options.Self())
	ctx.Response.Header.SetBytesV(headerProof, proofOf(by, &c.mac, status, answer))
}

var errChanged error = gateway.Errorf(gateway.CodeUnauthenticated, "the body is not the one that was signed")

// admit says who asks. What it refuses nobody has looked at.
func (p *Peers) admit(ctx *fasthttp.RequestCtx) (c *credential, by *key, err error) {
	if !ctx.IsPost() {
		return nil, nil, &gateway.Error{Code: gateway.CodeMethodNotAllowed, Message: "this path takes POST", Allow: "POST"}
	}
	all := ctx.Request.Header.PeekAll(fasthttp.HeaderAuthorization)
	if len(all) != 1 {
		return nil, nil, errNoPeer
	}
	c, by, refused := p.read(all[0])
	if refused != nil {
		if p.refusals.tell(p.options.Now()) {
			p.options.Log.Warn("a request of another node was refused", "client", edge.ClientIP(ctx).String(), "reason", refused.Message)
		}
		return nil, nil, refused
	}
	if verb := strings.TrimPrefix(string(ctx.Request.Header.RequestURI()), Prefix); verb != c.verb {
		return nil, nil, errWrongSecret
	}
	return c, by, nil
}

// mostTold bounds the refused requests of a minute that are worth a line in the log: whoever
// has no secret must not fill it.
const mostTold = 60

// refusals counts those of a minute.
type refusals struct {
	mu     sync.Mutex
	minute time.Time
	told   int
}

// tell says whether one more is to be logged.
func (r *refusals) tell(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.minute); since >= time.Minute || since < 0 {
		r.minute, r.told = now, 0
	}
	r.told++
	return r.told <= mostTold
}

// answer has a request answered that is one of ours, if it came for the first time.
func (p *Peers) answer(ctx *fasthttp.RequestCtx, c *credential, body []byte) (status int, answer []byte) {
	if c.to != p.options.Self() { // of a node that was at this address before
		return statusNotHere, nil
	}
	if !p.numbers.take(c.session, c.number, p.options.Now()) {
		p.options.Log.Warn("a request of another node came twice, or very late", "node", c.from)
		return http.StatusConflict, nil
	}
	handler := p.handlers[c.verb]
	if handler == nil { // of a later version
		return statusNotHere, nil
	}
	answer, err := handler(context.WithValue(WithFrom(context.Background(), c.from), requestKey{}, ctx), body)
	switch {
	case err == nil:
		return http.StatusOK, answer
	case errors.Is(err, ErrNotHere):
		return statusNotHere, nil
	}
	var known *gateway.Error
	if !errors.As(err, &known) && !errors.Is(err, gateway.ErrNotFound) {
		p.options.Log.Error("a request of another node failed", "method", c.verb, "node", c.from, "request_id", string(edge.RequestID(ctx)), "error", err)
	}
	return statusError, PackError(err)
}
