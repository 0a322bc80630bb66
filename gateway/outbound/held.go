package outbound

import (
	"time"

	"hookgate/gateway"
)

// keepHold is called before a delivery is written that is to be tried again. If
// that is its first failure, it holds its conversation from now on; one that
// failed before has had its hold.
func (c *carrier) keepHold(a *attempt, d *gateway.Delivery) {
	place := d.Due()
	if !a.target.Ordered || place.Conversation == 0 || a.target.Hold <= 0 || d.State.Ended() || d.Attempts > d.Base+1 {
		return
	}
	for _, h := range c.schedule.hold(a.lane, place, c.schedule.now().Add(a.target.Hold).Round(0)) {
		if err := c.backlog.SetHold(a.lane.key, h); err != nil {
			c.log.Warn("a hold was not written: a restart may let others of its conversation pass",
				"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
			return
		}
	}
}

// endHold is called after a delivery was written.
func (c *carrier) endHold(n *lane, d *gateway.Delivery) {
	for conversation := range d.Due().Conversations() {
		if !c.schedule.letHold(n, conversation, d) {
			continue
		}
		if err := c.backlog.ClearHold(n.key, conversation); err != nil {
			c.log.Warn("a hold that is over was not removed: a restart may keep others of its conversation waiting",
				"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
		}
	}
}

// holdUnread holds the conversation of a delivery that this process has given up
// to read.
func (c *carrier) holdUnread(a *attempt) {
	if a.due.Conversation != 0 {
		c.schedule.hold(a.lane, a.due, c.schedule.now().Add(a.target.Hold))
	}
}

// hold lets a delivery hold its conversations, if the lane keeps an order and no other
// one does.
func (s *schedule) hold(n *lane, place gateway.Due, until time.Time) []gateway.Hold {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.order == nil {
		return nil
	}
	return n.order.hold(place, until)
}

// letHold ends the hold of a delivery that has ended, and says whether the store is to
// forget one.
func (s *schedule) letHold(n *lane, conversation uint64, d *gateway.Delivery) (stale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.order == nil {
		return false
	}
	if d.State.Ended() {
		n.order.end(conversation, d.ID)
	}
	return n.order.forget(conversation) && !n.gone
}
