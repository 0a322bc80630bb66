package proxy

import (
	"errors"
	"log/slog"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
)

// authenticate answers a handshake, the route's own or a provider's, or verifies who
// calls, over the exact bytes of the body, once their address is one that may. A failure
// counts against the client's address, never against the route: a good signature always
// passes.
func (x *exchange) authenticate() done {
	if x.route.Allowed != nil && x.route.Allowed.Refuses(x.caller.Address()) {
		return look(x) || x.ends(x.failed(errAddress)) // looking is nobody's secret (SPEC 15)
	}
	x.proof.Body, x.proof.Now, x.proof.Method = x.request.body, x.at, x.caller.Method()
	if x.request.whole { // no question has a body that is passed on while it comes
		if answer, is := x.route.Shakes.Answer(&x.proof); is {
			return x.shake(answer)
		}
	}
	verifier := x.route.Verifier
	if verifier == nil {
		return look(x)
	}
	if answer, is := verifier.Handshake(&x.proof); is {
		return x.shake(answer)
	}
	if look(x) {
		return true
	}
	if err := verifier.Verify(&x.proof); err != nil {
		return x.ends(x.failed(err))
	}
	return false
}

// shake answers a handshake.
func (x *exchange) shake(answer signature.Answer) done {
	if answer.Refused() {
		if err := x.failed(errHandshake); err.Code == gateway.CodeRateLimited {
			return x.ends(err)
		}
	}
	x.ctx.SetStatusCode(answer.Status)
	if len(answer.Body) > 0 {
		x.ctx.SetContentType(answer.ContentType)
	}
	for _, field := range answer.Header {
		x.ctx.Response.Header.Set(field[0], field[1])
	}
	x.ctx.SetBody(answer.Body)
	x.reply.status = answer.Status
	return true
}

var errAddress = errors.New("address")

var errHandshake = errors.New("handshake")

// errUnverified says nothing of which part of a credential was wrong (SPEC 3).
var errUnverified = gateway.Errorf(gateway.CodeUnauthenticated, "the request is not verified")

// errUnjudged is for a request that may be good.
var errUnjudged = gateway.Unavailable("the request cannot be verified now", time.Second)

// failed counts a failed verification, and logs it while the client has not failed
// too often: a flood must not fill the log.
func (x *exchange) failed(err error) *gateway.Error {
	x.p.options.Observer.AuthFailed()
	telling{x}.blame(err)
	client, refusal := x.caller.Address(), errUnverified
	if signature.IsUnavailable(err) {
		refusal = errUnjudged
	}
	again, tell := x.p.failures.Count(limits.Key{Tenant: x.route.ID}, client, x.at)
	switch {
	case again > 0:
		return &gateway.Error{Code: gateway.CodeRateLimited, Message: "too many requests that could not be verified", RetryAfter: again}
	case !tell:
		return refusal
	}
	x.p.options.Log.Info("request to a route not verified", slog.String("route", x.route.ID),
		slog.String("client", client.String()), slog.String("request_id", string(edge.RequestID(x.ctx))), slog.String("reason", err.Error()))
	return refusal
}
