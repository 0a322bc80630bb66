package outbound

import (
	"hookgate/gateway"
)

// keepHold is called before a delivery is written that is to be tried again. If
// that is its first failure, it holds its conversation from now on; one that
// failed before has had its hold.
func (l *Lanes) keepHold(a *attempt, d *gateway.Delivery) {
	place := placeOf(d)
	if !a.target.Ordered || place.Conversation == 0 || a.target.Hold <= 0 || d.State.Ended() || d.Attempts > d.Base+1 {
		return
	}
	l.mu.Lock()
	var h gateway.Hold
	holds := a.lane.order != nil
	if holds {
		h, holds = a.lane.order.hold(place, l.now().Add(a.target.Hold).Round(0))
	}
	l.mu.Unlock()
	if !holds {
		return
	}
	if err := l.queue.SetHold(a.lane.key, h); err != nil {
		l.log.Warn("a hold was not written: a restart may let others of its conversation pass",
			"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
	}
}

// endHold is called after a delivery was written.
func (l *Lanes) endHold(n *lane, d *gateway.Delivery) {
	conversation := gateway.ConversationHash(d.ConversationKey)
	if conversation == 0 {
		return
	}
	l.mu.Lock()
	stale := false
	if n.order != nil {
		if d.State.Ended() {
			n.order.end(conversation, d.ID)
		}
		stale = n.order.forget(conversation)
	}
	l.mu.Unlock()
	if !stale {
		return
	}
	if err := l.queue.ClearHold(n.key, conversation); err != nil {
		l.log.Warn("a hold that is over was not removed: a restart may keep others of its conversation waiting",
			"tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
	}
}

// holdUnread holds the conversation of a delivery that this process has given up
// to read.
func (l *Lanes) holdUnread(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := a.lane.order; o != nil && a.due.Conversation != 0 {
		o.hold(a.due, l.now().Add(a.target.Hold))
	}
}
