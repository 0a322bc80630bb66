package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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
	program.Eventually(t, time.Minute, func() error { // it is kept behind its answer
		if a := w.Admin().Must(t, []int{200}, "GET", "/v1/routes/bot/requests", nil); !strings.Contains(a.String(), "/bot/x") {
			return errors.New(a.String())
		}
		return nil
	})
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

// A page hears of what it shows and of nothing else: a portal of its own pages' kinds and of
// its own tenant, and the console of the tenant that it was asked for.
func TestConsoleHearsWhatItShows(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	api := p.Admin()
	for _, id := range []string{"acme", "below"} {
		api.Must(t, []int{201}, "PUT", "/v1/tenants/"+id, map[string]any{"parent": map[string]any{"below": "acme"}[id]})
		api.Must(t, []int{201}, "PUT", "/v1/tenants/"+id+"/sources/pay", `{"verify":{"type":"none"}}`)
		api.Must(t, []int{201}, "PUT", "/v1/tenants/"+id+"/endpoints/crm", `{"url":"http://127.0.0.1:1/"}`) // which is refused, and so attempted at once
	}
	portal := newBrowser(t, p.Internal)
	link := api.Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", `{"pages":["endpoints"]}`).Field("url")
	if got := portal.post(strings.TrimPrefix(link, p.Internal), url.Values{}); got.status != 303 {
		t.Fatalf("the portal opens with %d", got.status)
	}
	of := map[string]*reading{"portal": portal.follow("/portal/live"), "console": signedIn(t, p, api.Token).follow("/console/live?tenant=acme")}
	for _, id := range []string{"below", "acme"} { // what came last was heard of last
		p.Sender().Must(t, []int{202}, "POST", "/hooks/"+id+"/pay", `{"conversation_key":"42"}`)
		api.Must(t, []int{202}, "POST", "/v1/tenants/"+id+"/events", `{"events":[{"event":{"type":"note"}}]}`)
	}
	kinds := map[string]string{"portal": "delivery attempt breaker", "console": "callback event delivery attempt"}
	for who, r := range of {
		for e := (shown{}); e.name != "attempt"; {
			select {
			case e = <-r.events:
			case <-time.After(20 * time.Second):
				t.Fatalf("the %s hears of no attempt", who)
			}
			if !strings.Contains(kinds[who], e.name) || e.data["tenant"] != "acme" {
				t.Errorf("the %s hears of %s %v", who, e.name, e.data)
			}
		}
	}
	if got := signedIn(t, p, api.Token).get("/console/live?tenant=none"); got.status != 404 {
		t.Errorf("of a tenant that is not there: %d", got.status)
	}
}

// follow reads a stream of the console's.
func (b *browser) follow(path string) *reading {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := b.http.Do(r)
	if err != nil || a.StatusCode != http.StatusOK {
		b.t.Fatal(a, err)
	}
	s := &reading{b.t, a, make(chan shown, 1000), stop}
	b.t.Cleanup(s.end)
	go s.take()
	return s
}
