package directory_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// sent is one request of a provider: its body, after header fields in lines.
type sent string

func (s sent) document(t *testing.T) *mapping.Document {
	t.Helper()
	head, body, has := strings.Cut(string(s), "\n\n")
	if !has {
		head, body = "", string(s)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		header.Set(name, value)
	}
	d, err := mapping.Parse(header.Get("Content-Type"), []byte(body))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	d.Request = asked(header)
	return &d
}

// asked is a header as mapping.Request.
type asked http.Header

func (h asked) Header(name string) ([]byte, bool) {
	values := http.Header(h).Values(name)
	return []byte(strings.Join(values, "")), len(values) > 0
}

func (h asked) Query(string) ([]byte, bool) { return nil, false }

// whatsApp is a request with these changes' values.
func whatsApp(values ...string) sent {
	for i, value := range values {
		values[i] = `{"field":"messages","value":` + value + `}`
	}
	return sent(`{"object":"whatsapp_business_account","entry":[{"id":"1","time":1,"changes":[` + strings.Join(values, ",") + `]}]}`)
}

func adyenItems(psp, event string) sent {
	return sent(`{"notificationItems":[{"NotificationRequestItem":{"pspReference":"` + psp + `","eventCode":"` + event + `","success":"true","reason":"x"}}]}`)
}

func status(of, state, at, more string) string {
	return `{"statuses":[{"id":"` + of + `","status":"` + state + `","timestamp":"` + at + `"` + more + `}]}`
}

func messenger(items string) sent {
	return sent(`{"object":"page","entry":[{"id":"1","time":1,"messaging":[` + items + `]}]}`)
}

// chat is what Messenger says of one conversation at a moment.
func chat(at int, what string) string {
	return fmt.Sprintf(`{"sender":{"id":"u"},"recipient":{"id":"p"},"timestamp":%d,%s}`, at, what)
}

func hubspotEvent(id, at, more string) string {
	return `{"eventId":` + id + `,"subscriptionId":3,"occurredAt":` + at + `,"objectId":9` + more + `}`
}

// story is what a provider sends first, again, and as something new.
type story struct {
	kind, name string
	first      sent
	again      []sent
	others     []sent
}

