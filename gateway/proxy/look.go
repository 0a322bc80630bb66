package proxy

import (
	"strings"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// look answers who only looks at a relay: that the route is there, and what may be sent
// to it, as on sources (SPEC 17). Nobody is verified, so that nothing of a rate is used
// up either. A proxy's upstream answers for itself.
func look(x *exchange) done {
	if !x.route.Relay || !edge.OnlyLooks(x.caller.Method()) {
		return false
	}
	x.reply.status = fasthttp.StatusOK
	if x.ctx.IsOptions() {
		x.reply.status = fasthttp.StatusNoContent
	}
	x.ctx.SetStatusCode(x.reply.status)
	return true
}

// share tells a browser which pages may read the answer of a relay, and whoever asks by
// OPTIONS what may be sent.
func share(ctx *fasthttp.RequestCtx, r *route) {
	var sharing edge.Sharing
	if r.CORS != nil {
		sharing = r.CORS
	}
	switch {
	case ctx.IsOptions():
		edge.TellOptions(ctx, strings.Join(r.Methods(), ", "), sharing)
	case sharing != nil:
		edge.Share(ctx, sharing)
	}
}
