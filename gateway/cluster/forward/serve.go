package forward

import (
	"context"
	"encoding/json"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/edge"
)

// Handler answers requests of a kind that come from other nodes. It is given who asks, as the
// Question had it, and calls SetMoved of the request's edge.Remote where it is not decided
// here.
type Handler func(ctx *fasthttp.RequestCtx, by json.RawMessage)

// Handle says what answers a kind. It is called before anything is served.
func (f *Forwarder) Handle(kind string, h Handler) { f.handlers[kind] = h }

// Serve answers a request that another node passes on: a peers.Handler.
func (f *Forwarder) Serve(asked context.Context, message []byte) ([]byte, error) {
	a, ctx, err := unpackRequest(message)
	if err != nil {
		return nil, &gateway.Error{Code: gateway.CodeBadRequest, Message: "the request of another node cannot be read", Err: err}
	}
	handler := f.handlers[a.Kind]
	if handler == nil { // of a later version
		return nil, peers.ErrNotHere
	}
	if _, here := f.options.Owners.Owner(a.Slot); !here {
		return nil, peers.ErrNotHere
	}
	if err := peers.Rebill(asked, f.options.Holder(ctx, a.Tenant)); err != nil {
		return nil, err
	}
	if err := f.options.Await(a.Known); err != nil {
		return nil, err
	}
	handler(ctx, a.By)
	defer func() { _ = ctx.Response.CloseBodyStream() }() // it lies in memory, which is free then
	if edge.FromNode(ctx).Moved() {
		return nil, peers.ErrNotHere
	}
	return packAnswer(&ctx.Response)
}