// stories tell of every provider what it sends: something, the same again, and what
// else follows under the same id of a message, or has no id.
var stories = []story{
	{"meta", "a message", whatsApp(`{"messages":[{"id":"m1","from":"4","timestamp":"1","type":"text","text":{"body":"hi"}}]}`),
		[]sent{whatsApp(`{"contacts":[],"messages":[{"type":"text","id":"m1","from":"4","timestamp":"1"}]}`)},
		[]sent{
			whatsApp(`{"messages":[{"id":"m2","from":"4","timestamp":"1","type":"text","text":{"body":"hi"}}]}`),
			whatsApp(`{"messages":[{"id":"m1","from":"4","timestamp":"1","type":"text"},{"id":"m2","from":"4","timestamp":"1","type":"text"}]}`),
			whatsApp(`{"messages":[{"id":"m1","from":"4","timestamp":"1","type":"unsupported","errors":[{"code":131051}]}]}`),
			whatsApp(status("m1", "sent", "1", "")),
			whatsApp(`{"messages":[{"id":"m1","from":"4","timestamp":"1","type":"text"}]}`, `{"event":"PHONE_NUMBER_QUALITY_UPDATE"}`),
			whatsApp(`{"messages":[{"id":"m1","from":"4","timestamp":"1","type":"text"},{"from":"4","timestamp":"1","type":"system"}]}`),
		}},
	{"meta", "a status", whatsApp(status("m1", "sent", "1", "")),
		[]sent{whatsApp(status("m1", "sent", "1", `,"pricing":{"billable":true}`))},
		[]sent{
			whatsApp(status("m1", "delivered", "1", "")), whatsApp(status("m1", "read", "2", "")), whatsApp(status("m1", "failed", "1", "")),
			whatsApp(status("m1", "sent", "1", ""), status("m1", "delivered", "1", "")),
			whatsApp(status("m1", "sent", "1", `,"recipient_id":"g","recipient_participant_id":"5"`)),
		}},
	{"meta", "a status of a group", whatsApp(status("m1", "read", "1", `,"recipient_id":"g","recipient_participant_id":"5"`)),
		[]sent{whatsApp(status("m1", "read", "1", `,"recipient_id":"g","recipient_participant_id":"5"`))},
		[]sent{whatsApp(status("m1", "read", "1", `,"recipient_id":"g","recipient_participant_id":"6"`))}},
	{"meta", "a call", whatsApp(`{"calls":[{"id":"c1","event":"connect","timestamp":"1"}]}`),
		[]sent{whatsApp(`{"calls":[{"id":"c1","event":"connect","timestamp":"1"}]}`)},
		[]sent{whatsApp(`{"calls":[{"id":"c1","event":"terminate","timestamp":"1"}]}`), whatsApp(`{"statuses":[{"id":"c1","type":"call","status":"RINGING","timestamp":"1"}]}`)}},
	{"meta", "two at once", whatsApp(`{"messages":[{"id":"a"},{"id":"b"}]}`),
		[]sent{whatsApp(`{"messages":[{"id":"b"}]}`), whatsApp(`{"messages":[{"id":"b"}]}`, `{"messages":[{"id":"a"}]}`)},
		[]sent{whatsApp(`{"messages":[{"id":"a"},{"id":"c"}]}`)}},
	{"meta", "Messenger", messenger(chat(1, `"message":{"mid":"m1","text":"hi"}`)),
		[]sent{messenger(chat(1, `"message":{"text":"hi","mid":"m1"}`))},
		[]sent{
			messenger(chat(2, `"message":{"mid":"m1","is_deleted":true}`)), messenger(chat(1, `"message":{"mid":"m1","is_deleted":true}`)),
			messenger(chat(1, `"message_edit":{"mid":"m1","text":"ho","num_edit":1}`)),
			messenger(chat(1, `"reaction":{"mid":"m1","action":"react","emoji":"x"}`)), messenger(chat(1, `"delivery":{"mids":["m1"],"watermark":1}`)),
			messenger(chat(1, `"read":{"watermark":1}`)), messenger(chat(1, `"message":{"mid":"m2","text":"hi"}`)),
			messenger(chat(1, `"message":{"mid":"m1","text":"hi"}`) + "," + chat(1, `"optin":{"ref":"r"}`)),
		}},
	{"meta", "a reaction", messenger(chat(1, `"reaction":{"mid":"m1","action":"react","emoji":"x"}`)),
		[]sent{messenger(chat(1, `"reaction":{"mid":"m1","action":"react","emoji":"x"}`))},
		[]sent{messenger(chat(1, `"reaction":{"mid":"m1","action":"unreact"}`)), messenger(chat(3, `"reaction":{"mid":"m1","action":"react","emoji":"x"}`))}},
	{"meta", "what was read", messenger(chat(1, `"read":{"watermark":1}`)), []sent{messenger(chat(1, `"read":{"watermark":1}`))},
		[]sent{messenger(chat(2, `"read":{"watermark":2}`)), messenger(`{"sender":{"id":"v"},"recipient":{"id":"p"},"timestamp":1,"read":{"watermark":1}}`)}},
	{"meta", "what has no id", whatsApp(`{"event":"VERIFIED_ACCOUNT"}`), nil, []sent{whatsApp(`{"event":"VERIFIED_ACCOUNT"}`), `{"entry":[{"id":"1","changed_fields":["x"]}]}`, `{}`}},
	{"line", "an event", `{"events":[{"webhookEventId":"e1","deliveryContext":{"isRedelivery":false}}]}`,
		[]sent{`{"events":[{"webhookEventId":"e1","deliveryContext":{"isRedelivery":true}}]}`},
		[]sent{
			`{"events":[{"webhookEventId":"e2"}]}`, `{"events":[{"webhookEventId":"e1"},{"webhookEventId":"e2"}]}`,
			`{"events":[{"webhookEventId":"e1"},{"type":"message"}]}`, `{"events":[{"type":"message"}]}`,
		}},
	{"viber", "a message", `{"event":"message","timestamp":1,"message_token":5,"sender":{"id":"u"}}`,
		[]sent{`{"event":"message","timestamp":1,"message_token":5,"sender":{"id":"u","name":"n"}}`},
		[]sent{
			`{"event":"delivered","timestamp":2,"message_token":5,"user_id":"u"}`, `{"event":"seen","timestamp":2,"message_token":5,"user_id":"u"}`,
			`{"event":"failed","timestamp":2,"message_token":5,"user_id":"u","desc":"x"}`, `{"event":"subscribed","timestamp":1}`,
		}},
	{"viber", "a receipt", `{"event":"delivered","timestamp":2,"message_token":5,"user_id":"u"}`,
		[]sent{`{"event":"delivered","timestamp":2,"message_token":5,"user_id":"u"}`},
		[]sent{
			`{"event":"delivered","timestamp":2,"message_token":5,"user_id":"v"}`, `{"event":"delivered","timestamp":3,"message_token":5,"user_id":"u"}`,
			`{"event":"seen","timestamp":2,"message_token":5,"user_id":"u"}`,
		}},
	{"msteams", "a message", `{"type":"message","id":"1700","timestamp":"t","conversation":{"id":"a"},"text":"hi"}`,
		[]sent{`{"type":"message","id":"1700","timestamp":"t","conversation":{"id":"a"},"text":"hi"}`},
		[]sent{
			`{"type":"message","id":"1700","timestamp":"t","conversation":{"id":"b"},"text":"hi"}`,
			`{"type":"messageUpdate","id":"1700","timestamp":"t","conversation":{"id":"a"},"text":"ho"}`,
			`{"type":"message","id":"1700","timestamp":"u","conversation":{"id":"a"},"text":"ho"}`, `{"type":"message","conversation":{"id":"a"}}`,
		}},
	{"shopify", "an event", "X-Shopify-Event-Id: e1\nX-Shopify-Topic: orders/create\nX-Shopify-Shop-Domain: s\nX-Shopify-Webhook-Id: w1\n\n{}",
		[]sent{"X-Shopify-Event-Id: e1\nX-Shopify-Topic: orders/create\nX-Shopify-Shop-Domain: s\nX-Shopify-Webhook-Id: w2\n\n{}"},
		[]sent{
			"X-Shopify-Event-Id: e1\nX-Shopify-Topic: orders/paid\nX-Shopify-Shop-Domain: s\n\n{}",
			"X-Shopify-Event-Id: e1\nX-Shopify-Topic: orders/create\nX-Shopify-Shop-Domain: r\n\n{}",
			"X-Shopify-Event-Id: e2\nX-Shopify-Topic: orders/create\nX-Shopify-Shop-Domain: s\n\n{}", "X-Shopify-Topic: orders/create\n\n{}",
		}},
	{"hubspot", "two events", sent("[" + hubspotEvent("1", "5", `,"attemptNumber":0`) + "," + hubspotEvent("2", "5", "") + "]"),
		[]sent{sent("[" + hubspotEvent("1", "5", `,"attemptNumber":1`) + "," + hubspotEvent("2", "5", `,"attemptNumber":1`) + "]"), sent("[" + hubspotEvent("2", "5", "") + "]")},
		[]sent{
			sent("[" + hubspotEvent("1", "6", "") + "]"), sent("[" + hubspotEvent("1", "5", `,"propertyName":"x"`) + "]"),
			sent("[" + hubspotEvent("1", "5", "") + "," + hubspotEvent("3", "5", "") + "]"), sent("[" + hubspotEvent("1", "5", "") + ",{}]"), `{"eventId":1}`, `[]`,
		}},
	{"hubspot-v1", "an event", sent("[" + hubspotEvent("1", "5", "") + "]"), []sent{sent("[" + hubspotEvent("1", "5", `,"attemptNumber":1`) + "]")}, []sent{sent("[" + hubspotEvent("2", "5", "") + "]")}},
	{"hubspot-v2", "an event", sent("[" + hubspotEvent("1", "5", "") + "]"), []sent{sent("[" + hubspotEvent("1", "5", `,"attemptNumber":1`) + "]")}, []sent{sent("[" + hubspotEvent("2", "5", "") + "]")}},
	{"twilio", "a status", "Content-Type: application/x-www-form-urlencoded\nI-Twilio-Idempotency-Token: a\n\nMessageSid=SM1&MessageStatus=queued",
		[]sent{"Content-Type: application/x-www-form-urlencoded\nI-Twilio-Idempotency-Token: a\n\nMessageSid=SM1&MessageStatus=queued"},
		[]sent{
			"Content-Type: application/x-www-form-urlencoded\nI-Twilio-Idempotency-Token: b\n\nMessageSid=SM1&MessageStatus=sent",
			"Content-Type: application/x-www-form-urlencoded\nI-Twilio-Idempotency-Token: c\n\nCallSid=CA1&CallStatus=ringing",
			"Content-Type: application/x-www-form-urlencoded\n\nMessageSid=SM1&MessageStatus=delivered",
		}},
	{"slack", "an event", `{"event_id":"Ev1","event":{"type":"message","ts":"1"}}`, []sent{"X-Slack-Retry-Num: 1\n\n" + `{"event_id":"Ev1","event":{"type":"message","ts":"1"}}`},
		[]sent{`{"event_id":"Ev2","event":{"type":"message","subtype":"message_changed","message":{"ts":"1"}}}`, "Content-Type: application/x-www-form-urlencoded\n\npayload=%7B%7D"}},
	{"telegram", "an update", `{"update_id":1,"message":{"message_id":7}}`, []sent{`{"update_id":1,"message":{"message_id":7}}`},
		[]sent{`{"update_id":2,"edited_message":{"message_id":7}}`, `{"update_id":3,"callback_query":{"message":{"message_id":7}}}`}},
	{"discord", "an interaction", `{"type":2,"id":"1","token":"a"}`, []sent{`{"type":2,"id":"1","token":"a"}`}, []sent{`{"type":3,"id":"2","message":{"id":"1"}}`, `{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}`}},
	{"github", "an event", "X-GitHub-Delivery: g1\n\n{}", []sent{"X-GitHub-Delivery: g1\n\n{}"}, []sent{"X-GitHub-Delivery: g2\n\n{}", `{}`}},
	{"zendesk", "an event", "X-Zendesk-Webhook-Invocation-Id: z1\n\n{}", []sent{"X-Zendesk-Webhook-Invocation-Id: z1\n\n{}"}, []sent{"X-Zendesk-Webhook-Invocation-Id: z2\n\n{}"}},
	{"twitch", "an event", "Twitch-Eventsub-Message-Id: t1\n\n{}", []sent{"Twitch-Eventsub-Message-Id: t1\n\n{}"}, []sent{"Twitch-Eventsub-Message-Id: t2\nTwitch-Eventsub-Message-Type: revocation\n\n{}"}},
	{"intercom", "a notification", `{"id":"n1","delivery_attempts":1}`, []sent{`{"id":"n1","delivery_attempts":2}`}, []sent{`{"id":"n2","delivery_attempts":1}`, `{"id":null,"topic":"ping"}`}},
	{"stripe", "an event", `{"id":"evt_1","data":{"object":{"id":"pi_1","status":"processing"}}}`, []sent{`{"id":"evt_1","pending_webhooks":1}`}, []sent{`{"id":"evt_2","data":{"object":{"id":"pi_1","status":"succeeded"}}}`}},
	{"square", "an event", `{"event_id":"s1","data":{"id":"p1"}}`, []sent{`{"event_id":"s1","data":{"id":"p1"}}`}, []sent{`{"event_id":"s2","data":{"id":"p1"}}`}},
	{"razorpay", "an event", "X-Razorpay-Event-Id: r1\n\n{}", []sent{"X-Razorpay-Event-Id: r1\n\n{}"}, []sent{"X-Razorpay-Event-Id: r2\n\n{}"}},
	{"paypal", "an event", "PayPal-Transmission-Id: p1\n\n" + `{"id":"WH-1"}`, []sent{"PayPal-Transmission-Id: p1\n\n" + `{"id":"WH-1"}`}, []sent{"PayPal-Transmission-Id: p2\n\n" + `{"id":"WH-2","resource":{"id":"same"}}`}},
	{"mailgun", "an event", `{"signature":{"token":"t1"},"event-data":{"id":"e","message":{"headers":{"message-id":"m"}},"event":"accepted"}}`,
		[]sent{`{"signature":{"token":"t1"},"event-data":{"event":"opened"}}`}, []sent{`{"signature":{"token":"t2"},"event-data":{"id":"f","message":{"headers":{"message-id":"m"}},"event":"delivered"}}`}},
	{"standard", "a message", "Webhook-Id: w1\n\n{}", []sent{"Webhook-Id: w1\n\n{}"}, []sent{"Webhook-Id: w2\n\n{}"}},
	{"standard-ed25519", "a message", "Webhook-Id: w1\n\n{}", []sent{"Webhook-Id: w1\n\n{}"}, []sent{"Webhook-Id: w2\n\n{}"}},
	{"svix", "a message", "Svix-Id: w1\n\n{}", []sent{"Svix-Id: w1\n\n{}"}, []sent{"Svix-Id: w2\n\n{}"}},
	{"zoom", "no id", `{"event":"meeting.started"}`, nil, []sent{`{"event":"meeting.started"}`}},
	{"calendly", "no id", `{"event":"invitee.created"}`, nil, []sent{`{"event":"invitee.created"}`}},
	{"adyen", "an item", adyenItems("p1", "AUTHORISATION"), []sent{adyenItems("p1", "AUTHORISATION")},
		[]sent{adyenItems("p2", "AUTHORISATION"), adyenItems("p1", "CAPTURE")}},
	{"aws-sns", "a message", `{"MessageId":"m1","Message":"{}"}`, []sent{`{"MessageId":"m1"}`}, []sent{`{"MessageId":"m2","Message":"{}"}`}},
	{"sns", "a message", `{"MessageId":"m1","Message":"{}"}`, []sent{`{"MessageId":"m1"}`}, []sent{`{"MessageId":"m2","Message":"{}"}`}},
	{"contentful", "an event", "X-Contentful-Idempotency-Key: c1\n\n{}", []sent{"X-Contentful-Idempotency-Key: c1\n\n{}"}, []sent{"X-Contentful-Idempotency-Key: c2\n\n{}"}},
	{"dropbox-sign", "an event", `{"event":{"event_hash":"h1"}}`, []sent{`{"event":{"event_hash":"h1"},"x":1}`}, []sent{`{"event":{"event_hash":"h2"}}`}},
	{"plivo", "a message", "Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u1&Text=a",
		[]sent{"Content-Type: application/x-www-form-urlencoded\n\nText=a&MessageUUID=u1"}, []sent{"Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u2&Text=a"}},
	{"plivo", "a status", "Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u1&Status=sent",
		[]sent{"Content-Type: application/x-www-form-urlencoded\n\nStatus=sent&MessageUUID=u1"}, []sent{"Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u1&Status=delivered"}},
	{"plivo-v2", "a message", "Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u1&Text=a",
		[]sent{"Content-Type: application/x-www-form-urlencoded\n\nText=a&MessageUUID=u1"}, []sent{"Content-Type: application/x-www-form-urlencoded\n\nMessageUUID=u2&Text=a"}},
	{"mercadopago", "an event", "X-Request-Id: r1\n\n{}", []sent{"X-Request-Id: r1\n\n" + `{"other":1}`}, []sent{"X-Request-Id: r2\n\n{}"}},
	{"cloudevents-handshake", "an event", "Ce-Id: e1\n\n{}", []sent{"Ce-Id: e1\n\n{}"}, []sent{"Ce-Id: e2\n\n{}"}},
	{"braintree", "no id", `{"id":"1"}`, nil, []sent{`{"id":"1"}`}},
	{"shopify-app-proxy", "no id", `{"id":"1"}`, nil, []sent{`{"id":"1"}`}},
	{"sinch-application", "no id", `{"id":"1"}`, nil, []sent{`{"id":"1"}`}},
	{"rfc9421", "no id", `{"id":"1"}`, nil, []sent{`{"id":"1"}`}},
}

