package api

import (
	"strconv"

	"hookgate/gateway"
)

// sizeOfTrace is no less than what appendTrace appends, and a comma.
func sizeOfTrace(t gateway.Trace) int { return 96 + 6*len(t.ID) + len(t.Data) }

// appendTrace appends {at, kind, id, …}: the rest is the trace's own members.
func appendTrace(dst []byte, t gateway.Trace) []byte {
	dst = append(dst, `{"at":`...)
	dst = gateway.Time{Time: t.At}.AppendJSON(dst)
	dst = append(dst, `,"kind":`...)
	dst = gateway.AppendString(dst, t.Kind)
	dst = append(dst, `,"id":`...)
	dst = gateway.AppendString(dst, t.ID)
	if len(t.Data) <= len("{}") {
		return append(dst, '}')
	}
	dst = append(dst, ',')
	return append(dst, t.Data[1:]...)
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
