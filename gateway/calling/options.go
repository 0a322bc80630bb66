package calling

import (
	"context"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
	"hookgate/gateway/tracing"
	"hookgate/gateway/transport"
)

// Sender makes requests; a *transport.Transport is one.
type Sender interface {
	Do(context.Context, *transport.Request) (*transport.Answer, error)
}

// Store is what calling needs of a store; storetest holds each store to it.
type Store interface {
	// Commit makes changes durable, all of them or none. After any error but
	// gateway.CodeUnavailable the outcome is unknown: nothing may be acknowledged.
	Commit(changes ...*gateway.Change) error
	// PendingCalls gives every call of the tenants of slots that is promised and not
	// settled. What it gives is durable; where a store cannot tell, it is an error.
	PendingCalls(slots gateway.SlotSet) ([]*gateway.PendingCall, error)
}

// Waits is what a call does to the wait that was opened with it.
type Waits interface {
	Get(tenant, id string) (*gateway.Wait, error)
	// Cancel ends an open wait, whoever decides it; of one that has ended it says
	// gateway.CodeWaitEnded. It waits until ctx ends for who decides it, and gives nil for one
	// that another process has ended.
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	// Alias makes alias a name of the conversation that has key, durably.
	Alias(ctx context.Context, tenant, key, alias string) error
}

// Observer is told what happens. What is nil is not told.
type Observer struct {
	// Ended: a call has ended after so long, in a trace; "": in none.
	Ended func(took time.Duration, trace string)
	// Happened: a call has ended, or the breaker of a webhook has changed.
	Happened func(gateway.Happening)
	// Failed: the last error of a chatbot webhook has changed, "" for none; the first
	// result in this process counts as a change. It is called outside of all locks, of
	// one webhook one call after the other.
	Failed func(tenant, webhook, text string)
	// Noticed: a notice is durable, and its lane may be asleep.
	Noticed func(gateway.LaneKey, gateway.Due)
}

// Options are what Calls are made of. Sender, Store, Waits, Webhook and CheckURL are
// required.
type Options struct {
	Sender   Sender
	Store    Store
	Waits    Waits
	Observer Observer
	// Webhook gives a webhook as it now stands; nil when it is no more.
	Webhook func(tenant, webhook string) *directory.Webhook
	// Above gives the tenants above one, whose limits bind it too; nil: there are none.
	Above func(*directory.Tenant) []*directory.Tenant
	// CheckURL refuses a rendered url by its form alone. Its error repeats nothing
	// of the url.
	CheckURL func(url string) error
	// Pending is the budget of pending calls, and Waited that of calls whose callers
	// wait for the end, both in number; Requests that of the requests of either, in
	// bytes (SPEC 16). nil: no bound.
	Pending, Waited, Requests *shares.Budget
	// Answers is the budget of bytes for what backends answer over 64 KiB, until the call
	// has ended and its caller has it (SPEC 16). nil: no bound.
	Answers *shares.Budget
	// Now is the clock of all that is stored, which must not leap; nil: time.Now.
	Now func() time.Time
	// Holder says who has what a call of a tenant takes of them; nil: the tenant by
	// itself.
	Holder func(tenant string) shares.Holder
	// Room refuses a tenant that has as much on the disk as it may have; nil: nobody does.
	Room    func(tenant string) error
	Tracer  *tracing.Tracer // tells of each call; nil: it does not
	Version string          // for the User-Agent
	Log     *slog.Logger    // nil: slog.Default()
}

// whole is options without a nil but those that say something.
func (o Options) whole() Options {
	if o.Observer.Ended == nil {
		o.Observer.Ended = func(time.Duration, string) {}
	}
	if o.Observer.Happened == nil {
		o.Observer.Happened = func(gateway.Happening) {}
	}
	if o.Observer.Failed == nil {
		o.Observer.Failed = func(string, string, string) {}
	}
	if o.Observer.Noticed == nil {
		o.Observer.Noticed = func(gateway.LaneKey, gateway.Due) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Room == nil {
		o.Room = func(string) error { return nil }
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Above == nil {
		o.Above = func(*directory.Tenant) []*directory.Tenant { return nil }
	}
	return o
}