// secretsOf are of the providers that take no other form.
var secretsOf = map[string]gateway.Secret{
	"adyen": "e0bed520", "contentful": gateway.Secret(strings.Repeat("s", 64)),
	"standard-ed25519": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", "telegram": "token", "paypal": "1JE4291016473214C",
	"discord": "da2a4b1d972e340289ea57d28f2944197a5804a44a216a596fca5d9b60195c61",
	"telnyx":  "bL3OT5Iwn1lulGIJpue8g4hCLrLIuFQ8hgEWznCplIc=", "adyen-platform": "50119161",
	"sendgrid": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHq10SHK+ecVug7TUI+qV+hV98EJIkudA+g4+Jyz0vTAtxRpN8c8r1+jOrlIN8Agkw7p6sfqN2qZbG4ITSeGzeA==",
}

// verifyOf are the configurations that need more than a secret.
var verifyOf = map[string]gateway.Verify{
	"pusher":                {Secrets: []gateway.Secret{"c2VjcmV0"}, Key: "app"},
	"lark":                  {Secrets: []gateway.Secret{"c2VjcmV0"}, VerificationToken: "token"},
	"aws-sns":               {TopicARN: "arn:aws:sns:eu-west-1:123456789012:orders"},
	"sns":                   {TopicARN: "arn:aws:sns:eu-west-1:123456789012:orders"},
	"braintree":             {Secrets: []gateway.Secret{"s3cret"}, PublicKey: "uwana68n"},
	"sinch-application":     {Secrets: []gateway.Secret{"c2VjcmV0"}, ApplicationKey: "669e3673-4c5e"},
	"cloudevents-handshake": {AllowedOrigins: gateway.Texts{"eventgrid.azure.net"}},
}

