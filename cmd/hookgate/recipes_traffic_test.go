package main

import (
	"maps"
	"net/url"
	"strings"

	"hookgate/gateway/gatewaytest/program"
)

const asAForm = "application/x-www-form-urlencoded"

// asJSON is a JSON body.
func asJSON(body string, fields ...string) posted { return posted{body: body, fields: fields} }

// form is a form whose fields are these.
func form(pairs ...string) posted {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return posted{kind: asAForm, body: values.Encode()}
}

// recipeTraffic is what the providers of the page's recipes send, by the recipe.
var recipeTraffic = func() map[string]traffic {
	all := map[string]traffic{}
	for _, some := range []map[string]traffic{paymentTraffic, bookingTraffic, channelTraffic, otherTraffic} {
		maps.Copy(all, some)
	}
	return all
}()

var paymentTraffic = map[string]traffic{
	"Stripe payment": {
		keys:  []string{"chat-stripe"},
		own:   asJSON(`{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","object":"payment_intent","amount_received":1200,"metadata":{"conversation_key":"chat-stripe"}}}}`),
		fails: []string{"evt_1", "evt_9", "payment_intent.succeeded", "payment_intent.payment_failed"},
		foreign: map[string]posted{
			"a payment without metadata":  asJSON(`{"id":"evt_2","type":"payment_intent.succeeded","data":{"object":{"id":"pi_2","object":"payment_intent","amount_received":5,"metadata":{}}}}`),
			"a charge of the same":        asJSON(`{"id":"evt_3","type":"charge.succeeded","data":{"object":{"id":"ch_1","object":"charge","metadata":{"conversation_key":"chat-stripe"}}}}`),
			"a customer":                  asJSON(`{"id":"evt_4","type":"customer.updated","data":{"object":{"id":"cus_1","object":"customer"},"previous_attributes":{"email":null}}}`),
			"a thin event":                asJSON(`{"id":"evt_5","object":"v2.core.event","type":"v1.billing.meter.no_meter_found","related_object":null}`),
			"a payment of another source": asJSON(`{"id":"evt_6","type":"payment_intent.payment_failed","data":{"object":{"id":"pi_3","metadata":{"conversation_key":""}}}}`),
		},
	},
	"Stripe Checkout": {
		keys:  []string{"chat-checkout"},
		own:   asJSON(`{"id":"evt_1","type":"checkout.session.completed","data":{"object":{"id":"cs_1","object":"checkout.session","client_reference_id":"chat-checkout","payment_status":"paid","amount_total":990,"customer":"cus_1","payment_intent":"pi_1"}}}`),
		fails: []string{"evt_1", "evt_9", "checkout.session.completed", "checkout.session.expired"},
		foreign: map[string]posted{
			"a session that is not paid yet": asJSON(`{"id":"evt_2","type":"checkout.session.completed","data":{"object":{"id":"cs_1","client_reference_id":"chat-checkout","payment_status":"unpaid","customer":null,"payment_intent":null}}}`),
			"another link's session":         asJSON(`{"id":"evt_3","type":"checkout.session.completed","data":{"object":{"id":"cs_2","client_reference_id":null,"payment_status":"paid"}}}`),
			"its payment":                    asJSON(`{"id":"evt_4","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","metadata":{}}}}`),
			"an invoice":                     asJSON(`{"id":"evt_5","type":"invoice.paid","data":{"object":{"id":"in_1"}}}`),
		},
	},
	"Shopify order": {
		keys: []string{"chat-shopify"},
		own: asJSON(`{"id":1,"name":"#1001","total_price":"19.90","note_attributes":[{"name":"gift","value":"yes"},{"name":"conversation_key","value":"chat-shopify"}]}`,
			"X-Shopify-Topic: orders/paid", "X-Shopify-Webhook-Id: w1"),
		fails: []string{"orders/paid", "orders/cancelled", "w1", "w9"},
		foreign: map[string]posted{
			"an order without attributes":     asJSON(`{"id":2,"name":"#1002","total_price":"5.00","note_attributes":[]}`, "X-Shopify-Topic: orders/paid", "X-Shopify-Webhook-Id: w2"),
			"an order with others' alone":     asJSON(`{"id":3,"note_attributes":[{"name":"gift","value":"chat-shopify"}]}`, "X-Shopify-Topic: orders/paid", "X-Shopify-Webhook-Id: w3"),
			"the order when it was made":      asJSON(`{"id":1,"note_attributes":[{"name":"conversation_key","value":"chat-shopify"}]}`, "X-Shopify-Topic: orders/create", "X-Shopify-Webhook-Id: w4"),
			"a product":                       asJSON(`{"id":4,"title":"Shirt"}`, "X-Shopify-Topic: products/update", "X-Shopify-Webhook-Id: w5"),
			"a request for a customer's data": asJSON(`{"shop_id":5,"customer":{"id":6},"data_request":{"id":7}}`, "X-Shopify-Topic: customers/data_request", "X-Shopify-Webhook-Id: w6"),
		},
	},
	"Razorpay payment": {
		keys:  []string{"chat-razorpay"},
		own:   asJSON(`{"event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1","amount":50000,"notes":{"conversation_key":"chat-razorpay"}}}}}`, "X-Razorpay-Event-Id: e1"),
		fails: []string{"payment.captured", "payment.failed", "e1", "e9"},
		foreign: map[string]posted{
			"a payment without notes": asJSON(`{"event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_2","amount":100,"notes":[]}}}}`, "X-Razorpay-Event-Id: e2"),
			"an order":                asJSON(`{"event":"order.paid","payload":{"order":{"entity":{"id":"order_1","notes":[]}}}}`, "X-Razorpay-Event-Id: e3"),
			"a settlement":            asJSON(`{"event":"settlement.processed","payload":{"settlement":{"entity":{"id":"setl_1"}}}}`, "X-Razorpay-Event-Id: e4"),
		},
	},
	"Square payment": {
		keys:  []string{"chat-square"},
		own:   asJSON(`{"event_id":"e1","type":"payment.updated","data":{"type":"payment","object":{"payment":{"id":"p1","status":"COMPLETED","reference_id":"chat-square"}}}}`),
		fails: []string{"COMPLETED", "CANCELED", "e1", "e9"},
		foreign: map[string]posted{
			"a payment at the counter":    asJSON(`{"event_id":"e2","type":"payment.updated","data":{"type":"payment","object":{"payment":{"id":"p2","status":"COMPLETED"}}}}`),
			"a payment that is approved":  asJSON(`{"event_id":"e3","type":"payment.updated","data":{"type":"payment","object":{"payment":{"id":"p1","status":"APPROVED","reference_id":"chat-square"}}}}`),
			"a refund":                    asJSON(`{"event_id":"e4","type":"refund.created","data":{"type":"refund","object":{"refund":{"id":"r1","status":"COMPLETED"}}}}`),
			"an authorization taken back": asJSON(`{"event_id":"e5","type":"oauth.authorization.revoked","data":{"type":"revocation","object":{"revocation":{}}}}`),
		},
	},
	"PayPal payment": {
		keys:  []string{"chat-paypal"},
		own:   asJSON(`{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"c1","custom_id":"chat-paypal","amount":{"value":"9.90","currency_code":"EUR"}}}`),
		fails: []string{"CAPTURE.COMPLETED", "CAPTURE.DENIED"},
		foreign: map[string]posted{
			"a payment of another shop": asJSON(`{"id":"WH-2","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"c2","amount":{"value":"1.00"}}}`),
			"an order":                  asJSON(`{"id":"WH-3","event_type":"CHECKOUT.ORDER.APPROVED","resource":{"id":"o1","purchase_units":[{"custom_id":"chat-paypal"}]}}`),
			"a subscription":            asJSON(`{"id":"WH-4","event_type":"BILLING.SUBSCRIPTION.CREATED","resource":{"id":"I-1","custom_id":"chat-paypal"}}`),
		},
	},
}

