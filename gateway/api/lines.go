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
	data := append(d.AppendLine([]byte{'{'}), '}')
	return gateway.Trace{Tenant: event.Tenant, Key: event.Key, At: d.CreatedAt, Kind: "delivery", ID: d.ID, Data: data}
}

// attemptLine has an id of its own: the delivery's, and the attempt's number.
func attemptLine(event gateway.Trace, d *gateway.Delivery, a *gateway.Attempt) gateway.Trace {
	data := append(a.AppendLine([]byte{'{'}, d), '}')
	return gateway.Trace{Tenant: event.Tenant, Key: event.Key, At: a.At, Kind: "attempt", ID: d.ID + "/" + strconv.Itoa(a.Number), Data: data}
}
