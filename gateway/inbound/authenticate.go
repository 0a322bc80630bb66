package inbound

import (
	"errors"
	"log/slog"
	"math"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
)

// authenticate answers a handshake, the source's own or a provider's, or verifies who
// calls, once their address is one that may. A failure counts against the client's
// address, never against the source: a good signature always passes.
func (r *request) authenticate() done {
	if r.src.Allowed != nil && r.src.Allowed.Refuses(r.caller.Address()) {
		if edge.OnlyLooks(r.proof.Method) { // looking is nobody's secret (SPEC 15)
			return look(r)
		}
		return r.unverified(errAddress)
	}
	var is bool
	if r.answer, is = r.src.Shakes.Answer(&r.proof); is {
		return r.shakeHands()
	}
	if r.answer, is = r.src.Verifier.Handshake(&r.proof); is {
		return r.shakeHands()
	}
	if edge.OnlyLooks(r.proof.Method) {
		return look(r)
	}
	if !r.src.Takes(r.ctx.Method()) {
		return r.finish(gateway.OutcomeNotAllowed)
	}
	err := (proving{r}).proved()
	if err == nil {
		return false
	}
	return r.unverified(err)
}

// proving is a request on which others spend what is shared, to know who sent it.
type proving struct{ *request }

// turn takes a turn for what takes long to verify; proved gives it back. A stranger's request
// to nobody has none to take.
func (r proving) turn() bool {
	return r.src == nil || r.values.Hold(r.src.Tenant.Tree(), math.MaxInt) == nil
}

// fetch takes a place among the fetches of key sets, for the tenant whose source needs one.
func (r proving) fetch() (done func(), may bool) {
	if r.src == nil {
		return nil, false
	}
	of, holder := r.in.options.Fetches, r.in.options.Directory.Current().Holder(r.src.Tenant)
	return func() { of.Give(holder, 1) }, of.Take(holder, 1)
}

// proved verifies the request by its source.
func (r proving) proved() error {
	defer r.values.Let()
	return r.src.Verifier.Verify(&r.proof)
}

// unverified ends the way of who is not verified.
func (r *request) unverified(err error) done {
	telling{r}.blame(err)
	if errors.Is(err, signature.ErrBusy) { // it may be good, and counts as no failure
		return r.finish(gateway.OutcomeUnavailable)
	}
	r.refuse(err)
	switch {
	case r.again > 0:
		return r.finish(gateway.OutcomeRateLimited)
	case signature.IsUnavailable(err):
		return r.finish(gateway.OutcomeUnavailable)
	}
	return r.finish(gateway.OutcomeUnauthenticated)
}

// shakeHands gives the answer to a handshake, or counts that it was refused.
func (r *request) shakeHands() done {
	if r.answer.Refused() {
		r.refuse(errHandshake)
	}
	if r.again > 0 {
		r.answer = signature.Answer{}
		return r.finish(gateway.OutcomeRateLimited)
	}
	return r.finish(gateway.OutcomeHandshake)
}

var errAddress = errors.New("address")

var errHandshake = errors.New("handshake")

// refuse counts a failed verification, and logs it while the client has not
// failed too often: a flood must not fill the log.
func (r *request) refuse(err error) {
	in := r.in
	in.options.Observer.AuthFailed()
	client := r.caller.Address()
	again, tell := in.failures.Count(limits.Key{Tenant: r.src.Tenant.ID, Part: r.src.ID}, client, r.at)
	r.again = again
	if !tell {
		return
	}
	in.options.Log.Info("callback not verified", slog.String("tenant", r.src.Tenant.ID), slog.String("source", r.src.ID),
		slog.String("client", client.String()), requestID(r), slog.String("reason", err.Error()))
}
