package inbound

import (
	"errors"
	"log/slog"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/limits"
)

// authenticate answers a provider's handshake, or verifies who calls. A failure
// counts against the client's address, never against the source: a good
// signature always passes.
func (in *Inbound) authenticate(r *request) {
	var is bool
	if r.answer, is = r.src.Verifier.Handshake(&r.proof); is {
		if r.answer.Refused() {
			in.refuse(r, errHandshake)
		}
		switch {
		case r.again > 0:
			r.answer = signature.Answer{}
			r.finish(gateway.OutcomeRateLimited)
		case !r.done():
			r.finish(gateway.OutcomeHandshake)
		}
		return
	}
	if !r.src.Takes(r.ctx.Method()) {
		r.finish(gateway.OutcomeNotAllowed)
		return
	}
	if err := r.src.Verifier.Verify(&r.proof); err != nil {
		in.refuse(r, err)
		switch {
		case r.again > 0:
			r.finish(gateway.OutcomeRateLimited)
		case signature.IsUnavailable(err):
			r.finish(gateway.OutcomeUnavailable)
		default:
			r.finish(gateway.OutcomeUnauthenticated)
		}
	}
}

var errHandshake = errors.New("handshake: the verify token is not the configured one")

// refuse counts a failed verification, and logs it while the client has not
// failed too often: a flood must not fill the log.
func (in *Inbound) refuse(r *request, err error) {
	in.options.Observer.AuthFailed()
	client := r.caller.Address()
	again, tell := in.failures.Count(limits.Key{Tenant: r.src.Tenant.ID, Part: r.src.ID}, client, r.at)
	r.again = again
	if !tell {
		return
	}
	reason := "handshake"
	var why *signature.Error
	if errors.As(err, &why) {
		reason = why.Error()
	}
	in.options.Log.Info("callback not verified", slog.String("tenant", r.src.Tenant.ID), slog.String("source", r.src.ID),
		slog.String("client", client.String()), slog.String("reason", reason))
}

// limit holds back what is too much for the source, its tenant or one above it.
func (in *Inbound) limit(r *request) {
	tenant := r.src.Tenant
	again := max(
		in.rates.TakeTree(tenant, in.options.Directory.Above(tenant), limits.Callbacks, 1, r.at),
		in.rates.Take(limits.Key{Tenant: tenant.ID, Part: r.src.ID}, r.src.Rate, 1, r.at))
	if again > 0 {
		r.again = again
		r.finish(gateway.OutcomeRateLimited)
	}
}
