package calling

import (
	"fmt"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Recover sees to the calls that former processes promised and did not settle. What
// may be made twice is made again, with the webhook as it now stands; of the rest
// nobody knows whether the backend took it, and it ends so. It returns when all of
// them are under way.
func (c *Calls) Recover() error {
	list, err := c.Store.PendingCalls(gateway.AllSlots())
	if err != nil {
		return fmt.Errorf("finding pending calls: %w", err)
	}
	for _, p := range list {
		if !c.pending.has(p.ID) {
			c.resume(p)
		}
	}
	if len(list) > 0 {
		c.Log.Info("pending calls of a former process", "count", len(list))
	}
	return nil
}

// resume takes over one call. It has its place whatever others have: a former process
// has promised it.
func (c *Calls) resume(p *gateway.PendingCall) {
	w := c.Webhook(p.Tenant, p.Webhook)
	if w != nil && !w.Enabled {
		w = nil // one that is off is as good as gone
	}
	q, err := Read(w, p.Request)
	if err != nil { // it was read before: only its key and context are lost with it
		c.Log.Error("the request of a pending call cannot be read", slog.String("tenant", p.Tenant),
			slog.String("webhook", p.Webhook), slog.String("call_id", p.ID), slog.Any("error", err))
	}
	q.WaitID = p.WaitID
	k := c.beginAs(q, p.ID, p.CreatedAt)
	k.result.Tenant, k.result.Webhook = p.Tenant, p.Webhook
	c.own(k)
	c.forceSeat(k)
	if err := c.pending.enter(k); err != nil {
		c.end(k)
		return
	}
	again := err == nil && !p.Sent && w != nil && isIdempotent(w.Method) && !c.hasFailed(p)
	if again {
		k.allot()
	}
	go func() {
		if again {
			c.carry(k)
		} else {
			k.fail(gateway.CallInterrupted)
			c.guarded(k, func() { c.answer(k) })
		}
		c.finish(k)
	}()
}

// hasFailed says whether a former process had ended the wait of a call because the
// call failed, and no more: then it cannot succeed any more.
func (c *Calls) hasFailed(p *gateway.PendingCall) bool {
	if p.WaitID == "" {
		return false
	}
	w, err := c.Waits.Get(p.Tenant, p.WaitID)
	return err == nil && w.Reason == gateway.ReasonCallFailed
}

// allot gives a call that is pending from the start its time: for each attempt, or
// for all of one that would have continued.
func (k *call) allot() {
	if k.each = k.Webhook.Timeout; k.Webhook.Continue {
		k.deadline = time.Now().Add(directory.MaxTimeout)
	}
}
