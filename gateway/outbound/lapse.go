package outbound

import (
	"time"

	"hookgate/gateway"
)

// From a lane that is pulled nothing is sent: who pulls takes what is due (pull.go). By
// itself it only ends the attempts whose lease has run out, and the deliveries that nobody
// came for within retry.max_age.

func (n *lane) pulled() bool { return n.target != nil && n.target.Pull }

// lapses is when the first of those ends.
func (n *lane) lapses() (at time.Time, ok bool) {
	if i := n.window.first(true); i >= 0 {
		at, ok = n.window.due[i].At, true
	}
	sooner := func(end time.Time) {
		if !ok || end.Before(at) {
			at, ok = end, true
		}
	}
	if n.target.Retry.MaxAge > 0 {
		for _, d := range n.window.due {
			if !d.Lent {
				sooner(n.target.old(d))
			}
		}
	}
	if n.order != nil && !n.order.expiry.IsZero() {
		sooner(n.order.expiry)
	}
	return at, ok
}

// old is when a delivery ends that nobody comes for: max_age after it was made. Only one
// that was retried by hand is due later than that: it has its time from there.
func (t *Target) old(d gateway.Due) time.Time {
	if end := madeAt(d).Add(t.Retry.MaxAge); end.After(d.At) {
		return end
	}
	return d.At.Add(t.Retry.MaxAge)
}

// old says whether a delivery ends because nobody came for it.
func (c *carrier) old(a *attempt) bool {
	return a.target.Retry.MaxAge > 0 && !a.target.old(a.delivery.Due()).After(c.schedule.now())
}

// lapse takes the next delivery that ends by itself.
func (n *lane) lapse(now time.Time) *attempt {
	if n.order != nil {
		n.order.expire(now)
	}
	if n.waits() {
		return nil
	}
	for i := 0; i < len(n.window.due); i++ {
		d := n.window.due[i]
		over := d.Lent && !d.At.After(now) || !d.Lent && n.target.Retry.MaxAge > 0 && !n.target.old(d).After(now)
		if !over {
			continue
		}
		n.window.take(i)
		if _, flies := n.flying[d.ID]; flies {
			i-- // whoever has it puts it back
			continue
		}
		a := &attempt{due: d, target: n.target, ends: true}
		n.flying[d.ID] = a
		return a
	}
	return nil
}

// expire ends a delivery that nobody came for, as a dead letter without an attempt.
func (c *carrier) expire(a *attempt) {
	now := c.schedule.now().Round(0)
	d := *a.delivery
	d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, time.Time{}, now
	c.log.Warn("nobody came for a delivery within max_age", "tenant", d.Tenant, "endpoint", d.Endpoint, "delivery_id", d.ID, "event_id", a.events[0].ID)
	if c.record(a, &d, nil) {
		a.lane.watched.settled(&d, nil)
		a.lane.watched.ended(d.State, now.Sub(d.CreatedAt))
	}
}
