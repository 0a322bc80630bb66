package inbound

import (
	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// look answers HEAD and OPTIONS: that the source is there, and what may be sent to it,
// which a GET would tell anybody too. Nobody is verified, so that nothing of the rate of
// the source, its tenant or the client is used up either.
func look(r *request) done {
	r.answer = signature.Answer{Status: fasthttp.StatusOK}
	if r.ctx.IsOptions() {
		r.answer.Status = fasthttp.StatusNoContent
	}
	return r.finish(gateway.OutcomeHandshake)
}

// share tells a browser which pages may read the answer, and whoever asks by OPTIONS
// what may be sent.
func (r answering) share() {
	var sharing edge.Sharing
	if r.src.CORS != nil {
		sharing = r.src.CORS
	}
	switch {
	case r.ctx.IsOptions():
		edge.TellOptions(r.ctx, r.src.Allow, sharing)
	case sharing != nil:
		edge.Share(r.ctx, sharing)
	}
}
