package inbound

import (
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/requests"
	"hookgate/gateway/waiting"
)

// keep hands a request whose answer was decided to those who keep the newest.
func (in *Inbound) keep(of *request) {
	r := telling{of}
	if in.options.Kept == nil {
		return
	}
	k := &r.record
	*k = requests.Record{
		At: receivedAt(of), Took: time.Since(r.at), Client: r.caller.Address(), Peer: edge.ClientIP(r.ctx), Secure: edge.IsTLS(r.ctx),
		Method: r.caller.Method(), Path: r.ctx.Request.Header.RequestURI(), Head: r.ctx.Request.Header.RawHeaders(),
		RequestID: edge.RequestID(r.ctx), Body: r.received, BodyBytes: r.bodyBytes(), Outcome: r.taken.Outcome, Status: r.ctx.Response.StatusCode(),
	}
	if r.src == nil {
		k.Tenant, k.Place = string(r.tenant), string(r.source)
		in.options.Kept.KeepUnmatched(k)
		return
	}
	r.tell(k)
	if !r.src.Tenant.Life.Enter() {
		return
	}
	defer r.src.Tenant.Life.Leave()
	in.options.Kept.Keep(k)
}

// keepUnread keeps what is known of a request whose body nobody reads: it was refused
// when it had but announced it.
func (in *Inbound) keepUnread(src *directory.Source, method, path []byte) {
	if in.options.Kept == nil || !src.Tenant.Life.Enter() {
		return
	}
	defer src.Tenant.Life.Leave()
	in.options.Kept.Keep(&requests.Record{
		Tenant: src.Tenant.ID, Place: src.ID, At: in.options.Now(), Method: string(method), Path: path, BodyBytes: -1,
		Outcome: gateway.OutcomeTooLarge, Status: gateway.OutcomeTooLarge.Status(), Cause: requests.Cause{Step: requests.Size, Of: src.MaxBody},
	})
}

// telling is a request that tells what became of it, and why.
type telling struct{ *request }

// tell says what became of a request to a source, and why.
func (r telling) tell(k *requests.Record) {
	k.Of, k.Tenant, k.Place, k.Masks = requests.Source, r.src.Tenant.ID, r.src.ID, r.masks()
	k.Key, k.CallbackID, k.WaitID = r.callback.Key, r.taken.CallbackID, r.taken.WaitID
	k.Cause = r.why()
	if r.batch != nil && len(r.batch.ones) > 0 && r.ended > atExtract {
		first := &r.batch.ones[0]
		k.Key, k.CallbackID, k.WaitID = first.Key, first.Became.CallbackID, first.Became.WaitID
		k.Batch, k.One = len(r.batch.ones), r.became
	}
}

// became tells of one callback of a batch.
func (r telling) became(i int) requests.Became {
	one := &r.batch.ones[i]
	return requests.Became{Outcome: one.Became.Outcome, CallbackID: one.Became.CallbackID, Key: one.Key, WaitID: one.Became.WaitID}
}

// bodyBytes is how large the body is: as it came, or as it was announced; -1: not known.
func (r telling) bodyBytes() int64 {
	if r.received != nil || r.err == nil && r.taken.Outcome != gateway.OutcomeTooLarge {
		return int64(len(r.received))
	}
	return max(-1, int64(r.ctx.Request.Header.ContentLength()))
}

// masks are the names by which senders of this source show credentials, and the signature's.
func (r telling) masks() requests.Masks {
	m := r.shown()
	m.Headers[1] = r.src.Spec.Verify.Header
	return m
}

// shown are the names by which they show what is itself the secret.
func (r telling) shown() (m requests.Masks) {
	asked := questionToken(r.src.Spec.Handshake)
	if r.src.Verifier != nil {
		m.Headers[0], m.Queries[0] = r.src.Verifier.CredentialHeader(), r.src.Verifier.CredentialQuery()
	}
	if asked.In == "header" {
		m.Headers[2] = asked.Name
	} else if asked.In == "query" {
		m.Queries[1] = asked.Name
	}
	return m
}

// blame notes why nobody knows who calls.
func (r telling) blame(err error) {
	c := &r.cause
	c.Step = requests.Verify
	var refused *signature.Error
	switch {
	case errors.Is(err, errAddress):
		c.Step, c.Of = requests.AllowIPs, len(r.src.Allowed)
	case errors.As(err, &refused):
		c.Why, c.Text, c.Age, c.Limit, c.Of = string(refused.Reason), refused.Field, refused.Age, refused.Window, r.src.Verifier.Secrets()
	}
}

// why says which step decided, and what it knew.
func (r telling) why() requests.Cause {
	c := r.cause
	c.Again = max(r.again, r.taken.RetryAfter)
	if r.src.Allowed != nil {
		c.Flags |= requests.HasNetworks
	}
	if r.src.Each != "" {
		c.Flags |= requests.HasEach
	}
	if r.callback.Key == "" && r.batch == nil {
		c.Flags |= requests.NoKey
	}
	if r.callback.Strong {
		c.Flags |= requests.Strong
	}
	if c.Step == requests.None {
		c.Step = r.decided()
	}
	if c.Text == "" {
		c.Text = r.words(&r.taken)
	}
	switch c.Step {
	case requests.Method:
		c.Text = r.src.Allow
	case requests.Size, requests.Body:
		c.Of = r.src.MaxBody
	}
	return c
}

// words is what a step has said of a callback that it refused.
func (r telling) words(taken *waiting.Taken) string {
	if taken.Outcome == gateway.OutcomeVariableMissing {
		return taken.Variable
	}
	return r.detail
}

// decided is the step that ended the way, where the outcome alone does not tell.
func (r telling) decided() requests.Step {
	o := r.taken.Outcome
	switch r.ended {
	case atAccept:
		if o == gateway.OutcomeNotFound {
			return requests.None
		}
		return requests.Size
	case atAuthenticate:
		switch o {
		case gateway.OutcomeRateLimited:
			return requests.Handshake
		case gateway.OutcomeNotAllowed:
			return requests.Method
		}
		return requests.None
	case atLimit:
		return requests.Rate
	case atParse:
		return requests.Body
	case atExtract:
		if o == gateway.OutcomeTooLarge || o == gateway.OutcomeIgnored {
			return requests.Each
		}
		return requests.None
	}
	if o == gateway.OutcomeTooLarge || o == gateway.OutcomeUnavailable || o == gateway.OutcomeRateLimited {
		return requests.Claim
	}
	return requests.None
}

// Unmatched keeps a request that was answered, and names no source.
func (in *Inbound) Unmatched(ctx *fasthttp.RequestCtx) {
	r := in.requests.Get().(*request) //nolint:forcetypeassert // the pool holds nothing else
	r.begin(ctx, nil, nil, nil)
	defer func() {
		r.end()
		in.requests.Put(r)
	}()
	r.taken.Outcome = gateway.OutcomeNotFound
	in.keep(r)
}
