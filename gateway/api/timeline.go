package api

import (
	"errors"
	"slices"
	"strconv"

	"hookgate/gateway"
)

// maxLinedUp is how many deliveries of one event a timeline looks at: an event can
// have a hundred thousand.
const maxLinedUp = 1000

// timeline puts beside each event of a conversation what became of it: its
// deliveries, and their attempts. Traces are oldest first; the newest are looked
// at first, and no more of them once there are as many lines as were asked for, so
// that one call reads no more than it shows.
func (h *conversations) timeline(traces []gateway.Trace, most int) ([]gateway.Trace, error) {
	lines := make([]gateway.Trace, 0, len(traces))
	seen := map[string]bool{} // deliveries: one that is a batch has several events
	for i := len(traces) - 1; i >= 0 && len(lines) < most; i-- {
		t := traces[i]
		if t.Kind == "event" {
			var err error
			if lines, err = h.appendDeliveries(lines, t, most, seen); err != nil {
				return nil, err
			}
		}
		lines = append(lines, t)
	}
	slices.Reverse(lines)
	return lastLines(lines, most), nil
}

// lastLines puts lines in order of time, and gives the last of them.
func lastLines(lines []gateway.Trace, most int) []gateway.Trace {
	slices.SortStableFunc(lines, func(a, b gateway.Trace) int { return a.At.Compare(b.At) })
	return lines[max(0, len(lines)-most):]
}

// appendDeliveries appends the lines of an event's deliveries, the last first. Of more
// than are asked for it keeps the newest.
func (h *conversations) appendDeliveries(lines []gateway.Trace, event gateway.Trace, most int, seen map[string]bool) ([]gateway.Trace, error) {
	var ids []string
	err := h.events.EventDeliveries(event.Tenant, event.ID, func(d gateway.EventDelivery) bool {
		if !seen[d.ID] {
			ids = append(ids, d.ID)
			seen[d.ID] = true
		}
		return len(ids) < maxLinedUp
	})
	if err != nil {
		return nil, err
	}
	bounds := gateway.AttemptBounds{Most: most}
	for _, id := range slices.Backward(ids) {
		d, attempts, err := h.deliveries.ReadDelivery(event.Tenant, id, bounds)
		if isGone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, a := range slices.Backward(attempts) {
			lines = append(lines, attemptLine(event, d, &a))
		}
		lines = append(lines, deliveryLine(event, d))
		if len(lines) > 2*maxLimit {
			slices.Reverse(lines)
			lines = lastLines(lines, most)
			slices.Reverse(lines)
		}
	}
	return lines, nil
}

func deliveryLine(event gateway.Trace, d *gateway.Delivery) gateway.Trace {
	data := gateway.AppendString([]byte(`{"endpoint":`), d.Endpoint)
	data = append(data, `,"event_ids":[`...)
	for i, id := range d.EventIDs {
		if i > 0 {
			data = append(data, ',')
		}
		data = gateway.AppendString(data, id)
	}
	data = gateway.AppendString(append(data, `],"state":`...), string(d.State))
	data = timeOf(d.EndedAt).AppendJSON(append(data, `,"ended_at":`...))
	return gateway.Trace{Tenant: event.Tenant, Key: event.Key, At: d.CreatedAt, Kind: "delivery", ID: d.ID, Data: append(data, '}')}
}

// attemptLine has an id of its own: the delivery's, and the attempt's number.
func attemptLine(event gateway.Trace, d *gateway.Delivery, a *gateway.Attempt) gateway.Trace {
	number := strconv.Itoa(a.Number)
	data := gateway.AppendString([]byte(`{"delivery_id":`), d.ID)
	data = gateway.AppendString(append(data, `,"endpoint":`...), d.Endpoint)
	data = append(append(data, `,"number":`...), number...)
	data = strconv.AppendInt(append(data, `,"duration_ms":`...), a.Duration.Milliseconds(), 10)
	data = append(data, `,"status":`...)
	if a.Status == 0 {
		data = append(data, "null"...)
	} else {
		data = strconv.AppendInt(data, int64(a.Status), 10)
	}
	data = gateway.AppendOptional(data, "error", a.Error)
	return gateway.Trace{Tenant: event.Tenant, Key: event.Key, At: a.At, Kind: "attempt", ID: d.ID + "/" + number, Data: append(data, '}')}
}

func isGone(err error) bool { return errors.Is(err, gateway.ErrNotFound) }
