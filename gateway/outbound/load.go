package outbound

import (
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/transport"
	"hookgate/retry"
)

// spareRest is the pause of a lane whose tenant has its share of a disk that is nearly
// full, before a retry: what retries write would fill the rest of it.
const spareRest = 5 * time.Second

// loads is how often a delivery is tried to be read.
const loads = 3

// load reads the delivery. One that has ended meanwhile, or is due later, came from a
// window that was read before that was written.
func (c *carrier) load(a *attempt) bool {
	d, events, err := c.backlog.Load(a.lane.key.Tenant, a.due.ID)
	for n := 1; err != nil && !errors.Is(err, gateway.ErrNotFound); n++ {
		if e, is := errors.AsType[*gateway.Error](err); is && e.Code == gateway.CodeUnavailable {
			a.again, a.rest = &a.due, max(e.RetryAfter, storeRest) // it is the store that is away, for as long as it likes
			return false
		}
		if n == loads || !background.Sleep(a.lane.ctx, storeRest) {
			c.log.Error("a delivery cannot be read: it is left until the next start", "tenant", a.lane.key.Tenant,
				"endpoint", a.lane.key.Endpoint, "delivery_id", a.due.ID, "error", err)
			c.schedule.holds.holdUnread(a)
			return false
		}
		d, events, err = c.backlog.Load(a.lane.key.Tenant, a.due.ID)
	}
	if err != nil || d.State.Ended() || len(events) == 0 {
		return false
	}
	if d.NextAttemptAt.After(c.schedule.now()) {
		a.again = ptr(d.Due())
		return false
	}
	a.delivery, a.events = d, events
	switch {
	case d.Lent != nil:
		a.at, a.sent = d.Lent.At, &transport.Error{Word: string(retry.Lease), Text: "nobody said within the lease what became of it"}
	case a.ends && c.old(a):
		c.expire(a)
		return false
	case a.ends: // it stood there no more
		a.again = ptr(d.Due())
		return false
	case d.Attempts > 0 && c.options.Spare(d.Tenant):
		a.again, a.rest, a.delivery = &a.due, spareRest, nil
		return false
	}
	return true
}
