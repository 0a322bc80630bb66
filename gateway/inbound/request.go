package inbound

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/waiting"
)

// request is one callback on its way. It is pooled: begin sets all of it.
type request struct {
	in             *Inbound
	ctx            *fasthttp.RequestCtx
	at             time.Time
	tenant, source []byte
	key            []byte // from the path; nil for none

	src      *directory.Source
	proof    signature.Request
	received []byte // the body as received
	document mapping.Document
	values   mapping.Values
	callback waiting.Callback

	taken  waiting.Taken
	detail string           // what is wrong, for who may know
	answer signature.Answer // of a handshake; its status is 0 where there was none
	err    error            // why the store did not take it
	again  time.Duration    // Retry-After
	body   []byte           // of the answer; its memory is used again
}

func newRequest(in *Inbound) *request {
	r := &request{in: in}
	r.proof.Header = r
	r.proof.URL = r.signedURL
	r.proof.Query = r.param
	r.proof.Peer = r.peer
	r.proof.Client = r.client
	r.document.Request = r
	return r
}

func (r *request) begin(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
	r.ctx, r.at = ctx, time.Now()
	r.tenant, r.source, r.key = tenant, source, key
}

// end lets go of all that belongs to the request.
func (r *request) end() {
	r.values.Release()
	r.ctx, r.tenant, r.source, r.key, r.src, r.received = nil, nil, nil, nil, nil, nil
	r.proof.Body, r.proof.Method = nil, ""
	r.document = mapping.Document{Request: r}
	r.callback = waiting.Callback{}
	r.taken, r.detail, r.answer, r.err, r.again = waiting.Taken{}, "", signature.Answer{}, nil, 0
}

// fail ends the way without an outcome of waiting: the body was refused by the
// edge, or the store cannot write.
func (r *request) fail(err error) {
	r.err = err
	var known *gateway.Error
	if !errors.As(err, &known) {
		r.finish(gateway.OutcomeUnavailable)
		return
	}
	r.again, r.detail = known.RetryAfter, known.Message
	switch known.Code {
	case gateway.CodeTooLarge:
		r.finish(gateway.OutcomeTooLarge)
	case gateway.CodeRequestTimeout, gateway.CodeBadRequest:
		r.finish(gateway.OutcomeInvalidBody)
	case gateway.CodeNotFound:
		r.finish(gateway.OutcomeNotFound)
	default:
		r.finish(gateway.OutcomeUnavailable)
	}
}

// Get is signature.Headers: the first value of a field, and how many there are.
func (r *request) Get(name string) ([]byte, int) { return edge.HeaderValue(r.ctx, name) }

// Header is for paths: the first value of a field.
func (r *request) Header(name string) ([]byte, bool) {
	value, n := r.Get(name)
	return value, n > 0
}

// Query is for paths: the first value of a parameter.
func (r *request) Query(name string) ([]byte, bool) {
	value, n := r.param(name)
	return value, n > 0
}

// param is for verifiers: the first value of a parameter, and how many there are.
func (r *request) param(name string) ([]byte, int) { return edge.QueryValue(r.ctx, name) }

// signedURL is the URL as the sender called it (SPEC 14).
func (r *request) signedURL() string { return edge.CalledURL(r.ctx, r.in.PublicURL) }

// peer is what the client showed of itself where TLS ends here.
func (r *request) peer() []*x509.Certificate { return edge.Peer(r.ctx) }

// client is who sent it, as far as those in front are believed.
func (r *request) client() netip.Addr { return edge.Client(r.ctx, r.in.Trusts) }

// Keep gives what a later wait's paths may look at, without what proves who
// calls: a credential is never stored.
func (r *request) Keep() (header []gateway.HeaderField, query string) {
	verify, shown := &r.src.Spec.Verify, r.src.Verifier.CredentialHeader()
	for name, value := range r.ctx.Request.Header.All() {
		if !isCredential(string(name), verify.Header, shown) {
			header = append(header, gateway.HeaderField{Name: string(name), Value: string(value)})
		}
	}
	var kept []string
	for part := range strings.SplitSeq(string(edge.Query(r.ctx)), "&") {
		name, _, _ := strings.Cut(part, "=")
		if verify.In != "query" || string(edge.Unescape([]byte(name))) != verify.Name {
			kept = append(kept, part)
		}
	}
	return header, strings.Join(kept, "&")
}

// isCredential says whether a field proves who calls, by its name everywhere or
// for this source: the signature's, or the one that shows a credential.
func isCredential(name, signature, shown string) bool {
	for _, known := range [...]string{"Authorization", "Proxy-Authorization", "Cookie", signature, shown} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}