// A provider's repeat is known again, and what else follows under one id of a message
// is taken (SPEC 14 "Routes").
func TestRepeatsAndFollowers(t *testing.T) {
	without := slices.DeleteFunc(signature.Schemes(), func(kind string) bool {
		return slices.Contains([]string{"none", "token", "bearer", "basic", "hmac", "mtls", "jwt"}, kind)
	})
	for _, story := range slices.Concat(stories, familyStories(), tokenStories) {
		without = slices.DeleteFunc(without, func(kind string) bool { return kind == story.kind })
		t.Run(story.kind+"/"+story.name, func(t *testing.T) {
			verify, is := verifyOf[story.kind]
			if verify.Type = story.kind; !is {
				verify.Secrets = []gateway.Secret{cmp.Or(secretsOf[story.kind], "c2VjcmV0")}
			}
			tokenWords(&verify)
			plan := source(t, "pay", gateway.Source{Verify: verify}).Plan
			known := map[string]bool{}
			repeat := func(s sent) (is bool) {
				ids := idsOf(plan, s.document(t))
				is = len(ids) > 0
				for _, id := range ids {
					is = is && known[id]
				}
				return is
			}
			for _, id := range idsOf(plan, story.first.document(t)) {
				known[id] = true
			}
			for _, s := range story.again {
				if !repeat(s) {
					t.Errorf("after\n%s\nthis is no repeat:\n%s", story.first, s)
				}
			}
			for _, s := range story.others {
				if repeat(s) {
					t.Errorf("after\n%s\nthis is taken for a repeat:\n%s", story.first, s)
				}
			}
		})
	}
	if len(without) > 0 {
		t.Errorf("nothing is told of %v", without)
	}
}

// idsOf gives what a relay would know a request by.
func idsOf(plan *mapping.SourcePlan, d *mapping.Document) (ids []string) {
	var values mapping.Values
	plan.Set.Read(d, &values)
	if !plan.Identified() {
		if id := values.At(plan.Dedupe); id.IsScalar() && len(id.Raw) > 0 {
			ids = append(ids, string(id.Raw))
		}
		return ids
	}
	if !plan.Identities(&values, func(id []byte) { ids = append(ids, string(id)) }) {
		return nil
	}
	return ids
}
