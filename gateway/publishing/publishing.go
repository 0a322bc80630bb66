package publishing

import (
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/limits"
	"hookgate/gateway/shares"
)

// Options are what a Publisher is made of. Store, Learner, Wake and WakeMany are
// required.
type Options struct {
	Store   Store
	Learner Learner
	Sealer  Sealer // of what relays carry; nil: there are none
	// Wake tells the owner of a lane of a delivery that is durable, WakeMany of
	// several, in the order of their ids; it does not keep them.
	Wake     func(gateway.LaneKey, gateway.Due)
	WakeMany func(gateway.LaneKey, []gateway.Due)
	// Accepted is told of each event that is durable; it does not keep it. nil: nobody is.
	Accepted func(*gateway.Event)
	// Most bounds the deliveries that one publish makes; 0: DefaultMost.
	Most int
	// Made is told how many deliveries a publish would make, where it is more than a
	// few; nil: nobody is.
	Made func(int64)
	// Making is the budget of deliveries that publishes under way are about to make,
	// in number: only those that make many count. nil: no bound.
	Making *shares.Budget
	// Holder says who has what a publish takes of it; nil: the tenant by itself.
	Holder func(tenant string) shares.Holder
	// Room refuses a tenant that has as much on the disk as it may have; nil: nobody does.
	Room func(tenant string) error
	// Log is told of filters that take too much work; nil: nobody is.
	Log *slog.Logger
	// Now is the clock by which deliveries are due, which must not leap; nil: time.Now.
	Now func() time.Time
}

// DefaultMost is the most deliveries that one publish makes (SPEC 16).
const DefaultMost = 100_000

// Publisher takes events and relayed requests in: the first half of the way, up to
// the 202. It is safe for concurrent use.
type Publisher struct {
	options Options
	store   Store
	rates   limits.Table
	own     ownKeys
	turns   turns
	terms   terms
	idPaths idPaths
	drafts  sync.Pool
	relays  sync.Pool
}

// New makes a Publisher.
func New(o Options) *Publisher {
	if o.Most <= 0 {
		o.Most = DefaultMost
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	if o.Room == nil {
		o.Room = func(string) error { return nil }
	}
	if o.Accepted == nil {
		o.Accepted = func(*gateway.Event) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Publisher{
		options: o, store: o.Store, own: ownKeys{seed: maphash.MakeSeed()}, turns: turns{of: map[gateway.MarkKey]chan struct{}{}},
		drafts: sync.Pool{New: func() any { return new(draft) }}, relays: sync.Pool{New: func() any { return new(relay) }},
	}
	p.terms.ended.L = &p.terms.mu
	return p
}

// now is the moment on the clock of deliveries.
func (p *Publisher) now() time.Time { return p.options.Now() }

// Forget drops what is kept of a tenant that is no more.
func (p *Publisher) Forget(tenant string) {
	p.rates.Forget(tenant)
	p.own.clear()
}
