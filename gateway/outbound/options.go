package outbound

import (
	"context"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/tracing"
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

// Options are what Lanes are made of. Backlog, Statuses, Archive, Sender, Targets,
// Announce and Firm are required.
type Options struct {
	// What is asked of a store; storetest holds each store to it.
	Backlog  Backlog
	Statuses Statuses
	Archive  Archive
	Sender   Sender
	// Comings tells lanes that keep an order of what other processes have put into their windows,
	// and nobody told them of; nil: no other process puts anything there.
	Comings Comings
	// Targets gives where an endpoint's deliveries go now; nil: nowhere, they
	// wait for Refresh. It is asked before each attempt, must be quick, and must
	// not call the lanes.
	Targets func(tenant, endpoint string) *Target
	// Observe gives what watches a lane; it is asked once for each lane, and must
	// not call the lanes. nil: nobody.
	Observe func(gateway.LaneKey) Observer
	// Firm makes durable what was settled since a moment of the monotonic clock: for who pulls,
	// and is told so.
	Firm func(since time.Time) error
	// Describe gives an endpoint as the API shows it, for the notice that it was
	// disabled; nil: its names alone. It may ask for Status.
	Describe func(tenant, endpoint string) gateway.Raw
	// Announce makes a notice durable, and tells the owner of the platform's lane.
	Announce func(*gateway.Publication) error
	// Tracer tells of each attempt; nil: it does not.
	Tracer  *tracing.Tracer
	Opener  Opener // of what relays carry; nil: there are none
	Version string // for the User-Agent
	Limit   int    // attempts under way at once, over all lanes; 0: DefaultLimit
	Window  int    // deliveries of a lane in memory; 0: 256
	// Windows is the budget of places in all lanes' windows (SPEC 16), beside a few that
	// each has; nil: no bound. A lane's holds twice Window at most.
	Windows *shares.Budget
	// Attempts is the budget of bytes that attempts with large events have in memory (SPEC
	// 16); nil: no bound.
	Attempts *shares.Budget
	// Holder says who has what a lane of a tenant takes of either; nil: the tenant by itself.
	Holder func(tenant string) shares.Holder
	// Spare says that the disk is nearly full, and a tenant has its share of it: it makes no
	// retries until there is room. nil: nobody has.
	Spare func(tenant string) bool
	// Held keeps all lanes from sending until LetGo: what is due stays so.
	Held   bool
	Logger *slog.Logger // nil: slog.Default()
	// Now is the clock by which deliveries are due, which must not leap; nil: time.Now.
	Now func() time.Time
}

// Defaults of the bounds.
const (
	// DefaultLimit is four times the largest concurrency of an endpoint: of the whole a
	// tenant that is alone has a half, and so has its only endpoint of that (share).
	DefaultLimit       = 4096
	DefaultWindow      = 256
	DefaultConcurrency = 16 // attempts under way at once in one lane (SPEC 7)
)

// Observer watches one lane. Each func may be nil, must be quick, and must not
// call the lanes.
type Observer struct {
	// Attempt is told of an attempt, how long it took, and the trace that has it; "": none.
	Attempt func(o retry.Outcome, took time.Duration, trace string)
	// Ended is told of a delivery that succeeded or died, and how long after its
	// publishing.
	Ended   func(s gateway.DeliveryState, lag time.Duration)
	Breaker func(s breaker.State)
	// Settled is told of an attempt that is written, with its delivery as it stands after
	// it; made is nil for one that was cancelled.
	Settled func(d *gateway.Delivery, made *gateway.Attempt)
	// Turned is told of a change of the breaker, and until when it is open.
	Turned func(s breaker.State, until time.Time)
	// Switched is told why an endpoint was disabled, "" when it is no more.
	Switched func(reason string)
}

func (o *Observer) switched(reason string) {
	if o.Switched != nil {
		o.Switched(reason)
	}
}

func (o *Observer) settled(d *gateway.Delivery, made *gateway.Attempt) {
	if o.Settled != nil {
		o.Settled(d, made)
	}
}

func (o *Observer) turned(s breaker.State, until time.Time) {
	if o.Turned != nil {
		o.Turned(s, until)
	}
}

func (o *Observer) attempt(outcome retry.Outcome, took time.Duration, trace string) {
	if o.Attempt != nil {
		o.Attempt(outcome, took, trace)
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
	if o.Spare == nil {
		o.Spare = func(string) bool { return false }
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &o
}
