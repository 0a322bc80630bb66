package main

import (
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// What is parked is listed, opens beside the list and on a page of its own, and is gone
// from the list of what is parked when its wait takes it.
func TestConsoleCallbacks(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	sent := w.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", map[string]any{"conversation_key": "early-bird", "amount": 3, "iban": "DE-hidden"}, sourceToken)
	id := sent.Field("callback_id")
	b.want(200, in+"/waits").has(t, "callbacks that wait for their wait")
	page := b.want(200, in+"/callbacks?outcome=parked&source=payments")
	page.has(t, "early-bird", "parked ends in", "Callbacks are kept for")
	if n := strings.Count(page.text, "<tr data-row="); n != 1 {
		t.Errorf("%d rows, want the one that is parked: %s", n, page.words())
	}
	page = b.want(200, in+"/callbacks?sel="+id)
	page.has(t, "Callback", id, "amount", "Request, with its checks", "Source payments")
	page.hasNot(t, "DE-hidden", "Nothing of this id")
	if got := b.want(422, in+"/callbacks?outcome=parkd"); !strings.Contains(got.wrongAt("outcome"), "parked") {
		t.Errorf("a slip in the outcome: %q", got.wrongAt("outcome"))
	}
	w.Admin().Must(t, []int{201, 200}, "POST", "/v1/tenants/acme/waits", map[string]any{"conversation_key": "early-bird", "source": "payments", "mode": "poll", "timeout_seconds": 60})
	b.want(200, in+"/callbacks?outcome=parked").hasNot(t, "early-bird")
	b.want(200, in+"/callbacks?outcome=resumed").has(t, "early-bird")
}

// A request to a route opens: where its time went, its headers and its body, with what is
// to be hidden hidden; the routes tell of the latency of their upstreams.
func TestConsoleRouteRequests(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	w.Sender().Must(t, []int{200}, "POST", "/bot/x?token=canary-token", map[string]any{"hello": "<b>you</b>", "card": map[string]any{"number": "4111-hidden"}})
	b.want(200, "/console/routes").has(t, "closed", "half of", "99 of 100 within")
	list := b.want(200, "/console/routes/bot/requests")
	list.has(t, "POST /bot/x", "done")
	_, rest, _ := strings.Cut(list.text, `href="/console/routes/bot/requests/req_`)
	id, _, _ := strings.Cut(rest, `"`)
	page := b.want(200, "/console/routes/bot/requests/req_"+id)
	page.has(t, "Where the time went", "First byte", "hello", "<b>you</b>", w.Backend, "status 200")
	page.hasNot(t, "4111-hidden", "canary-token")
	b.want(404, "/console/routes/bot/requests/req_01M8KW0ZV2R0J6DP1PKX000001")
}

// A callback whose address is misspelt is found, with the source that was meant.
func TestConsoleUnmatched(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	w.Sender().Must(t, []int{404}, "POST", "/hooks/acme/paymnts", map[string]any{"conversation_key": "x"}, sourceToken)
	page := b.want(200, "/console/requests")
	page.has(t, "/hooks/acme/paymnts", "payments of acme", "the tenant acme has no source paymnts")
	if !strings.Contains(page.text, `href="/console/tenants/acme/sources/payments/requests"`) || !strings.Contains(page.text, `<a href="/console/requests" aria-current="page">Unmatched`) {
		t.Errorf("it leads nowhere: %s", page.text)
	}
}

// Calls are listed by webhook and by how they went, and open beside the list; the webhook
// tells of its breaker.
func TestConsoleCalls(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	id := w.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/mine/call", map[string]any{"conversation_key": "called", "variables": map[string]any{}}).Field("id")
	b.want(200, in+"/webhooks/mine").has(t, "Its calls", "Breaker", "closed")
	page := b.want(200, in+"/calls?webhook=mine&outcome=success&sel="+id)
	page.has(t, "called", "mine", "Calls are kept for", id)
	if text := b.want(200, in+"/endpoints/crm").text; !strings.Contains(text, "Success in percent, by hour: from 0 to 100, last 0") {
		t.Errorf("the endpoint has no picture of its success: %s", text)
	}
	b.want(200, in+"/calls?outcome=failure&webhook=mine").has(t, "None fits these filters.")
}
