package api

import (
	"hookgate/gateway"
	"hookgate/gateway/store"
)

// rowsAtATime is how many rows a store looks at between two turns of a list: a few
// milliseconds at most.
const rowsAtATime = 1024

// eachEvent visits the events that are asked for, newest first, until visit wants no more.
func eachEvent(from Events, q *store.Query, t *turn, visit func(*gateway.Event) (more bool)) error {
	return each(q, t, visit, from.Events)
}

// eachDelivery visits the deliveries that are asked for, newest first, each with its last
// attempts, until visit wants no more.
func eachDelivery(from Deliveries, q *store.Query, most gateway.AttemptBounds, t *turn, visit func(*gateway.Delivery, []gateway.Attempt) (more bool)) error {
	type shown struct {
		d        *gateway.Delivery
		attempts []gateway.Attempt
	}
	return each(q, t, func(s shown) bool { return visit(s.d, s.attempts) },
		func(q store.Query, visit func(shown) (more bool)) (next string, err error) {
			return from.Deliveries(q, most, func(d *gateway.Delivery, attempts []gateway.Attempt) bool { return visit(shown{d, attempts}) })
		})
}

// eachWait visits the waits that are asked for, newest first, until visit wants no more.
func eachWait(from Waits, q *store.Query, t *turn, visit func(*gateway.Wait) (more bool)) error {
	return each(q, t, visit, from.List)
}

// each asks a store as often as it has more to look at, and takes a turn for each look and
// each row that it shows.
func each[T any](q *store.Query, t *turn, visit func(T) (more bool), look func(store.Query, func(T) (more bool)) (next string, err error)) error {
	asked, more := *q, true
	asked.Rows = rowsAtATime
	for {
		next, err := look(asked, func(one T) bool {
			t.row()
			more = visit(one)
			return more
		})
		if err != nil || next == "" || !more {
			return err
		}
		t.row()
		asked.Before = next
	}
}

// linesOf gives the lines that are asked for of the conversation that has the key, the
// newest first.
func linesOf(from Timelines, key string, q *store.Timeline) ([]gateway.Trace, error) {
	return from.Timeline(key, *q)
}
