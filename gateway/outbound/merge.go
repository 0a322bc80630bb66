package outbound

import (
	"errors"

	"hookgate/gateway"
)

// maxBatchBytes bounds the events of one batch: no more than a single event may have, for
// an attempt has several copies of them, and there are many attempts at once.
const maxBatchBytes = 1 << 20

// merge lets the delivery carry the events of those that travel with it. What may
// not, or has no room, stays apart and goes back to the lane, and so does unread all that
// stands behind what has no room: to read a thousand large ones for each that is sent
// costs a thousand times what they are.
func (c *carrier) merge(a *attempt) bool {
	if len(a.with) == 0 {
		return true
	}
	if !c.schedule.write(a) {
		return false
	}
	defer c.schedule.written(a)
	if a.delivery.Attempts > 0 || len(a.events) != 1 {
		return true
	}
	into := *a.delivery
	into.EventIDs = append(make([]string, 0, 1+len(a.with)), into.EventIDs...)
	events, size, ended := a.events, len(a.events[0].Body), 0
	var gone, back []gateway.Due
	full := false
	for _, due := range a.with {
		if full {
			back = append(back, due)
			continue
		}
		d, more, err := c.backlog.Load(a.lane.key.Tenant, due.ID)
		switch {
		case errors.Is(err, gateway.ErrNotFound):
			ended++
		case err != nil || !mayTravel(d, due) || len(more) != 1:
			back = append(back, due)
		case size+len(more[0].Body) > maxBatchBytes:
			back, full = append(back, due), true
		default:
			size += len(more[0].Body)
			into.EventIDs = append(into.EventIDs, d.EventIDs...)
			events, gone = append(events, more[0]), append(gone, due)
		}
	}
	if len(gone) > 0 {
		if err := c.backlog.Merge(&into, gone); err != nil {
			if !errors.Is(err, gateway.ErrNotFound) { // one of them was cancelled, or its tenant deleted: no fault
				c.log.Error("a batch cannot be written", "tenant", into.Tenant, "endpoint", into.Endpoint, "delivery_id", into.ID, "error", err)
			}
			a.again, a.rest = &a.due, storeRest
			return false
		}
	}
	a.delivery, a.events = &into, events
	a.back, a.spent = back, ended+len(gone)
	return true
}

func mayTravel(d *gateway.Delivery, due gateway.Due) bool {
	return d.Attempts == 0 && d.NextAttemptAt.Equal(due.At)
}
