package proxy

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
)

// authenticate answers a provider's handshake, or verifies who calls, over the
// exact bytes of the body. A failure counts against the client's address, never
// against the route: a good signature always passes.
func (x *exchange) authenticate() error {
	verifier := x.route.Verifier
	if verifier == nil {
		return nil
	}
	x.proof.Body, x.proof.Now, x.proof.Method = x.body, x.at, methodName(x.ctx.Method())
	if answer, is := verifier.Handshake(&x.proof); is {
		if answer.Refused() {
			if err := x.failed(errHandshake); err.Code == gateway.CodeRateLimited {
				return err
			}
		}
		x.ctx.SetStatusCode(answer.Status)
		if len(answer.Body) > 0 {
			x.ctx.SetContentType(answer.ContentType)
		}
		x.ctx.SetBody(answer.Body)
		x.status = answer.Status
		return nil
	}
	if err := verifier.Verify(&x.proof); err != nil {
		return x.failed(err)
	}
	return nil
}

var errHandshake = errors.New("handshake: the verify token is not the configured one")

// errUnverified says nothing of which part of a credential was wrong (SPEC 3).
var errUnverified = gateway.Errorf(gateway.CodeUnauthenticated, "the request is not verified")

// errUnjudged is for a request that may be good.
var errUnjudged = gateway.Unavailable("the request cannot be verified now", time.Second)

// failed counts a failed verification, and logs it while the client has not failed
// too often: a flood must not fill the log.
func (x *exchange) failed(err error) *gateway.Error {
	x.p.AuthFailed()
	client, refusal := x.client(), errUnverified
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
	reason := "handshake"
	var why *signature.Error
	if errors.As(err, &why) {
		reason = why.Error()
	}
	x.p.Log.Info("request to a route not verified", slog.String("route", x.route.ID),
		slog.String("client", client.String()), slog.String("reason", reason))
	return refusal
}

// methodName gives a method as a string; the usual ones cost nothing.
func methodName(m []byte) string {
	switch string(m) {
	case "POST":
		return "POST"
	case "GET":
		return "GET"
	}
	return string(m)
}

// fieldsOf is an exchange as signature.Headers.
type fieldsOf exchange

// Get gives the first value of a field, and how many there are.
func (x *fieldsOf) Get(name string) ([]byte, int) { return edge.HeaderValue(x.ctx, name) }

// param gives the first value of a query parameter, and how many there are.
func (x *exchange) param(name string) ([]byte, int) { return edge.QueryValue(x.ctx, name) }

// peer is what the client showed of itself where TLS ends here.
func (x *exchange) peer() []*x509.Certificate { return edge.Peer(x.ctx) }

// client is who sent it, as far as those in front are believed.
func (x *exchange) client() netip.Addr { return edge.Client(x.ctx, x.p.Trusts) }

// signedURL is the URL as the sender called it (SPEC 14).
func (x *exchange) signedURL() string { return edge.CalledURL(x.ctx, x.p.PublicURL) }
