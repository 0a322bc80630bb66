package inbound

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
	"hookgate/gateway/requests"
	"hookgate/gateway/waiting"
)

// request is one callback on its way. It is pooled: begin sets all of it.
type request struct {
	in             *Inbound
	ctx            *fasthttp.RequestCtx
	caller         edge.Caller
	at             time.Time
	tenant, source []byte
	key            []byte // from the path; nil for none

	src      *directory.Source
	proof    signature.Request
	received []byte // the body as received
	reading
	values   mapping.Values
	callback waiting.Callback
	batch    *batch // of a request that brings several callbacks; nil: it is one

	taken  waiting.Taken
	detail string           // what is wrong, for who may know
	answer signature.Answer // of a handshake; its status is 0 where there was none
	err    error            // why the store did not take it
	again  time.Duration    // Retry-After
	status int              // in the place of that of the outcome; 0: that
	body   []byte           // of the answer; its memory is used again
	ended  int              // the place of the step that ended the way
	cause  requests.Cause   // as far as a step knows more than its outcome says
	record requests.Record
	hidden requests.Masks // of a request that is looked at again: what brought a credential then
	span   span
}

func newRequest(in *Inbound) *request {
	r := &request{in: in, caller: edge.Caller{PublicURL: in.options.PublicURL, Trusts: in.options.Trusts}}
	r.proof.Header = &r.caller
	r.proof.URL = r.caller.URL
	r.proof.Query = r.caller.Param
	r.proof.Peer = r.caller.Peer
	r.proof.Client = r.caller.Address
	r.proof.Turn, r.proof.Fetch = proving{r}.turn, proving{r}.fetch
	r.document.Request = sender{r}
	return r
}

func (r *request) begin(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
	r.ctx, r.caller.Ctx, r.at = ctx, ctx, time.Now()
	r.tenant, r.source, r.key = tenant, source, key
}

// end lets go of all that belongs to the request.
func (r *request) end() {
	r.values.Release()
	r.wrapped.Release()
	r.ctx, r.caller.Ctx, r.tenant, r.source, r.key, r.src, r.received = nil, nil, nil, nil, nil, nil, nil
	r.proof.Body, r.proof.Method, r.sent, r.status = nil, "", nil, 0
	r.document, r.looked, r.looks = mapping.Document{Request: sender{r}}, false, ""
	r.callback, r.batch = waiting.Callback{}, nil
	r.taken, r.detail, r.answer, r.err, r.again = waiting.Taken{}, "", signature.Answer{}, nil, 0
	r.cause, r.record, r.hidden, r.span = requests.Cause{}, requests.Record{}, requests.Masks{}, span{}
}

// requestID is the id of the request, for a line of the log.
func requestID(r *request) slog.Attr {
	return slog.String("request_id", string(edge.RequestID(r.ctx)))
}

// done says that the callback has its outcome, which ends the way.
type done bool

// finish ends the way with an outcome that needs no more than its word. A turn that the body
// had is given back: what comes now may need one of its own, and wait for others.
func (r *request) finish(o gateway.Outcome) done {
	r.let()
	r.taken.Outcome = o
	return true
}

// fail ends the way without an outcome of waiting: the body was refused by the
// edge, or the store cannot write.
func (r *request) fail(err error) done {
	r.err = err
	var known *gateway.Error
	if errors.As(err, &known) {
		r.again, r.detail = known.RetryAfter, known.Message
	}
	return r.finish(outcomeOf(known))
}

// outcomeOf is the outcome that goes with an error of ours; nil: it is none.
func outcomeOf(known *gateway.Error) gateway.Outcome {
	if known == nil {
		return gateway.OutcomeUnavailable
	}
	switch known.Code {
	case gateway.CodeTooLarge:
		return gateway.OutcomeTooLarge
	case gateway.CodeRequestTimeout, gateway.CodeBadRequest:
		return gateway.OutcomeInvalidBody
	case gateway.CodeNotFound:
		return gateway.OutcomeNotFound
	case gateway.CodeRateLimited:
		return gateway.OutcomeRateLimited
	}
	return gateway.OutcomeUnavailable
}

// Keep gives what a later wait's paths may look at, without what proves who
// calls: a credential is never stored.
func (r *request) Keep() (header []gateway.HeaderField, query string) {
	verify, shown := &r.src.Spec.Verify, r.src.Verifier.CredentialHeader()
	asked := questionToken(r.src.Spec.Handshake)
	for name, value := range r.ctx.Request.Header.All() {
		if !isCredential(string(name), verify.Header, shown) && (asked.In != "header" || !strings.EqualFold(string(name), asked.Name)) {
			header = append(header, gateway.HeaderField{Name: string(name), Value: string(value)})
		}
	}
	var kept []string
	for part := range strings.SplitSeq(string(edge.Query(r.ctx)), "&") {
		name, _, _ := strings.Cut(part, "=")
		name = string(edge.Unescape([]byte(name)))
		if (verify.In != "query" || name != verify.Name) && (asked.In != "query" || name != asked.Name) {
			kept = append(kept, part)
		}
	}
	return header, strings.Join(kept, "&")
}

// questionToken gives where a handshake's own token stands, which senders may put into all
// that they send; nothing where there is none.
func questionToken(h *gateway.Handshake) gateway.HandshakeToken {
	if h == nil || h.Token == nil {
		return gateway.HandshakeToken{}
	}
	return *h.Token
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
