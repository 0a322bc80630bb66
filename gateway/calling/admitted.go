package calling

import (
	"context"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
)

// Admitted is a call that may be made: its tenant's rate allows it, and it has its
// place in the budgets. Whatever refuses a call does so before this, so that a wait
// is opened, and a parked callback taken, for no call that is not made (SPEC 16,
// "Promises"). It ends with one of Call, Run and Release.
type Admitted struct {
	calls *Calls
	call  *call
}

// Admit takes the right and the place of a call. run says that its caller waits for
// the end whatever the mode of the webhook. The error is a *gateway.Error.
func (c *Calls) Admit(q Request, run bool) (Admitted, error) {
	w := q.Webhook
	if !run && (w.Async || w.Continue) && w.Tenant.Platform == nil {
		return Admitted{}, errNoPlatform
	}
	if err := c.admit(w); err != nil {
		return Admitted{}, err
	}
	k := c.begin(q)
	k.explains = run
	if err := c.place(k); err != nil {
		c.end(k)
		return Admitted{}, err
	}
	return Admitted{c, k}, nil
}

// admit refuses a call before anything of it happens.
func (c *Calls) admit(w *directory.Webhook) error {
	if !w.Enabled {
		return errNoWebhook
	}
	if wait := c.rates.TakeTree(w.Tenant, c.Above(w.Tenant), limits.Calls, 1, time.Now()); wait > 0 {
		return &gateway.Error{
			Code: gateway.CodeRateLimited, Message: "more calls than the tenant's limits.calls_per_second allows", RetryAfter: wait,
		}
	}
	return nil
}

// place takes the place of a call among those of its kind.
func (c *Calls) place(k *call) error {
	if !k.async() {
		return c.seat(k, c.Waited)
	}
	if err := c.seat(k, c.Pending); err != nil {
		return err
	}
	c.own(k)
	return c.pending.enter(k)
}

// async says whether a call is answered before it is made.
func (k *call) async() bool { return k.Webhook.Async && !k.explains }

// Open names the wait that is being opened for the call. Of a call that is answered
// before it is made it gives the promise, which is to be stored with that wait; else
// nil.
func (a Admitted) Open(waitID string) *gateway.Change {
	k := a.call
	k.WaitID, k.result.WaitID = waitID, waitID
	if !k.async() {
		return nil
	}
	k.promised = true
	return k.promise()
}

// Release gives up a call that was not made.
func (a Admitted) Release() {
	c, k := a.calls, a.call
	if k.async() {
		c.pending.leave(k)
	}
	c.end(k)
}

// Call makes the call. How the backend took it is its outcome, pending among them;
// an error is one of the store's, and says that there was no call. There is none
// where its promise was stored with its wait.
func (a Admitted) Call(ctx context.Context) (*gateway.Call, error) {
	c, k := a.calls, a.call
	k.began = time.Now() // the wait may have stood in line
	switch {
	case k.async():
		return c.callAsync(k)
	case k.Webhook.Continue:
		return c.callContinuing(k), nil
	}
	defer c.end(k)
	c.callSync(ctx, k)
	return k.result, nil
}

// Run makes a call that was admitted so, and tells everything of it.
func (a Admitted) Run(ctx context.Context) *Run {
	c, k := a.calls, a.call
	defer c.end(k)
	k.began = time.Now()
	c.callSync(ctx, k)
	return &Run{Call: k.result, Request: k.shownRequest(), Answer: k.answered, Explained: k.explanations()}
}
