package api

import (
	"bytes"
	"net/netip"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway/audit"
	"hookgate/gateway/edge"
)

// The console shows what the API answers, and does what it does: it asks the same
// handlers, in process, by the right of the token with which somebody signed in. What it
// can, that token can by HTTP.

// Who is somebody who asks by a session of the console.
type Who struct {
	By     auth.Principal
	Digest token.Digest // of the token by which he has signed in
	// Alive says whether the session lasts; of a stream it is asked again and again.
	Alive func() bool
}

// Asked is one request of the console's.
type Asked struct {
	Who     Who
	Client  netip.Addr // of whoever looks
	Request string     // its id
	Method  string
	Target  string // path and query, encoded
	Body    []byte // JSON; nil: none
	// IfMatch, IfNoneMatch and Key are the fields If-Match, If-None-Match and Idempotency-Key;
	// "": none.
	IfMatch, IfNoneMatch, Key string
}

// Answered is what it comes to.
type Answered struct {
	Status int
	ETag   string
	Body   []byte // the console's own
}

// Ask answers a request of the console's. What stays for somebody (holds, streams, backups)
// is not asked for here: it needs the client's own connection.
func (a *API) Ask(q *Asked) Answered {
	ctx := edge.NewRemote(&edge.Remote{Address: q.Client})
	h := &ctx.Request.Header
	h.SetMethod(q.Method)
	h.SetRequestURI(q.Target)
	h.SetHost("console")
	for name, value := range map[string]string{fasthttp.HeaderIfMatch: q.IfMatch, fasthttp.HeaderIfNoneMatch: q.IfNoneMatch, "Idempotency-Key": q.Key} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if q.Body != nil {
		h.SetContentType(jsonType)
		ctx.Request.SetBodyRaw(q.Body)
	}
	who := q.Who
	who.By.Asking = &auth.Asking{Kind: audit.KindConsole, Client: q.Client.String(), RequestID: q.Request}
	a.handle(ctx, &who)
	answered := Answered{Status: ctx.Response.StatusCode(), ETag: string(ctx.Response.Header.Peek(fasthttp.HeaderETag))}
	answered.Body = bytes.Clone(ctx.Response.Body())
	_ = ctx.Response.CloseBodyStream() // it lies in memory, which is free again
	return answered
}

// Follow answers a request of the console's for the stream on the client's own connection.
func (a *API) Follow(ctx *fasthttp.RequestCtx, who Who, target string) {
	ctx.Request.SetRequestURI(target) // the header's own leaves the query as it was looked at before
	a.handle(ctx, &who)
}

// MayAsk says whether somebody's scope may do what a method of a path does, as far as
// scopes tell: what it may not is not shown.
func (a *API) MayAsk(by auth.Principal, method, path string) bool {
	run, _, err := a.table.find([]byte(path), []byte(method))
	return err == nil && by.Allows(run.needs)
}
