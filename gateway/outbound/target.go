package outbound

import (
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/secure"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Target is where the deliveries of one endpoint go, and how.
type Target struct {
	Pull    bool         // nothing is sent: somebody comes for it (pull.go)
	URL     string       // of an endpoint; a relay has upstreams
	Relay   *RelayTarget // nil: events
	Trusted bool         // the configuration file names it: the egress rules do not bind it
	Off     bool         // it is switched off: its deliveries wait
	// Headers are the operator's, the tenant's and auth among them. Those by which
	// a delivery is known and signed cannot be set by them.
	Headers     []directory.Header
	Token       directory.Header  // goes with every request and is proved by a handshake; no name: none
	Proof       gateway.MarkKey   // digest of what a handshake proves; zero: there is none to make
	Signer      *signature.Signer // nil: not signed
	Form        Form
	TLS         *secure.Settings // of an endpoint; nil: what holds for all
	Timeout     time.Duration    // for one attempt; 0: transport.DefaultTimeout
	Retry       retry.Policy
	Breaker     *breaker.Settings // nil: none
	Concurrency int               // 0: DefaultConcurrency
	Rate        *gateway.Rate     // of attempts; nil: none

	MaxEvents int           // in one request; below 2: one, without a wait
	MaxWait   time.Duration // for more events than the first

	Ordered bool          // one after the other within a conversation
	Hold    time.Duration // how long a failing delivery holds its conversation

	DisableAfter time.Duration // of nothing but failures; 0: never
}

// Form is what the body of a request looks like.
type Form int

// The forms.
const (
	Bare        Form = iota // the one event as it is: a notice
	Envelope                // {"events":[…]}
	CloudEvents             // CNCF CloudEvents 1.0 in JSON, a batch of them where Target batches
)

// PlatformTarget gives the target of a tenant's platform endpoint; nil for none.
func PlatformTarget(p *directory.Platform) *Target {
	if p == nil {
		return nil
	}
	return &Target{
		URL: p.URL, Trusted: p.Trusted, Headers: p.Headers, Signer: p.Signer, Timeout: p.Timeout,
		Retry: p.Retry, Breaker: &platformBreaker,
	}
}

// EndpointTarget gives the target of an endpoint; nil for none.
func EndpointTarget(e *directory.Endpoint) *Target {
	if e == nil {
		return nil
	}
	if e.Refused {
		return &Target{Off: true, Proof: e.ProofKey, Retry: retry.Default()}
	}
	t := &Target{
		Off: !e.Enabled, Pull: e.Pull, URL: e.URL, TLS: e.TLS, Headers: e.Headers, Proof: e.ProofKey, Signer: e.Signer, Form: Envelope, Timeout: e.Timeout,
		Retry: e.Retry, Breaker: e.Breaker, Concurrency: e.Concurrency, Rate: e.Rate,
		MaxEvents: e.Batch.MaxEvents, MaxWait: e.Batch.MaxWait,
		Ordered: e.Ordered, Hold: e.OrderedHold, DisableAfter: e.DisableAfter,
	}
	if e.Token != "" {
		t.Token = directory.Header{Name: e.TokenHeader, Value: e.Token.Reveal()}
	}
	if e.Spec.Format == directory.FormatCloudEvents {
		t.Form = CloudEvents
	}
	return t
}

var platformBreaker = breaker.Default()

func (t *Target) concurrency() int {
	if t.Concurrency > 0 {
		return t.Concurrency
	}
	return DefaultConcurrency
}

func (t *Target) batches() bool { return t.MaxEvents > 1 }
