package outbound

import (
	"context"
	"log/slog"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Sender makes requests; a *transport.Transport is one.
type Sender interface {
	Do(context.Context, *transport.Request) (*transport.Answer, error)
}

// Options are what the lanes are made of. Queue, Sender and Targets are required.
type Options struct {
	Queue  Queue
	Sender Sender
	// Targets gives where an endpoint's deliveries go now; nil: nowhere, they
	// wait for Refresh. It is asked before each attempt, must be quick, and must
	// not call the lanes.
	Targets func(tenant, endpoint string) *Target
	// Observe gives what watches a lane; it is asked once for each lane, and must
	// not call the lanes. nil: nobody.
	Observe func(gateway.LaneKey) Observer
	Version string       // for the User-Agent
	Limit   int          // attempts under way at once, over all lanes; 0: 1024
	Window  int          // deliveries of a lane in memory; 0: 256
	Logger  *slog.Logger // nil: slog.Default()
}

// Defaults of the bounds.
const (
	DefaultLimit       = 1024
	DefaultWindow      = 256
	DefaultConcurrency = 16 // attempts under way at once in one lane (SPEC 7)
)

// Observer watches one lane. Each func may be nil, must be quick, and must not
// call the lanes.
type Observer struct {
	Attempt func(o retry.Outcome, took time.Duration)
	// Ended is told of a delivery that succeeded or died, and how long after its
	// publishing.
	Ended   func(s gateway.DeliveryState, lag time.Duration)
	Breaker func(s breaker.State)
}

func (o *Observer) attempt(outcome retry.Outcome, took time.Duration) {
	if o.Attempt != nil {
		o.Attempt(outcome, took)
	}
}

func (o *Observer) ended(s gateway.DeliveryState, lag time.Duration) {
	if o.Ended != nil {
		o.Ended(s, lag)
	}
}

func (o *Observer) breaker(s breaker.State) {
	if o.Breaker != nil {
		o.Breaker(s)
	}
}

// Target is where the deliveries of one endpoint go, and how.
type Target struct {
	URL     string
	Trusted bool // the configuration file names it: the egress rules do not bind it
	// Headers are the operator's, the tenant's and auth among them. Those by which
	// a delivery is known and signed cannot be set by them.
	Headers     []directory.Header
	Signer      *signature.Signer // nil: not signed
	Timeout     time.Duration     // for one attempt; 0: transport.DefaultTimeout
	Retry       retry.Policy
	Breaker     *breaker.Settings // nil: none
	Concurrency int               // 0: DefaultConcurrency
}

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

var platformBreaker = breaker.Default()

func (t *Target) concurrency() int {
	if t.Concurrency > 0 {
		return t.Concurrency
	}
	return DefaultConcurrency
}
