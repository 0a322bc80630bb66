package api

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// The stores take no store.Query yet: here, and nowhere else, one is asked with closures.

// eachEvent visits the events that are asked for, newest first, until visit wants no more.
func eachEvent(from Events, q *store.Query, t *turn, visit func(*gateway.Event) (more bool)) error {
	return from.Events(q.Tenant, beginOf(gateway.PrefixEvent, q), func(e *gateway.Event) bool {
		t.row()
		return !q.Event(e) || visit(e)
	})
}

// eachDelivery visits the deliveries that are asked for, newest first, each with its last
// attempts, until visit wants no more.
func eachDelivery(from Deliveries, q *store.Query, most gateway.AttemptBounds, t *turn, visit func(*gateway.Delivery, []gateway.Attempt) (more bool)) error {
	keep := func(d *gateway.Delivery) bool {
		t.row()
		return q.Delivery(d)
	}
	return from.ReadDeliveries(q.Tenant, beginOf(gateway.PrefixDelivery, q), most, keep, visit)
}

// eachWait visits the waits that are asked for, newest first, until visit wants no more.
func eachWait(from Waits, q *store.Query, t *turn, visit func(*gateway.Wait) (more bool)) error {
	return from.List(q.Tenant, q.Before, q.Bodies, func(w *gateway.Wait) bool {
		t.row()
		return !q.Wait(w) || visit(w)
	})
}

// beginOf gives the id below which a page begins: what was made later than the moment
// at which it ends is not even read.
func beginOf(prefix string, q *store.Query) string {
	at := q.Until
	if at.IsZero() || at.Year() > 9999 || at.Unix() < 0 {
		return q.Before
	}
	// Ids have milliseconds: the whole one in which the moment lies stays in, and
	// the filter decides.
	if floor := gateway.IDFloor(prefix, at.Add(time.Millisecond)); q.Before == "" || floor < q.Before {
		return floor
	}
	return q.Before
}

// linesOf gives the lines that are asked for of the conversation that has the key, the
// newest first.
func linesOf(from Timelines, key string, q *store.Timeline) ([]gateway.Trace, error) {
	for most := max(q.Limit, 100); ; most *= 2 {
		lines, err := from.Timeline(q.Tenant, key, q.Since, most)
		if err != nil {
			return nil, err
		}
		all := len(lines) < most
		if q.Before != (store.Line{}) {
			lines = slices.DeleteFunc(lines, func(t gateway.Trace) bool { return !store.Line{At: t.At, ID: t.ID}.Less(q.Before) })
		}
		if all || q.Limit > 0 && len(lines) >= q.Limit {
			slices.Reverse(lines)
			if q.Limit > 0 {
				lines = lines[:min(len(lines), q.Limit)]
			}
			return lines, nil
		}
	}
}
