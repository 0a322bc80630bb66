package api

import (
	"slices"
	"strconv"

	"hookgate/gateway"
)

// timeline puts beside each event of a conversation what became of it: its
// deliveries, and their attempts. Traces are oldest first; the newest are looked
// at first, and no more of them once there are as many lines as were asked for, so
// that one call reads no more than it shows.
func (c *call) timeline(traces []gateway.Trace, most int) ([]gateway.Trace, error) {
	lines := make([]gateway.Trace, 0, len(traces))
	seen := map[string]bool{} // deliveries: one that is a batch has several events
	for i := len(traces) - 1; i >= 0 && len(lines) < most; i-- {
		t := traces[i]
		if t.Kind == "event" {
			var err error
			if lines, err = c.appendDeliveries(lines, t, seen); err != nil {
				return nil, err
			}
		}
		lines = append(lines, t)
	}
	slices.Reverse(lines)
	slices.SortStableFunc(lines, func(a, b gateway.Trace) int { return a.At.Compare(b.At) })
	return lines[max(0, len(lines)-most):], nil
}

// appendDeliveries appends the lines of an event's deliveries, the last first.
func (c *call) appendDeliveries(lines []gateway.Trace, event gateway.Trace, seen map[string]bool) ([]gateway.Trace, error) {
	_, deliveries, err := c.Events.Event(event.Tenant, event.ID)
	if isGone(err) {
		return lines, nil
	}
	if err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(deliveries) {
		if seen[one.ID] {
			continue
		}
		seen[one.ID] = true
		d, attempts, err := c.Deliveries.Delivery(event.Tenant, one.ID)
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
