package outbound

import (
	"context"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Sender makes requests; a *transport.Transport is one.
type Sender interface {
	Do(context.Context, *transport.Request) (*transport.Answer, error)
}

// Opener opens what publishing has sealed; a *seal.Sealer is one. aad names the place
// of what is sealed.
type Opener interface {
	AppendOpened(dst, sealed, aad []byte) ([]byte, error)
}

// Options are what Lanes are made of. Backlog, Statuses, Archive, Sender, Targets and Announce are required.
type Options struct {
	// What is asked of a store; storetest holds each store to it.
	Backlog  Backlog
	Statuses Statuses
	Archive  Archive
	Sender   Sender
	// Targets gives where an endpoint's deliveries go now; nil: nowhere, they
	// wait for Refresh. It is asked before each attempt, must be quick, and must
	// not call the lanes.
	Targets func(tenant, endpoint string) *Target
	// Observe gives what watches a lane; it is asked once for each lane, and must
	// not call the lanes. nil: nobody.
	Observe func(gateway.LaneKey) Observer
	// Describe gives an endpoint as the API shows it, for the notice that it was
	// disabled; nil: its names alone. It may ask for Status.
	Describe func(tenant, endpoint string) gateway.Raw
	// Announce makes a notice durable, and tells the owner of the platform's lane.
	Announce func(*gateway.Publication) error
	Opener   Opener // of what relays carry; nil: there are none
	Version  string // for the User-Agent
	Limit    int    // attempts under way at once, over all lanes; 0: 1024
	Window   int    // deliveries of a lane in memory; 0: 256
	// Windows is the budget of places in all lanes' windows (SPEC 16), beside a few that
	// each has; nil: no bound. A lane's holds twice Window at most.
	Windows *shares.Budget
	// Attempts is the budget of bytes that attempts with large events have in memory (SPEC
	// 16); nil: no bound.
	Attempts *shares.Budget
	// Holder says who has what a lane of a tenant takes of either; nil: the tenant by itself.
	Holder func(tenant string) shares.Holder
	Logger *slog.Logger // nil: slog.Default()
	// Now is the clock by which deliveries are due, which must not leap; nil: time.Now.
	Now func() time.Time
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

// withDefaults fills in what may be left out.
func (o Options) withDefaults() *Options {
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
	if o.Observe == nil {
		o.Observe = func(gateway.LaneKey) Observer { return Observer{} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &o
}
