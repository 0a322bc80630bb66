package gateway

import "time"

// SampleEvent is an event in the platform's form (SPEC 7) that says it is none: by its
// member test. Of a message, kind is what it has; "" for any other type.
func SampleEvent(eventType, kind, conversation string, at time.Time) Raw {
	body := AppendString([]byte(`{"event":{"type":`), eventType)
	body = append(body, `,"payload":{`...)
	if kind != "" {
		body = append(body, `"message_by":{"email":null,"id":null,"type":"visitor"},"message":{"type":`...)
		body = AppendString(body, kind)
		body = append(body, `,"text":"This is a test event from hookgate."}`...)
	}
	body = append(body, `}},"conversation":{"key":`...)
	body = AppendString(body, conversation)
	body = append(body, `},"test":true,"timestamp":"`...)
	body = at.UTC().AppendFormat(body, "2006-01-02 15:04:05.000000")
	return append(body, `"}`...)
}
