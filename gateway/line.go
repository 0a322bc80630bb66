package gateway

import "strconv"

// What a timeline shows of each thing, and the stream as well: the members behind at, kind
// and id, without braces (SPEC 4, 14).

// Line is the wait as its line in the timeline of its conversation: written when it opens,
// and again when it ends, unless the callback that ends it tells of that (Callback.Ends).
func (w *Wait) Line() Trace {
	return Trace{
		Tenant: w.Tenant, Key: w.ConversationKey, At: w.CreatedAt, Kind: "wait", ID: w.ID,
		Data: append(w.AppendLine([]byte{'{'}), '}'),
	}
}

// AppendLine appends what is shown of a wait.
func (w *Wait) AppendLine(dst []byte) []byte {
	dst = AppendString(append(dst, `"source":`...), w.Source)
	dst = AppendOptional(dst, "state", string(w.State))
	dst = AppendOptional(dst, "branch", string(w.Branch))
	dst = AppendOptional(dst, "match", w.Match)
	dst = AppendOptional(dst, "reason", w.Reason)
	if w.Callback != nil {
		dst = AppendOptional(dst, "callback_id", w.Callback.ID)
	}
	dst = Time{w.ExpiresAt}.AppendJSON(append(dst, `,"expires_at":`...))
	return Time{w.EndedAt}.AppendJSON(append(dst, `,"ended_at":`...))
}

// AppendCallbackLine appends what is shown of a callback, taken or refused.
func AppendCallbackLine(dst []byte, source string, o Outcome, waitID string) []byte {
	dst = AppendString(append(dst, `"source":`...), source)
	dst = AppendOptional(dst, "outcome", string(o))
	return AppendOptional(dst, "wait_id", waitID)
}

// appendLine appends what is shown of an event.
func (e *Event) appendLine(dst []byte) []byte {
	dst = AppendString(append(dst, `"type":`...), e.Type)
	if e.Kind != "" {
		dst = AppendMember(dst, "message", e.Kind)
	}
	if e.Relay != nil {
		dst = AppendMember(dst, "route", e.Relay.Route)
	}
	return dst
}

// AppendLine appends what is shown of a delivery.
func (d *Delivery) AppendLine(dst []byte) []byte {
	dst = AppendString(append(dst, `"endpoint":`...), d.Endpoint)
	dst = append(dst, `,"event_ids":[`...)
	for i, id := range d.EventIDs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, id)
	}
	dst = AppendMember(append(dst, ']'), "state", string(d.State))
	return Time{d.EndedAt}.AppendJSON(append(dst, `,"ended_at":`...))
}

// AppendLine appends what is shown of an attempt of a delivery.
func (a *Attempt) AppendLine(dst []byte, of *Delivery) []byte {
	dst = AppendString(append(dst, `"delivery_id":`...), of.ID)
	dst = AppendMember(dst, "endpoint", of.Endpoint)
	dst = strconv.AppendInt(append(dst, `,"number":`...), int64(a.Number), 10)
	dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), a.Duration.Milliseconds(), 10)
	dst = appendStatus(append(dst, `,"status":`...), a.Status)
	return AppendOptional(dst, "error", a.Error)
}

// AppendLine appends what is shown of a call.
func (c *Call) AppendLine(dst []byte) []byte {
	dst = AppendString(append(dst, `"webhook":`...), c.Webhook)
	dst = AppendMember(dst, "outcome", string(c.Outcome))
	dst = AppendOptional(dst, "reason", c.Reason)
	dst = appendStatus(append(dst, `,"status":`...), c.Status)
	dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), c.Duration.Milliseconds(), 10)
	dst = strconv.AppendInt(append(dst, `,"attempts":`...), int64(c.Attempts), 10)
	return AppendOptional(dst, "wait_id", c.WaitID)
}

// appendStatus appends a status of HTTP; 0 is none.
func appendStatus(dst []byte, status int) []byte {
	if status == 0 {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, int64(status), 10)
}
