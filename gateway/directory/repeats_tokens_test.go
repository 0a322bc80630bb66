package directory_test

import "hookgate/gateway"

// tokenStories tell of the providers that sign with tokens.
var tokenStories = []story{
	{"messagebird", "an event", `{"message":{"id":"a"}}`, []sent{`{"message":{"id":"a","status":"x"}}`}, []sent{`{"message":{"id":"b"}}`, `{"id":"a"}`}},
	{"qstash", "a message", "Upstash-Message-Id: a\n\n{}", []sent{"Upstash-Message-Id: a\nUpstash-Retried: 1\n\n{}"}, []sent{"Upstash-Message-Id: b\n\n{}", "{}"}},
	{"livekit", "an event", `{"id":"a"}`, []sent{`{"id":"a"}`}, []sent{`{"id":"b"}`, `{}`}},
	{"vonage", "a message", `{"message_uuid":"a"}`, []sent{`{"message_uuid":"a"}`}, []sent{`{"message_uuid":"b"}`, `{"id":"a"}`}},
	{"google-pubsub", "a message", `{"message":{"messageId":"a"}}`, []sent{`{"message":{"messageId":"a"},"deliveryAttempt":2}`}, []sent{`{"message":{"messageId":"b"}}`, `{"message":{}}`}},
	{"botframework", "an activity", `{"id":"a"}`, []sent{`{"id":"a"}`}, []sent{`{"id":"b"}`, `{"type":"typing"}`}},
	{"atlassian-connect", "an event", "X-Atlassian-Webhook-Identifier: a\n\n{}", []sent{"X-Atlassian-Webhook-Identifier: a\n\n{}"}, []sent{"X-Atlassian-Webhook-Identifier: b\n\n{}", "{}"}},
	{"truelayer", "an event", `{"event_id":"a"}`, []sent{`{"event_id":"a"}`}, []sent{`{"event_id":"b"}`, `{}`}},
}

// tokenWords sets what these providers must be told.
func tokenWords(v *gateway.Verify) {
	switch v.Type {
	case "livekit", "vonage":
		v.APIKey = "key"
	case "atlassian-connect":
		v.ClientKey = "key"
	case "google-pubsub":
		v.Secrets, v.Audience, v.Email = nil, "gate", "push@p.iam.test"
	case "botframework":
		v.Secrets, v.AppID = nil, "app"
	case "truelayer":
		v.Secrets = nil
	}
}
