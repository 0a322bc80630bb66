package waiting

import "hookgate/gateway"

// waitTrace is a wait's line: written when it opens, and again when it ends.
func waitTrace(w *gateway.Wait, data gateway.Raw) gateway.Trace {
	return gateway.Trace{Tenant: w.Tenant, Key: w.ConversationKey, At: w.CreatedAt, Kind: "wait", ID: w.ID, Data: data}
}

func appendWaitTrace(data []byte, w *gateway.Wait) []byte {
	data = append(data, `{"source":`...)
	data = gateway.AppendString(data, w.Source)
	data = gateway.AppendOptional(data, "state", string(w.State))
	data = gateway.AppendOptional(data, "branch", string(w.Branch))
	data = gateway.AppendOptional(data, "match", w.Match)
	data = gateway.AppendOptional(data, "reason", w.Reason)
	if w.Callback != nil {
		data = gateway.AppendOptional(data, "callback_id", w.Callback.ID)
	}
	data = append(data, `,"expires_at":`...)
	data = gateway.Time{Time: w.ExpiresAt}.AppendJSON(data)
	data = append(data, `,"ended_at":`...)
	data = gateway.Time{Time: w.EndedAt}.AppendJSON(data)
	return append(data, '}')
}

// appendCallbackTrace is for a callback's line, taken or refused.
func appendCallbackTrace(data []byte, source string, o gateway.Outcome, waitID string) []byte {
	data = append(data, `{"source":`...)
	data = gateway.AppendString(data, source)
	data = gateway.AppendOptional(data, "outcome", string(o))
	data = gateway.AppendOptional(data, "wait_id", waitID)
	return append(data, '}')
}