var bookingTraffic = map[string]traffic{
	"Calendly booking": {
		keys:  []string{"chat-calendly"},
		own:   asJSON(`{"event":"invitee.created","payload":{"uri":"u1","tracking":{"utm_content":"chat-calendly"},"scheduled_event":{"start_time":"2026-03-01T10:00:00.000000Z"}}}`),
		fails: []string{"invitee.created", "invitee.canceled"},
		foreign: map[string]posted{
			"who came by another link": asJSON(`{"event":"invitee.created","payload":{"uri":"u2","tracking":{"utm_content":null},"scheduled_event":{}}}`),
			"a form":                   asJSON(`{"event":"routing_form_submission.created","payload":{"uri":"u3","tracking":{"utm_content":"chat-calendly"}}}`),
			"nobody came":              asJSON(`{"event":"invitee_no_show.created","payload":{"uri":"u4"}}`),
		},
	},
	"Cal.com booking": {
		keys:  []string{"chat-cal"},
		own:   asJSON(`{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-03-01T09:00:00Z","payload":{"uid":"b1","startTime":"2026-03-02T09:00:00Z","metadata":{"conversation_key":"chat-cal"}}}`),
		fails: []string{"BOOKING_CREATED", "BOOKING_CANCELLED"},
		foreign: map[string]posted{
			"who came by another link": asJSON(`{"triggerEvent":"BOOKING_CREATED","payload":{"uid":"b2","metadata":{}}}`),
			"a test":                   asJSON(`{"triggerEvent":"PING","payload":{"type":"Test"}}`),
			"a meeting":                asJSON(`{"triggerEvent":"MEETING_ENDED","uid":"b1","metadata":{"conversation_key":"chat-cal"}}`),
		},
	},
	"Typeform answers": {
		keys: []string{"chat-typeform"},
		own:  asJSON(`{"event_id":"e1","event_type":"form_response","form_response":{"form_id":"f1","token":"t1","hidden":{"conversation_key":"chat-typeform"},"answers":[{"type":"text","text":"yes"}]}}`),
		foreign: map[string]posted{
			"who came by another link": asJSON(`{"event_id":"e2","event_type":"form_response","form_response":{"form_id":"f1","token":"t2","answers":[]}}`),
			"answers in part":          asJSON(`{"event_id":"e3","event_type":"form_response_partial","form_response":{"hidden":{"conversation_key":"chat-typeform"}}}`),
		},
	},
	"Zoom meeting": {
		keys: []string{"93398114182"},
		own:  asJSON(`{"event":"meeting.ended","event_ts":1,"payload":{"account_id":"a","object":{"id":"93398114182","uuid":"u==","duration":30}}}`),
		foreign: map[string]posted{
			"its beginning": asJSON(`{"event":"meeting.started","event_ts":2,"payload":{"account_id":"a","object":{"id":"93398114182"}}}`),
			"a user":        asJSON(`{"event":"user.created","event_ts":3,"payload":{"account_id":"a","object":{"id":"z8y","email":"a@b.example"}}}`),
		},
		asks: map[string]posted{"the check of the URL": asJSON(`{"event":"endpoint.url_validation","event_ts":4,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}`)},
	},
}

// says tells whether an answer has this type and text.
func says(a program.Answer, kind, text string) bool {
	return a.Status == 200 && strings.HasPrefix(a.Header.Get("Content-Type"), kind) && string(a.Body) == text
}
