package main

import (
	"html"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// A test of a source shows a request that fits, takes another body and other headers, says
// what would become of it, and what did; that of an endpoint sends an event as it is written.
func TestConsoleTests(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	at := in + "/sources/mine/test"
	page := b.want(200, at)
	body := areaTag.FindAllStringSubmatch(page.text, -1)
	if len(body) != 2 || body[1][1] != "body" || !strings.Contains(html.UnescapeString(body[1][2]), `"status": "paid"`) || !strings.Contains(page.text, "application/json") {
		t.Fatalf("the sample is %q", body)
	}
	kept := func() int {
		return strings.Count(w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine/requests", nil).String(), `"id":"req_`)
	}
	before := kept()
	form := url.Values{"key": {page.key(t)}, "method": {"POST"}, "path": {"/hooks/acme/mine"}, "headers": {"Content-Type: application/json\r\nX-Twice: 1\r\nX-Twice: 2"}, "body": {`{"conversation_key":"test-7","status":"paid","order":{"total":"3"}}`}}
	form.Set("do", "look")
	b.post(at, form).has(t, "Sent now it would be", "parked", "It fits paid", `"total": 3`)
	if kept() != before {
		t.Error("looking has sent it")
	}
	form.Set("do", "send")
	b.post(at, form).has(t, "It was sent, and is", "parked", "test-7")
	if kept() != before+1 {
		t.Errorf("%d requests are kept, and were %d", kept(), before)
	}
	if got := b.post(at, form); got.status != 303 || kept() != before+1 {
		t.Errorf("the form that is sent twice: %d", got.status)
	}
	form.Set("do", "look")
	form.Set("body", `{"conversation_key":"test-8","status":"open"}`)
	b.post(at, form).has(t, "ignored", "hidden: console.redact hides values")
	for name, value := range map[string]string{"headers": "no colon", "path": "no-slash"} {
		got := b.post(at, with(form, name, value))
		if got.status != 422 || got.wrongAt(name) == "" || !strings.Contains(got.text, value) || !strings.Contains(got.text, "test-8") {
			t.Errorf("%s: %d %s", name, got.status, got.words())
		}
	}
	at = in + "/endpoints/archive/test"
	page = b.want(200, at)
	page.has(t, "This is a test event from hookgate")
	form = url.Values{"key": {page.key(t)}, "event_type": {"status"}, "do": {"sample"}}
	if got := b.post(at, form); !strings.Contains(html.UnescapeString(got.text), `"type": "status"`) {
		t.Errorf("a sample of a type: %s", got.words())
	}
	for event, want := range map[string]string{`{`: "is no JSON", ``: "is missing", `{"event":{"type":"Odd"}}`: "must be a string"} {
		got := b.post(at, url.Values{"do": {"send"}, "event": {event}})
		if got.status != 422 || !strings.Contains(got.wrongAt("event"), want) {
			t.Errorf("%s: %d %q", event, got.status, got.wrongAt("event"))
		}
	}
	form = url.Values{"key": {page.key(t)}, "do": {"send"}, "event": {`{"event":{"type":"order.paid"},"conversation":{"key":"chat-77"},"by":"hand"}`}}
	if got := b.post(at, form); got.status != 303 || got.header.Get("Location") != in+"/endpoints/archive" {
		t.Fatalf("sending: %d %s", got.status, got.words())
	}
	b.want(200, in+"/endpoints/archive").has(t, "The event is on its way", "dlv_")
	list := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/events?type=order.paid", nil).String()
	if !strings.Contains(list, "chat-77") {
		t.Errorf("the events are %s", list)
	}
}
