package calling

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/directory"
)

// promises makes the calls that are answered before they have ended.
type promises struct {
	store   Store
	waits   *waitOf
	seats   *seats
	carrier *carrier
	teller  *teller
	under   *underway
	end     func(*call) // gives a call's memory and place back
	doubt   func(gateway.Slot)
	log     *slog.Logger
}

func newPromises(p promises) *promises {
	p.under = newUnderway()
	return &p
}

// own gives a call a context of ours, for it may go on after its caller has left.
func (p *promises) own(k *call) { k.ctx, k.cancel = context.WithCancel(p.under.ctx) }

// callAsync promises a call and makes it after its answer.
func (p *promises) callAsync(k *call) (*gateway.Call, error) {
	k.each = k.Webhook.Timeout
	if !k.promised {
		if err := p.keep(k); err != nil {
			p.under.exit(k)
			p.end(k)
			return nil, err
		}
	}
	shown := p.shown(k)
	go func() {
		p.carrier.carry(k)
		p.finish(k)
	}()
	return shown, nil
}

// callContinuing makes a call while its caller waits, and promises it when its time
// is over: what is under way then may go on, up to the longest that a call takes.
// Where that cannot be promised it has to end as any other does.
func (p *promises) callContinuing(k *call) *gateway.Call {
	p.own(k)
	k.deadline = k.began.Add(directory.MaxTimeout)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.carrier.carry(k)
	}()
	if !overdue(k, done) {
		return p.inTime(k)
	}
	if err := p.goOn(k); err != nil {
		k.cancel()
		<-done
		return p.inTime(k)
	}
	shown := p.shown(k)
	go func() {
		<-done
		p.finish(k)
	}()
	return shown
}

// goOn promises a call that its caller has waited for.
func (p *promises) goOn(k *call) error {
	if err := p.seats.change(k, p.seats.pending); err != nil {
		return err
	}
	if err := p.under.enter(k); err != nil {
		return err
	}
	err := p.keep(k)
	if err != nil {
		p.under.exit(k)
	}
	return err
}

// overdue waits for the end of a call, or of the time that its caller has.
func overdue(k *call, done <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(k.began.Add(k.Webhook.Timeout)))
	defer timer.Stop()
	select {
	case <-done:
		return false
	case <-timer.C:
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// inTime concludes a call that might have gone on. One that was given up had no
// more time.
func (p *promises) inTime(k *call) *gateway.Call {
	defer p.end(k)
	if k.left {
		k.fail(gateway.CallTimeout)
		p.carrier.guarded(k, func() { p.carrier.answer(k) })
	}
	p.conclude(k)
	return k.result
}

// conclude writes down a call that was not promised to anybody.
func (p *promises) conclude(k *call) {
	if list := traces(k.result); list != nil && k.enter() {
		// The timeline is the poorer for what cannot be written; the call is not.
		_ = p.store.Commit(&gateway.Change{Traces: list, Refused: true})
		k.leave()
	}
	p.teller.count(k)
}

// keep stores the promise of a call, in its term and while its tenant is there.
func (p *promises) keep(k *call) error {
	if !k.enter() {
		if k.term.isOver() {
			return errMoved
		}
		return errNoWebhook
	}
	defer k.leave()
	err := p.store.Commit(promise(k))
	if unknown(err) {
		p.doubt(k.term.slot) // it may be promised, and would be forgotten
	}
	return err
}

// promise is what is stored of a call before it is answered as pending.
func promise(k *call) *gateway.Change {
	return &gateway.Change{Pending: pendingCall(k), Traces: traces(k.unfinished())}
}

func pendingCall(k *call) *gateway.PendingCall {
	r := k.result
	return &gateway.PendingCall{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, Request: k.Body, WaitID: k.waitID,
		Sent: k.Webhook != nil && !isIdempotent(k.Webhook.Method), CreatedAt: r.CreatedAt,
	}
}

// isIdempotent says whether a request may be made twice (RFC 9110, 9.2.2).
func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// unfinished is the call as it stands while somebody else works on its result.
func (k *call) unfinished() *gateway.Call {
	r := k.result
	return &gateway.Call{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, ConversationKey: k.Key, Outcome: gateway.CallPending,
		Duration: time.Since(k.began), Attempts: int(k.attempts.Load()), Context: k.Context, WaitID: k.waitID, CreatedAt: r.CreatedAt,
	}
}

// shown is a pending call as its caller is told of it.
func (p *promises) shown(k *call) *gateway.Call {
	r := k.unfinished()
	p.waits.show(k, r)
	return r
}

// storeRest is the pause before the store is asked again after it failed.
const storeRest = time.Second

// finish settles a promised call and gives its place back. One that was left stays
// promised.
func (p *promises) finish(k *call) {
	if !k.left && !k.gone.Load() {
		p.carrier.guarded(k, func() { p.settle(k) })
	}
	p.under.exit(k)
	p.end(k)
}

// settle stores the outcome of a promised call with its notice. To store it again where
// nobody knows whether it was stored does no harm.
func (p *promises) settle(k *call) {
	r := k.result
	notice := gateway.CallNotice(r, r.EndedAt)
	change := &gateway.Change{Notice: notice, Settled: pendingCall(k), Traces: traces(r)}
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		if !k.enter() {
			return
		}
		err := p.store.Commit(change)
		k.leave()
		if err == nil {
			break
		}
		if !background.Sleep(k.ctx, pause) {
			p.log.Error("the outcome of a pending call was not written: the next owner looks at it again", slog.String("tenant", r.Tenant),
				slog.String("webhook", r.Webhook), slog.String("call_id", r.ID), slog.Any("error", err))
			return
		}
	}
	d := &notice.Delivery
	p.teller.observer.Noticed(gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}, gateway.Due{
		ID: d.ID, At: d.NextAttemptAt, Conversation: gateway.ConversationHash(d.ConversationKey),
	})
	p.teller.count(k)
}
