package directory_test

import "fmt"

// Where the families that are known by one place have it: %s is the id.
var onePlace = map[string]string{
	"coinbase-commerce": `{"id":1,"event":{"id":"%s"}}`,
	"gocardless":        `{"events":[{"id":"EV"}],"meta":{"webhook_id":"%s"}}`,
	"stream":            "X-Webhook-Id: %s\nX-Webhook-Attempt: 1\n\n{}",
	"mailersend":        `{"webhook_id":"wh","data":{"id":"%s"}}`,
	"hookdeck":          "X-Hookdeck-EventID: %s\n\n{}",
	"easypost":          `{"id":"%s","result":{"id":"trk"}}`,
	"sinch-numbers":     `{"eventId":"%s","resourceId":"+1"}`,
	"gitea":             "X-Gitea-Delivery: %s\n\n{}",
	"pagerduty":         `{"event":{"id":"%s","data":{"id":"INC"}}}`,
	"linear":            "Linear-Delivery: %s\n\n" + `{"data":{"id":"iss"}}`,
	"paddle":            `{"event_id":"%s","notification_id":"n"}`,
	"workos":            `{"id":"%s","data":{"id":"user"}}`,
	"mux":               `{"id":"%s","data":{"id":"as"}}`,
	"sanity":            "idempotency-key: %s\n\n" + `{"_id":"doc"}`,
	"orb":               `{"id":"%s","invoice":{"id":"inv"}}`,
	"metronome":         `{"id":"%s","properties":{"customer_id":"cu"}}`,
	"box":               "BOX-DELIVERY-ID: %s\n\n" + `{"id":"we"}`,
	"sinch":             `{"app_id":"app","message":{"id":"%s"}}`,
	"telnyx":            `{"data":{"id":"%s","payload":{"id":"m"}}}`,
	"lark":              `{"header":{"event_id":"%s"},"event":{"message":{"chat_id":"c"}}}`, // once it is opened
	"openai":            "Webhook-Id: %s\n\n" + `{"id":"evt"}`,
	"replicate":         "Webhook-Id: %s\n\n" + `{"id":"pred"}`,
	"liveblocks":        "Webhook-Id: %s\n\n{}",
	"dodo":              "Webhook-Id: %s\n\n{}",
	"lithic":            "Webhook-Id: %s\n\n{}",
	"anthropic":         "Webhook-Id: %s\n\n{}",
	"polar":             "Webhook-Id: %s\n\n{}",
	"resend":            "Svix-Id: %s\n\n{}",
	"clerk":             "Svix-Id: %s\n\n{}",
}

// noPlace lists the families that have no id: a repeat is known by its body.
var noPlace = []string{"onfido", "modern-treasury", "pusher", "adyen-platform", "elevenlabs", "retell", "cloudinary", "cashfree"}

func familyStories() []story {
	all := []story{
		{"gitlab", "an event", "Idempotency-Key: i1\nX-Gitlab-Event-UUID: u1\n\n{}", []sent{"Idempotency-Key: i1\nX-Gitlab-Event-UUID: u1\n\n{}"},
			[]sent{"Idempotency-Key: i2\nX-Gitlab-Event-UUID: u1\n\n{}", "X-Gitlab-Event: Push Hook\n\n{}"}},
		{"gitlab", "an older release", "X-Gitlab-Event-UUID: u1\n\n{}", []sent{"X-Gitlab-Event-UUID: u1\n\n{}"}, []sent{"X-Gitlab-Event-UUID: u2\n\n{}"}},
		{"sendgrid", "two events", `[{"sg_event_id":"a"},{"sg_event_id":"b"}]`, []sent{`[{"sg_event_id":"b"}]`, `[{"sg_event_id":"b"},{"sg_event_id":"a"}]`},
			[]sent{`[{"sg_event_id":"a"},{"sg_event_id":"c"}]`, `[{"sg_event_id":"a"},{"event":"open"}]`, `{"sg_event_id":"a"}`}},
		{"shopify", "the newer headers", "Shopify-Webhook-Id: w1\nShopify-Topic: Order\n\n{}", []sent{"Shopify-Webhook-Id: w1\nShopify-Topic: Order\n\n{}"},
			[]sent{"Shopify-Webhook-Id: w2\nShopify-Topic: Order\n\n{}", "Shopify-Topic: Order\n\n{}"}},
	}
	for kind, place := range onePlace {
		id := func(id string) sent { return sent(fmt.Sprintf(place, id)) }
		all = append(all, story{kind, "an event", id("a"), []sent{id("a")}, []sent{id("b"), "{}"}})
	}
	for _, kind := range noPlace {
		all = append(all, story{kind, "no id", `{"id":"1"}`, nil, []sent{`{"id":"1"}`}})
	}
	return all
}
