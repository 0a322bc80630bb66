package directory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/secure"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Endpoint is one endpoint, compiled.
type Endpoint struct {
	ID           string
	Tenant       *Tenant
	Meta         gateway.Meta
	Spec         gateway.Endpoint
	Enabled      bool // and its tenant is too; if not, nothing below need be set
	Refused      bool // it was stored, but does not compile any more
	Pull         bool // its owner comes for its deliveries
	Ordered      bool
	URL          string
	Headers      []Header // its own, its auth, and the tenant's where none of them has the name; not the token
	Own          []Header // Headers without the tenant's; exported for fmt to mask, as only exported members are
	Token        gateway.Secret
	TokenHeader  string            // has the token on every request, where there is one
	Signer       *signature.Signer // never nil
	OldUntil     time.Time         // until when rotated secrets sign too; zero: there are none
	TLS          *secure.Settings  // nil: what holds for all
	Timeout      time.Duration     // for one attempt
	Retry        retry.Policy
	Breaker      *breaker.Settings // nil: none
	Rate         *gateway.Rate     // nil: no limit
	Concurrency  int
	Batch        Batch
	OrderedHold  time.Duration   // how long a failing delivery holds its conversation
	DisableAfter time.Duration   // of nothing but failures; 0: never
	ExpireAfter  time.Duration   // without a pull; 0: it stays
	ProofKey     gateway.MarkKey // of url and token: what a handshake proves; zero without a token
	Metrics      *metrics.Endpoint
	wants        []wanted // none: everything
	filter       filter
}

// Batch says how many events may travel in one envelope; MaxEvents is 1 where
// each travels alone.
type Batch struct {
	MaxEvents int
	MaxWait   time.Duration // how long the first one waits for others
}

// FormatCloudEvents is the format of CloudEvents 1.0, structured.
const FormatCloudEvents = "cloudevents"

// CompileEndpoint checks an endpoint and makes it ready to run; Tenant.WithEndpoint
// gives it its tenant. The old secrets sign after those of the spec: who calls
// leaves out those whose time is over.
//
// A sign that is left out is none here. The default of SPEC 7, a secret that is
// made up, is for whoever can show it once: package resources puts it into the
// spec. The file has nowhere to show one.
func CompileEndpoint(meta gateway.Meta, spec gateway.Endpoint, old []gateway.OldSecret, o Options) (*Endpoint, []gateway.Fault) {
	var f faults
	if !gateway.IsName(meta.ID) {
		f.add("id", "%s", badName)
	}
	e := &Endpoint{
		ID: meta.ID, Meta: meta, Spec: spec, Pull: spec.Mode == gateway.EndpointPull, URL: spec.URL, wants: compileWants(spec.EventTypes, &f),
		Own: compileOwn(spec.Headers, spec.Auth, o, &f), Token: spec.Token, TokenHeader: cmp.Or(spec.TokenHeader, DefaultTokenHeader),
		Timeout: f.span("timeout", spec.Timeout, DefaultTimeout, MinTimeout, MaxTimeout),
		Retry:   compileRetry(spec.Retry, &f), Rate: spec.RateLimit,
		Concurrency: f.count("concurrency", spec.Concurrency, DefaultConcurrency, MaxConcurrency, ""), Batch: compileBatch(spec.Batch, &f),
		Ordered: spec.Ordered, OrderedHold: f.span("ordered_hold", spec.OrderedHold, DefaultOrderedHold, MinOrderedHold, MaxOrderedHold),
		TLS:          compileTLS(spec.TLS, spec.URL, &f),
		DisableAfter: f.span("disable_after", spec.DisableAfter, DefaultDisableAfter, 0, MaxDisableAfter),
	}
	checkRate("rate_limit", spec.RateLimit, &f)
	e.compileExpiry(&f)
	if e.Pull {
		refuseCalled(&spec, &f)
	} else {
		checkMode(spec.Mode, &f)
		f.url(spec.URL, false, o)
		e.Breaker = compileBreaker(spec.Breaker, &f)
	}
	if spec.Format != "" && spec.Format != FormatCloudEvents {
		f.add("format", "is %q: must be %s, or empty for the platform's own envelope%s", spec.Format, FormatCloudEvents, fields.Meant(spec.Format, []string{FormatCloudEvents}))
	}
	e.filter = compileFilter(spec.Filter, o, &f)
	e.compileToken(o, &f)
	e.Signer = compileOwnSign(spec.Sign, old, o, &f)
	for _, s := range old {
		if s.Until.After(e.OldUntil) {
			e.OldUntil = s.Until.Time
		}
	}
	if len(f) > 0 {
		return nil, f
	}
	return e, nil
}

