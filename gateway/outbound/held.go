package outbound

import (
	"log/slog"
	"time"

	"hookgate/gateway"
)

// holds are those of all lanes, in their orders and in the store.
type holds struct {
	*schedule
	backlog Backlog
	log     *slog.Logger
}

// keepHold is called before a delivery is written that is to be tried again. If
// that is its first failure, it holds its conversation from now on; one that
// failed before has had its hold.
func (c *holds) keepHold(a *attempt, d *gateway.Delivery) {
	if !a.target.Ordered || a.target.Hold <= 0 || d.State.Ended() || d.Attempts > d.Base+1 {
		return
	}
	c.putHold(a.lane, d, c.now().Add(a.target.Hold), a.delivery.Lent != nil)
}

// keepLent is called before a delivery is written that is lent: nobody else gets what
// comes after it in its conversation meanwhile, nor, should nobody say what became of it,
// before its hold is over.
func (c *holds) keepLent(n *lane, t *Target, d *gateway.Delivery) {
	until := d.NextAttemptAt
	if d.Attempts == d.Base {
		until = until.Add(t.Hold)
	} else if h, is := c.holdOf(n, d); is {
		until = later(until, h)
	}
	c.putHold(n, d, until, true)
}

func (c *holds) putHold(n *lane, d *gateway.Delivery, until time.Time, anew bool) {
	n.holding.Lock()
	defer n.holding.Unlock()
	for _, h := range c.hold(n, d.Due(), until.Round(0), anew) {
		if err := c.backlog.SetHold(n.key, h); err != nil {
			c.log.Warn("a hold was not written: a restart may let others of its conversation pass",
				"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
			return
		}
	}
}

// endHold is called after a delivery was written.
func (c *holds) endHold(n *lane, d *gateway.Delivery) {
	for conversation := range d.Due().Conversations() {
		c.clearHold(n, conversation, d)
	}
}

func (c *holds) clearHold(n *lane, conversation uint64, d *gateway.Delivery) {
	n.holding.Lock()
	defer n.holding.Unlock()
	if !c.letHold(n, conversation, d) {
		return
	}
	if err := c.backlog.ClearHold(n.key, conversation); err != nil {
		c.log.Warn("a hold that is over was not removed: a restart may keep others of its conversation waiting",
			"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
	}
}

// holdUnread holds the conversation of a delivery that this process has given up
// to read.
func (c *holds) holdUnread(a *attempt) {
	if a.due.Conversation != 0 {
		c.hold(a.lane, a.due, c.now().Add(a.target.Hold), false)
	}
}

// hold lets a delivery hold its conversations, if the lane keeps an order and no other
// one does.
func (c *holds) hold(n *lane, place gateway.Due, until time.Time, anew bool) []gateway.Hold {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.order == nil {
		return nil
	}
	return n.order.hold(place, until, anew)
}

// holdOf gives until when a delivery holds its conversation, if it does.
func (c *holds) holdOf(n *lane, d *gateway.Delivery) (until time.Time, is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.order == nil {
		return until, false
	}
	h := n.order.holds[d.Due().Conversation]
	if h == nil || h.Delivery != d.ID {
		return until, false
	}
	return h.Until, true
}

// letHold ends the hold of a delivery that has ended, and says whether the store is to
// forget one.
func (c *holds) letHold(n *lane, conversation uint64, d *gateway.Delivery) (stale bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.order == nil {
		return false
	}
	if d.State.Ended() {
		n.order.end(conversation, d.ID)
	}
	return n.order.forget(conversation) && !n.gone
}

// takeOver takes the holds of a former owner over, where the lane has not had its turn yet:
// before a delivery that may have one is moved otherwise. The lane is primed.
func (c *holds) takeOver(n *lane) {
	if n.order != nil {
		return
	}
	if target := c.options.Targets(n.key.Tenant, n.key.Endpoint); target != nil && target.Ordered {
		n.adopt(target, c.schedule)
	}
}
