package directory

import (
	"cmp"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/retry"
)

// Effective gives the endpoint as a reader should see it: what was written, and
// for the rest what is in force. Written back, it changes nothing.
func (e *Endpoint) Effective() gateway.Endpoint {
	s := e.Spec
	if e.Refused {
		return s
	}
	s.Mode = cmp.Or(s.Mode, gateway.EndpointPush)
	s.Enabled = new(isOn(s.Enabled))
	if len(s.EventTypes) == 0 {
		s.EventTypes = []string{allTypes}
	}
	s.TokenHeader = e.TokenHeader
	s.Auth.Type = cmp.Or(s.Auth.Type, "none")
	s.Sign = effectiveSign(s.Sign)
	s.Timeout = span(e.Timeout)
	s.Retry = effectiveRetry(e.Retry, s.Retry)
	if !e.Pull {
		s.Breaker = effectiveBreaker(s.Breaker)
	}
	s.Concurrency = new(e.Concurrency)
	if s.Batch != nil {
		s.Batch = &gateway.Batch{MaxEvents: e.Batch.MaxEvents, MaxWait: span(e.Batch.MaxWait)}
	}
	s.OrderedHold = span(e.OrderedHold)
	s.DisableAfter = span(e.DisableAfter)
	return s
}

// Effective gives the source as a reader should see it: what was written, and for
// the rest what is in force. Written back, it changes nothing.
func (s *Source) Effective() gateway.Source {
	v := s.Spec
	if s.Refused {
		return v
	}
	v.Enabled = new(isOn(v.Enabled))
	v.Methods = slices.Clone(s.methods)
	v.MaxBody = new(gateway.Size(s.MaxBody))
	v.VariablesMax = new(gateway.Size(s.Mapping.Variables))
	v.Early = gateway.Early{TTL: span(s.EarlyTTL), Max: new(s.EarlyMax), Again: s.Again}
	v.Dedupe.Window = span(s.Window)
	v.ConversationKey = effectiveKey(v.ConversationKey)
	v.Each = s.Each
	v.Body = cmp.Or(v.Body, bodyAuto)
	v.NoKey = cmp.Or(v.NoKey, gateway.NoKeyReject)
	return v
}

// Effective gives the webhook as a reader should see it: what was written, and for
// the rest what is in force. Written back, it changes nothing.
func (w *Webhook) Effective() gateway.Webhook {
	s := w.Spec
	if w.Refused {
		return s
	}
	s.Profile, s.Method = w.Profile, w.Method
	if s.Query == nil {
		s.Query = gateway.Members[string]{}
	}
	s.Auth.Type = cmp.Or(s.Auth.Type, "none")
	s.Timeout = span(w.Timeout)
	s.Mode = cmp.Or(s.Mode, gateway.CallSync)
	if s.Response.Variables == nil {
		s.Response.Variables = []gateway.Variable{}
	}
	s.Response.VariablesMax = new(gateway.Size(w.Variables))
	s.Sign = effectiveSign(s.Sign)
	s.Retry = effectiveRetry(w.Retry, s.Retry)
	s.Breaker = effectiveBreaker(s.Breaker)
	return s
}

func span(d time.Duration) *gateway.Duration { return new(gateway.Duration(d)) }

func effectiveSign(s *gateway.Sign) *gateway.Sign {
	if s == nil {
		return &gateway.Sign{Type: SignNone}
	}
	own := *s
	if own.Type == SignHMAC {
		own.Algorithm, own.Encoding = cmp.Or(own.Algorithm, "sha256"), cmp.Or(own.Encoding, "hex")
		own.Signed = cmp.Or(own.Signed, "{body}")
	}
	return &own
}

// effectiveRetry is the reverse of compileRetry; what is never retried is shown as it
// was written, nil for not at all.
func effectiveRetry(p retry.Policy, written *gateway.Retry) *gateway.Retry {
	r := &gateway.Retry{Jitter: new(p.Jitter), Never: []gateway.Status{}}
	if written != nil && written.Never != nil {
		r.Never = written.Never
	}
	if p.MaxAttempts > 0 {
		r.MaxAttempts = new(p.MaxAttempts)
	}
	if p.MaxAge > 0 {
		r.MaxAge = span(p.MaxAge)
	}
	if p.Initial > 0 {
		r.Initial, r.Max, r.Multiplier = span(p.Initial), span(p.Max), new(p.Multiplier)
		return r
	}
	schedule := make([]gateway.Duration, len(p.Schedule))
	for i, pause := range p.Schedule {
		schedule[i] = gateway.Duration(pause)
	}
	r.Schedule = &schedule
	return r
}

func effectiveBreaker(b *gateway.Breaker) *gateway.Breaker {
	var none faults // they were told when it was compiled
	if b == nil {
		b = &gateway.Breaker{}
	}
	s := breakerOf(*b, &none)
	return &gateway.Breaker{
		Enabled: new(isOn(b.Enabled)), Failures: new(s.Failures), Ratio: new(s.Ratio),
		Window: span(s.Window), Open: span(s.Open), MaxOpen: span(s.MaxOpen),
	}
}
