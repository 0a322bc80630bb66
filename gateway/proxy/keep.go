package proxy

import (
	"errors"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/requests"
)

// Kept is told of each request once its answer was decided. It keeps copies.
type Kept interface {
	Keep(*requests.Record)
	// KeepUnmatched is told of one that no route takes.
	KeepUnmatched(*requests.Record)
}

// moments are when a request was how far, and why it was refused.
type moments struct {
	proved    time.Time // who calls is known
	asked     time.Time // the upstream was chosen
	upstream  string    // that was, the last one
	connected time.Time
	heard     time.Time // the head of its answer was there
	status    int       // of its answer
	cause     requests.Cause
	record    requests.Record
}

// telling is an exchange that tells what became of it.
type telling struct{ *exchange }

// keep hands the request to those who keep the newest.
func (x telling) keep() {
	p := x.p.options.Kept
	if p == nil {
		return
	}
	header := &x.ctx.Request.Header
	k := &x.moments.record
	*k = requests.Record{
		Of: requests.Route, At: x.at, Took: time.Since(x.at), Client: x.caller.Address(), Peer: edge.ClientIP(x.ctx), Secure: edge.IsTLS(x.ctx),
		Method: x.caller.Method(), Path: header.RequestURI(), RequestID: edge.RequestID(x.ctx), Head: header.RawHeaders(), Body: x.request.body, BodyBytes: int64(header.ContentLength()),
		Status: x.reply.status,
	}
	if x.request.whole {
		k.BodyBytes = int64(len(x.request.body))
	} else if k.BodyBytes < 0 {
		k.BodyBytes = -1
	}
	if x.route == nil {
		k.Outcome = gateway.OutcomeNotFound
		if k.Status == 405 {
			k.Outcome = gateway.OutcomeNotAllowed
		}
		p.KeepUnmatched(k)
		return
	}
	k.Tenant, k.Place, k.Masks, k.Cause = x.route.Spec.Tenant, x.route.ID, x.masks(), x.cause()
	k.Upstream, k.UpstreamStatus, k.Phases = x.moments.upstream, x.moments.status, x.phases()
	if t := x.route.Tenant; t != nil {
		if !t.Life.Enter() {
			return
		}
		defer t.Life.Leave()
	}
	p.Keep(k)
}

// phases gives how long each took; below 0 for one that was not reached.
func (x telling) phases() (took [3]time.Duration) {
	m := &x.moments
	since := func(from, to time.Time) time.Duration {
		if from.IsZero() || to.IsZero() {
			return -1
		}
		return to.Sub(from)
	}
	took[requests.PhaseVerify] = since(x.at, m.proved)
	took[requests.PhaseConnect] = since(m.asked, m.connected)
	took[requests.PhaseFirstByte] = since(m.connected, m.heard)
	return took
}

// masks are the names by which the route's senders show credentials.
func (x telling) masks() (m requests.Masks) {
	if v := x.route.Verifier; v != nil {
		m.Headers[0], m.Queries[0], m.Headers[1] = v.CredentialHeader(), v.CredentialQuery(), x.route.Spec.Verify.Header
	}
	if h := x.route.Spec.Handshake; h != nil && h.Token != nil {
		if strings.EqualFold(h.Token.In, "header") {
			m.Headers[2] = h.Token.Name
		} else if h.Token.In == "query" {
			m.Queries[1] = h.Token.Name
		}
	}
	return m
}

func (x telling) cause() requests.Cause {
	c := x.moments.cause
	if x.route.Allowed != nil {
		c.Flags |= requests.HasNetworks
	}
	if x.route.Verifier != nil {
		c.Flags |= requests.HasVerify
	}
	return c
}

// blame notes why nobody knows who calls.
func (x telling) blame(err error) {
	c := &x.moments.cause
	c.Step = requests.Verify
	var refused *signature.Error
	switch {
	case errors.Is(err, errAddress):
		c.Step, c.Of = requests.AllowIPs, len(x.route.Allowed)
	case errors.Is(err, errHandshake):
		c.Step = requests.Handshake
	case errors.As(err, &refused):
		c.Why, c.Text, c.Age, c.Limit, c.Of = string(refused.Reason), refused.Field, refused.Age, refused.Window, x.route.Verifier.Secrets()
	}
}

// note notes why a request was refused, where nobody knows better.
func (x telling) note(known *gateway.Error) {
	c := &x.moments.cause
	c.Again = known.RetryAfter
	if c.Step != requests.None || c.Text != "" {
		return
	}
	c.Text = known.Message
	switch known.Code {
	case gateway.CodeRateLimited:
		c.Step = requests.Rate
	case gateway.CodeTooLarge:
		c.Step = requests.Size
	}
}
