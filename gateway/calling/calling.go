package calling

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
	"hookgate/gateway/shares"
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
	// PendingCalls gives every call of the slots' tenants that is promised and not
	// settled, oldest first.
	PendingCalls(slots gateway.SlotSet) ([]*gateway.PendingCall, error)
}

// Waits is what a call does to the wait that was opened with it.
type Waits interface {
	Get(tenant, id string) (*gateway.Wait, error)
	// Cancel ends an open wait; of one that has ended it says gateway.CodeWaitEnded.
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	// Alias makes alias a name of the conversation that has key, durably.
	Alias(ctx context.Context, tenant, key, alias string) error
}

// Options are what Calls are made of. Sender, Store, Waits, Notify, Webhook and
// CheckURL are required.
type Options struct {
	Sender Sender
	Store  Store
	Waits  Waits
	// Notify is called after a notice is durable: its lane may have been asleep.
	Notify func(gateway.LaneKey, gateway.Due)
	// Webhook gives a webhook as it now stands; nil when it is no more.
	Webhook func(tenant, webhook string) *directory.Webhook
	// Above gives the tenants above one, whose limits bind it too; nil: there are none.
	Above func(*directory.Tenant) []*directory.Tenant
	// CheckURL refuses a rendered url by its form alone. Its error repeats nothing
	// of the url.
	CheckURL func(url string) error
	// Failed is told when the last error of a chatbot webhook has changed, "" for
	// none; the first result in this process counts as a change. It is called
	// outside of all locks, of one webhook one call after the other.
	Failed func(tenant, webhook, text string)
	// Duration is told the seconds that each call took.
	Duration interface{ Observe(float64) }
	// Pending is the budget of pending calls, and Waited that of calls whose callers
	// wait for the end, both in number; Requests that of the requests of either, in
	// bytes (SPEC 16). nil: no bound.
	Pending, Waited, Requests *shares.Budget
	// Now is the clock of all that is stored, which must not leap; nil: time.Now.
	Now func() time.Time
	// Holder says who has what a call of a tenant takes of them; nil: the tenant by
	// itself.
	Holder  func(tenant string) shares.Holder
	Version string       // for the User-Agent
	Log     *slog.Logger // nil: slog.Default()
}

// Calls makes calls. It is safe for concurrent use.
type Calls struct {
	Options
	agent     string // the User-Agent
	rates     limits.Table
	standings standings
	pending   pending
	calls     sync.Pool
}

// New makes Calls; Recover must be called before anything else.
func New(o Options) *Calls {
	if o.Now == nil {
		o.Now = time.Now
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
	c := &Calls{Options: o, agent: "hookgate/" + o.Version}
	c.calls.New = func() any { return new(call) }
	c.standings.changed = c.tellBreaker
	c.pending.init()
	return c
}

// Call is Admit, and the call at once: for who has no wait to open between the two.
func (c *Calls) Call(ctx context.Context, q Request) (*gateway.Call, error) {
	a, err := c.Admit(q, false)
	if err != nil {
		return nil, err
	}
	return a.Call(ctx)
}

// callSync makes a call while its caller waits.
func (c *Calls) callSync(ctx context.Context, k *call) {
	k.ctx, k.deadline = ctx, k.began.Add(k.Webhook.Timeout)
	c.carry(k)
	c.conclude(k)
}

// way is the steps of a call, in order; answer comes after the last of them,
// whichever that is.
var way = []func(*Calls, *call) bool{
	(*Calls).render, (*Calls).prepare, (*Calls).send, (*Calls).check, (*Calls).extract,
}

// carry takes a call to its outcome, or leaves it. It never panics.
func (c *Calls) carry(k *call) {
	c.guarded(k, func() {
		for _, step := range way { // this line is the design
			if !step(c, k) {
				return
			}
		}
		k.result.Outcome = gateway.CallSuccess
	})
	if !k.left {
		c.guarded(k, func() { c.answer(k) })
	}
}

// guarded makes a panic the call's failure, and no more than that.
func (c *Calls) guarded(k *call, do func()) {
	defer func() {
		if p := recover(); p != nil {
			// The value may hold anything; its type and the stack tell the place.
			c.Log.Error("a call panicked", "tenant", k.result.Tenant, "webhook", k.result.Webhook, "call_id", k.result.ID,
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			k.fail(gateway.CallInterrupted)
			k.spoilt = true
		}
	}()
	do()
}

var (
	errNoWebhook  = gateway.Errorf(gateway.CodeNotFound, "no such webhook")
	errNoPlatform = gateway.Errorf(gateway.CodePlatformNotConfigured,
		"a call that is answered before it ends needs a platform with a url, which the tenant has not")
)

// Forget drops what is kept of a tenant that is no more; its pending calls end
// without an outcome.
func (c *Calls) Forget(tenant string) {
	c.rates.Forget(tenant)
	c.standings.forget(tenant)
	c.pending.forget(tenant)
}

// Dropped drops what is kept of a webhook that is no more.
func (c *Calls) Dropped(tenant, webhook string) {
	c.standings.drop(webhookKey{tenant, webhook})
}