// compileExpiry takes when an endpoint is deleted that nobody pulls from. The least is well
// above the longest hold of a pull.
func (e *Endpoint) compileExpiry(f *faults) {
	switch {
	case e.Spec.ExpireAfter == nil:
	case !e.Pull:
		f.add("expire_after", "must be left out without mode pull: it counts from the last pull")
	case e.Meta.ManagedBy == gateway.ManagedByFile:
		f.add("expire_after", "must be left out in the file: what stands there is there until it is taken out")
	default:
		e.ExpireAfter = f.span("expire_after", e.Spec.ExpireAfter, 0, MinExpireAfter, MaxExpireAfter)
	}
}

func checkMode(mode string, f *faults) {
	modes := []string{gateway.EndpointPush, gateway.EndpointPull}
	if mode != "" && !slices.Contains(modes, mode) {
		f.add("mode", "is %q: must be push or pull%s", mode, fields.Meant(mode, modes))
	}
}

// refuseCalled refuses of an endpoint that is pulled what says how one is called
// (SPEC-operations O10).
func refuseCalled(spec *gateway.Endpoint, f *faults) {
	if spec.URL != "" {
		f.add("url", "must be left out with mode pull: nobody is called")
	}
	if spec.Token != "" {
		f.add("token", "must be left out with mode pull: there is no url that could prove it")
	}
	if spec.Breaker != nil {
		f.add("breaker", "must be left out with mode pull: nobody is called who could fail")
	}
}

// reserved are the fields by which a delivery is known, signed and read: the token
// cannot take the place of one.
var reserved = []string{"webhook-id", "webhook-timestamp", "webhook-signature", "hookgate-attempt", "content-type", "user-agent"}

func (e *Endpoint) compileToken(o Options, f *faults) {
	h := Header{e.TokenHeader, e.Token.Reveal()}
	if err := o.checkHeader(h.Name, ""); err != nil {
		f.add("token_header", "%v", err)
		return
	}
	f.header("token", h, o)
	if slices.ContainsFunc(reserved, func(name string) bool { return strings.EqualFold(name, h.Name) }) {
		f.add("token_header", "is %s, which every delivery has already", h.Name)
	}
	if e.Token == "" {
		return
	}
	if has(e.Own, h.Name) {
		f.add("token_header", "is %s, which headers or auth set too", h.Name)
	}
	e.ProofKey = gateway.NewMarkKey(gateway.MarkProof, []byte(e.URL), []byte(e.Token.Reveal()))
}

// compileOwnSign makes the signer of an endpoint or a webhook; nil is type none,
// but a sign that is written says its type. The old secrets sign after its own.
func compileOwnSign(written *gateway.Sign, old []gateway.OldSecret, o Options, f *faults) *signature.Signer {
	sign := gateway.Sign{}
	if written != nil {
		if sign = *written; sign.Type == "" {
			f.add("sign.type", "is missing: must be standard, standard-ed25519, hmac or none")
			return nil
		}
	}
	sign.Secrets = slices.Clone(sign.Secrets)
	for _, s := range old {
		sign.Secrets = append(sign.Secrets, s.Secret)
	}
	return compileSign(sign, o, f)
}

func compileBatch(b *gateway.Batch, f *faults) Batch {
	if b == nil {
		return Batch{MaxEvents: 1}
	}
	if b.MaxEvents < 1 || b.MaxEvents > MaxBatchEvents {
		f.add("batch.max_events", "is %d: must be 1 to %d", b.MaxEvents, MaxBatchEvents)
	}
	return Batch{b.MaxEvents, f.span("batch.max_wait", b.MaxWait, DefaultBatchWait, 0, MaxBatchWait)}
}

// defaultBreaker is one for all who say nothing of theirs: they are tens of thousands.
var defaultBreaker = breaker.Default()

// breakerOf gives the settings also of a breaker that is switched off: they are shown, and
// checked for the day it is switched on.
func breakerOf(b gateway.Breaker, f *faults) breaker.Settings {
	s := defaultBreaker
	set(&s.Failures, b.Failures)
	set(&s.Ratio, b.Ratio)
	set(&s.Window, (*time.Duration)(b.Window))
	set(&s.Open, (*time.Duration)(b.Open))
	s.MaxOpen = max(s.MaxOpen, s.Open)
	set(&s.MaxOpen, (*time.Duration)(b.MaxOpen))
	f.validated(s.Validate())
	return s
}

// compileBreaker gives the settings of a breaker; nil: there is none.
func compileBreaker(b *gateway.Breaker, f *faults) *breaker.Settings {
	if b == nil {
		return &defaultBreaker
	}
	if s := breakerOf(*b, f); isOn(b.Enabled) {
		return &s
	}
	return nil
}

// of gives the endpoint as part of a tenant: with the tenant's headers, as far as
// none of its own has the name.
func (e *Endpoint) of(t *Tenant) *Endpoint {
	own := *e
	own.Tenant = t
	own.Enabled = !t.Disabled && !e.Refused && isOn(e.Spec.Enabled)
	own.Headers = over(t.Headers, e.Own)
	if e.Token != "" {
		own.Headers = slices.DeleteFunc(own.Headers, func(h Header) bool { return strings.EqualFold(h.Name, e.TokenHeader) })
	}
	return &own
}
