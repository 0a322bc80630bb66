package calling

import (
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/limits"
	"hookgate/gateway/tracing"
)

// admission says who may call: a call that it lets in has the right of its tenant's rate,
// and its place in the budgets.
type admission struct {
	tracer    *tracing.Tracer
	above     func(*directory.Tenant) []*directory.Tenant
	webhook   func(tenant, webhook string) *directory.Webhook
	room      func(tenant string) error
	now       func() time.Time // the clock of what is stored
	seats     *seats
	terms     *terms
	standings *standings
	promises  *promises
	rates     limits.Table
	calls     sync.Pool
}

var (
	errNoWebhook  = gateway.Errorf(gateway.CodeNotFound, "no such webhook")
	errNoPlatform = gateway.Errorf(gateway.CodePlatformNotConfigured,
		"a call that is answered before it ends needs a platform with a url, which the tenant has not")
)

// admit takes the right and the place of a call. The error is a *gateway.Error.
func (a *admission) admit(q Request, run bool) (*call, error) {
	w := q.Webhook
	if !run && (w.Async || w.Continue) && w.Tenant.Platform == nil {
		return nil, errNoPlatform
	}
	t := a.terms.find(w.Tenant.ID)
	switch {
	case t == nil:
		return nil, errMoved
	case !w.Enabled:
		return nil, errNoWebhook
	}
	if wait := a.rates.TakeTree(w.Tenant, a.above(w.Tenant), limits.Calls, 1, time.Now()); wait > 0 {
		return nil, &gateway.Error{
			Code: gateway.CodeRateLimited, Message: "more calls than the tenant's limits.calls_per_second allows", RetryAfter: wait,
		}
	}
	if err := a.room(w.Tenant.ID); err != nil {
		return nil, err
	}
	now := a.now()
	k := a.beginAs(q, gateway.NewID(gateway.PrefixCall, now), now, t)
	k.explains = run
	if err := a.place(k); err != nil {
		a.end(k)
		return nil, err
	}
	return k, nil
}

// place takes the place of a call among those of its kind.
func (a *admission) place(k *call) error {
	if !k.async() {
		return a.seats.take(k, a.seats.waited)
	}
	if err := a.seats.take(k, a.seats.pending); err != nil {
		return err
	}
	a.promises.own(k)
	return a.promises.under.enter(k)
}

// giveUp ends a call that is not made.
func (a *admission) giveUp(k *call) {
	if k.async() {
		a.promises.under.exit(k)
	}
	a.end(k)
}

// beginAs makes a call of a request that was taken at a moment, in a term.
func (a *admission) beginAs(q Request, id string, at time.Time, t *term) *call {
	k := a.calls.Get().(*call)
	k.Request, k.began, k.term = q, time.Now().Add(at.Sub(a.now())), t
	k.result = &gateway.Call{ID: id, ConversationKey: q.Key, Context: q.Context, Span: q.Span, CreatedAt: gateway.At(at).Time}
	a.trace(k)
	if w := q.Webhook; w != nil {
		k.result.Tenant, k.result.Webhook = w.Tenant.ID, w.ID
		if !q.Trial {
			k.standing = a.standings.find(w)
		}
	}
	return k
}

// end gives a call's place and memory back. Its result is the caller's.
func (a *admission) end(k *call) {
	if k.cancel != nil {
		k.cancel()
	}
	a.seats.giveBack(k)
	if k.spoilt || max(cap(k.text), cap(k.body), cap(k.query), cap(k.variables)) > maxKept {
		return
	}
	k.values.Release()
	clear(k.fields)
	clear(k.parts)
	clear(k.keeping.header)
	*k = call{
		carrier: k.carrier, values: k.values, text: k.text[:0], parts: k.parts[:0], query: k.query[:0], body: k.body[:0],
		fields: k.fields[:0], variables: k.variables[:0], keeping: keeping{header: k.keeping.header[:0]},
	}
	a.calls.Put(k)
}
