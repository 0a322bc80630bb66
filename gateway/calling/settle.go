package calling

import (
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
)

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
	change := &gateway.Change{Notice: notice, Settled: pendingCall(k), Traces: traces(r), Call: kept(k)}
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
				slog.String("webhook", r.Webhook), slog.String("call_id", r.ID), slog.String("request_id", k.RequestID), slog.Any("error", err))
			return
		}
	}
	d := &notice.Delivery
	p.teller.observer.Noticed(gateway.LaneKey{Tenant: d.Tenant, Endpoint: d.Endpoint}, gateway.Due{
		ID: d.ID, At: d.NextAttemptAt, Conversation: gateway.ConversationHash(d.ConversationKey),
	})
	p.teller.count(k)
}
