package calling

import (
	"context"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/slots"
)

// Calls makes the calls of the slots that this process owns. It is safe for concurrent
// use. Each of its parts has one job, and a lock of its own where it needs one.
type Calls struct {
	admission *admission // who may call
	waits     *waitOf    // the waits that are opened with calls
	carrier   *carrier   // takes a call from its request to its outcome
	promises  *promises  // what is answered before it has ended
	standings *standings // what is known of each backend
	teller    *teller    // counts and writes the line of each
	terms     *terms     // the slots that are owned
	owner     *slots.Owner
}

// New makes Calls, which own no slot: see Acquire.
func New(o Options) *Calls {
	o = o.whole()
	c := &Calls{terms: &terms{}, standings: &standings{log: o.Log, happened: o.Observer.Happened}}
	c.owner = slots.New(mover{c})
	c.teller = &teller{observer: o.Observer, log: o.Log}
	c.waits = &waitOf{waits: o.Waits, log: o.Log, doubt: c.owner.Doubt, owed: newOwed(o)}
	seats := &seats{pending: o.Pending, waited: o.Waited, requests: o.Requests, answers: o.Answers, holder: o.Holder}
	c.promises = newPromises(promises{store: o.Store, waits: c.waits, seats: seats, teller: c.teller, doubt: c.owner.Doubt, log: o.Log})
	c.carrier = &carrier{
		seats:  seats,
		sender: o.Sender, checkURL: o.CheckURL, agent: "hookgate/" + o.Version, waits: c.waits, now: o.Now, log: o.Log,
		draining: c.promises.under.draining, left: c.promises.under.left,
	}
	c.promises.carrier = c.carrier
	c.admission = &admission{
		tracer: o.Tracer,
		above:  o.Above, room: o.Room, seats: seats, terms: c.terms, standings: c.standings, promises: c.promises, webhook: o.Webhook, now: o.Now,
	}
	c.admission.calls.New = func() any { return &call{carrier: c.carrier} }
	c.promises.end = c.admission.end
	return c
}

// Call makes a call, after it has opened the wait that goes with it. How the backend took
// it is its outcome, pending among them; an error says that there was no call. It is a
// *gateway.Error, or one of the store's.
//
// Whatever refuses a call does so before its wait is opened, which takes a callback that
// was parked for it: for a call that is not made nothing is taken (SPEC 16, "Promises").
// And the wait is opened before the call is made: a callback that is quicker than the
// backend's answer finds it.
func (c *Calls) Call(ctx context.Context, q Request) (*gateway.Call, error) {
	k, err := c.begin(ctx, q, false)
	switch {
	case err != nil:
		return nil, err
	case k.async():
		return c.promises.callAsync(k)
	case k.Webhook.Continue:
		return c.promises.callContinuing(k)
	}
	defer c.admission.end(k)
	c.callSync(ctx, k)
	c.admission.seats.hand(k)
	return k.result, nil
}

// Run is Call, while its caller waits, whatever the mode of the webhook, with
// everything of it.
func (c *Calls) Run(ctx context.Context, q Request) (*Run, error) {
	k, err := c.begin(ctx, q, true)
	if err != nil {
		return nil, err
	}
	defer c.admission.end(k)
	c.callSync(ctx, k)
	c.admission.seats.hand(k)
	return &Run{Call: k.result, Request: shownRequest(k), Answer: k.answered, Failed: k.sent, Explained: explanations(k)}, nil
}

// begin admits a call and opens its wait. run says that its caller waits for the end
// whatever the mode of the webhook.
func (c *Calls) begin(ctx context.Context, q Request, run bool) (*call, error) {
	k, err := c.admission.admit(q, run)
	if err != nil {
		return nil, err
	}
	if err := c.waits.open(ctx, k); err != nil {
		c.admission.giveUp(k)
		return nil, err
	}
	k.began = time.Now() // the wait may have stood in line
	return k, nil
}

// callSync makes a call while its caller waits.
func (c *Calls) callSync(ctx context.Context, k *call) {
	k.ctx, k.deadline = ctx, k.began.Add(k.Webhook.Timeout)
	c.carrier.carry(k)
	c.promises.conclude(k)
}

// Breaker tells how the circuit breaker of a webhook stands, as it was last seen.
func (c *Calls) Breaker(tenant, webhook string) BreakerStatus {
	return c.standings.breaker(webhookKey{tenant, webhook})
}

// OpenBreakers visits the webhooks whose circuit breakers are open, as they were last seen.
func (c *Calls) OpenBreakers(visit func(tenant, webhook string)) { c.standings.open(visit) }

// Drain takes no more calls that might outlast it, and waits for those under way.
// What is not settled when ctx ends stays promised in the store, as does at once
// what rests until after its deadline: the error says how many were cut off.
func (c *Calls) Drain(ctx context.Context) error {
	c.owner.Close()
	err := c.promises.under.drain(ctx)
	c.waits.owed.drain(ctx)
	return err
}

// Forget drops what is kept of a tenant that is no more; its pending calls end
// without an outcome.
func (c *Calls) Forget(tenant string) {
	c.admission.rates.Forget(tenant)
	c.standings.forget(tenant)
	c.promises.under.forget(tenant)
}

// Dropped drops what is kept of a webhook that is no more.
func (c *Calls) Dropped(tenant, webhook string) {
	c.standings.drop(webhookKey{tenant, webhook})
}
