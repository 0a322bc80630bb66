package waiting

import (
	"time"

	"hookgate/gateway"
)

// Timeline gives what happened in a conversation, by any of its names, oldest
// first: the newest most of what is not older than since.
func (s *Sessions) Timeline(tenant, key string, since time.Time, most int) ([]gateway.Trace, error) {
	names, err := s.namesOf(tenant, key)
	if err != nil {
		return nil, err
	}
	return s.Store.Traces(tenant, names, since, most)
}

// waitTrace is a wait's line: written when it opens, and again when it ends.
func waitTrace(w *gateway.Wait, data gateway.Raw) gateway.Trace {
	return gateway.Trace{Tenant: w.Tenant, Key: w.ConversationKey, At: w.CreatedAt, Kind: "wait", ID: w.ID, Data: data}
}

func appendWaitTrace(data []byte, w *gateway.Wait) []byte {
	data = append(data, `{"source":`...)
	data = gateway.AppendString(data, w.Source)
	data = appendWord(data, "state", string(w.State))
	data = appendWord(data, "branch", string(w.Branch))
	data = appendWord(data, "match", w.Match)
	data = appendWord(data, "reason", w.Reason)
	if w.Callback != nil {
		data = appendWord(data, "callback_id", w.Callback.ID)
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
	data = appendWord(data, "outcome", string(o))
	data = appendWord(data, "wait_id", waitID)
	return append(data, '}')
}

// appendWord appends a member whose value is a word, null for "".
func appendWord(dst []byte, member, value string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, member...)
	dst = append(dst, '"', ':')
	if value == "" {
		return append(dst, "null"...)
	}
	return gateway.AppendString(dst, value)
}
