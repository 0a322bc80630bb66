package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// tokenFor makes a tenant's token, and a client with it.
func tokenFor(t *testing.T, p *program.Program, tenant string) (*program.Client, string) {
	t.Helper()
	text := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"`+tenant+`","name":"attacker"}`).Field("token")
	return p.Admin().As(text), text
}

// A tenant's token turns every url that it can write to a server of its own, and
// writes the masks back: what the operator or another wrote is sent where it was
// sent before, and nowhere else.
func TestHostileMasks(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "egress: { allow: [127.0.0.0/8] }\n"})
	platform, crm, evil := gatewaytest.NewReceiver(t), gatewaytest.NewReceiver(t), gatewaytest.NewReceiver(t)
	put := func(path, body string) { t.Helper(); p.Admin().Must(t, []int{201}, "PUT", path, body) }
	outcome := func(of string) string {
		return `{"url":"` + of + `/resume","auth":{"type":"bearer","token":"canary-bearer"},"headers":{"X-Operator":"canary-header"}}`
	}
	put("/v1/tenants/acme", `{"platform":`+outcome(platform.URL)+`}`)
	put("/v1/tenants/shop", `{"parent":"acme","platform":`+outcome(platform.URL)+`}`)
	source := `{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]}}`
	put("/v1/tenants/acme/sources/payments", source)
	put("/v1/tenants/shop/sources/payments", source)
	put("/v1/tenants/acme/endpoints/crm", `{"url":"`+crm.URL+`/in","auth":{"type":"basic","username":"bot","password":"canary-password"}}`)
	put("/v1/tenants/acme/webhooks/bank", `{"url":"`+crm.URL+`/bank","auth":{"type":"header","name":"X-Key","value":"canary-value"}}`)
	const connection = "5a8ad4d3a4d6d40007b05d5e"
	put("/v1/tenants/acme/webhooks/"+connection, `{"name":"N","profile":"chatbot","url":"`+crm.URL+`/chat","token":"canary-token","auth":{"type":"bearer","token":"canary-chat"}}`)

	attacker, _ := tokenFor(t, p, "acme")
	masked := strings.NewReplacer("canary-bearer", "***", "canary-header", "***").Replace(outcome(evil.URL))
	for _, try := range []struct {
		status             int
		method, path, body string
	}{
		{403, "PUT", "/v1/tenants/acme", `{"platform":` + masked + `}`},
		{422, "PUT", "/v1/tenants/shop", `{"parent":"acme","platform":` + masked + `}`},
		{422, "PUT", "/v1/tenants/fresh", `{"parent":"acme","platform":` + masked + `}`},
		{422, "PUT", "/v1/tenants/acme/endpoints/crm", `{"url":"` + evil.URL + `","auth":{"type":"basic","username":"bot","password":"***"}}`},
		{422, "PUT", "/v1/tenants/acme/webhooks/bank", `{"url":"` + evil.URL + `","auth":{"type":"header","name":"X-Key","value":"***"}}`},
		{422, "PUT", "/v1/tenants/acme/webhooks/bank", `{"url":"http://{{ host }}/","auth":{"type":"header","name":"X-Key","value":"***"}}`},
		{422, "PUT", "/v2/integrations/webhook/" + connection, `{"name":"N","url":"` + evil.URL + `","token":"***"}`},
		{422, "PUT", "/v2/integrations/webhook/" + connection, `{"name":"N","url":"` + evil.URL + `"}`}, // auth would go along, unsaid
		{201, "PUT", "/v1/tenants/acme/endpoints/own", `{"url":"` + evil.URL + `/events","sign":{"type":"none"}}`},
		{201, "PUT", "/v1/tenants/acme/webhooks/own", `{"url":"` + evil.URL + `/call"}`},
	} {
		attacker.Must(t, []int{try.status}, try.method, try.path, try.body)
	}

	// Then everything is sent that there is.
	attacker.Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"status"},"mark":"last"}]}`)
	for _, webhook := range []string{"bank", "own", connection} {
		attacker.Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/"+webhook+"/call", `{"variables":{"host":"`+strings.TrimPrefix(evil.URL, "http://")+`"}}`)
	}
	for _, tenant := range []string{"acme", "shop"} {
		wait := attacker.Must(t, []int{201}, "POST", "/v1/tenants/"+tenant+"/waits", `{"source":"payments","conversation_key":"k","mode":"notify"}`).Field("id")
		attacker.Must(t, []int{200}, "DELETE", "/v1/tenants/"+tenant+"/waits/"+wait, nil)
	}
	ctx, stop := context.WithTimeout(context.Background(), hostilePatience)
	defer stop()
	for path, r := range map[string]*gatewaytest.Receiver{"/events": evil, "/in": crm, "/resume": platform} {
		got, err := r.Await(ctx, func(q gatewaytest.Received) bool { return q.Path == path })
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if known := fmt.Sprint(got.Header); path == "/resume" && (!strings.Contains(known, "canary-bearer") || !strings.Contains(known, "canary-header")) {
			t.Errorf("the platform itself is not sent what the operator wrote: %s", known)
		}
	}
	for _, got := range evil.Got() {
		if text := fmt.Sprint(got.Method, got.Path, got.Header, string(got.Body)); strings.Contains(text, "canary") {
			t.Errorf("the attacker is sent %s", text)
		}
	}
}

// unnamed is an answer without the id of its request.
func unnamed(a program.Answer) string {
	return strings.ReplaceAll(string(a.Body), a.Header.Get("X-Request-Id"), "")
}

// Children of a tenant share its limits, are no more than it may have, and take no
// account key; what is not of its tree it is not told of.
func TestHostileChildren(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/rival", `{"account_keys":["rival's"]}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/agency",
		`{"limits":{"children":3,"waits_open":4,"callbacks_per_second":{"per_second":0.01,"burst":6},"events_per_second":{"per_second":0.01,"burst":5}}}`)
	attacker, _ := tokenFor(t, p, "agency")
	children := []string{"one", "two", "three"}
	for _, child := range children {
		attacker.Must(t, []int{201}, "PUT", "/v1/tenants/"+child, `{"parent":"agency","limits":{"waits_open":1000,"callbacks_per_second":1000,"events_per_second":1000}}`)
		attacker.Must(t, []int{201}, "PUT", "/v1/tenants/"+child+"/sources/payments", `{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]}}`)
	}
	attacker.Must(t, []int{422}, "PUT", "/v1/tenants/four", `{"parent":"agency"}`)
	attacker.Must(t, []int{422}, "PUT", "/v1/tenants/four", `{"parent":"one"}`)
	for _, key := range []string{"rival's", "nobody's"} {
		attacker.Must(t, []int{403}, "PUT", "/v1/tenants/one", `{"parent":"agency","account_keys":["`+key+`"]}`)
	}
	there := attacker.Must(t, []int{403}, "PUT", "/v1/tenants/rival", `{"parent":"agency"}`)
	if not := attacker.Must(t, []int{403}, "PUT", "/v1/tenants/nobody", `{"parent":"rival"}`); unnamed(not) != unnamed(there) {
		t.Errorf("who is there is told apart: %s\n%s", there, not)
	}
	taken := map[string]int{}
	for i := range 5 {
		for _, child := range children {
			key := fmt.Sprint("k", i)
			if a := p.Sender().Must(t, []int{202, 429}, "POST", "/hooks/"+child+"/payments", `{"conversation_key":"early-`+key+`"}`, sourceToken); a.Status == 202 {
				taken["callbacks"]++
			}
			if a := attacker.Must(t, []int{201, 429}, "POST", "/v1/tenants/"+child+"/waits", `{"source":"payments","mode":"poll","conversation_key":"`+key+`"}`); a.Status == 201 {
				taken["waits"]++
			}
			if a := attacker.Must(t, []int{202, 429}, "POST", "/v1/tenants/"+child+"/events", `{"events":[{"event":{"type":"status"}}]}`); a.Status == 202 {
				taken["events"]++
			}
		}
	}
	if taken["callbacks"] != 6 || taken["waits"] != 4 || taken["events"] != 5 {
		t.Errorf("three children have %v, of one's 6 callbacks, 4 waits and 5 events", taken)
	}
}

// What an operator's relay carries is the platform's: the tenant that it is for sees
// that it was, and how it ended.
func TestHostileRelays(t *testing.T) {
	t.Parallel()
	platform := gatewaytest.NewReceiver(t)
	platform.Script(func(gatewaytest.Received) gatewaytest.Reply {
		return gatewaytest.Reply{Status: 500, Body: "canary-answer"}
	})
	p := program.Start(t, program.Options{Config: "tenants: { acme: {} }\nroutes:\n  wa: { tenant: acme, mode: relay, verify: { type: none }, match: { path: /wa }, upstreams: [{ url: " + platform.URL + " }], retry: { schedule: [] } }\n"})
	p.Sender().Must(t, []int{200}, "POST", "/wa/canary-path?token=canary-query", `{"text":"canary-body"}`, "X-Key: canary-field")
	attacker, _ := tokenFor(t, p, "acme")
	var list struct {
		Data []struct{ ID, State string }
	}
	program.Eventually(t, hostilePatience, func() error {
		attacker.Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries", nil).Decode(t, &list)
		if len(list.Data) == 1 && list.Data[0].State == "dead" {
			return nil
		}
		return fmt.Errorf("deliveries are %+v", list.Data)
	})
	id := list.Data[0].ID
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/events", nil).Decode(t, &list)
	for _, path := range []string{"/deliveries", "/deliveries/" + id, "/events", "/events/" + list.Data[0].ID} {
		if a := attacker.Must(t, []int{200}, "GET", "/v1/tenants/acme"+path, nil); strings.Contains(string(a.Body), "canary") {
			t.Errorf("GET %s shows %s", path, a)
		}
	}
	for _, steer := range []string{"/deliveries/" + id + "/retry", "/deliveries/" + id + "/cancel", "/deliveries/replay"} {
		attacker.Must(t, []int{403}, "POST", "/v1/tenants/acme"+steer, `{"endpoint":"_route_wa"}`)
	}
	if got := platform.Got(); len(got) != 1 {
		t.Errorf("the platform was sent it %d times", len(got))
	}
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/deliveries/"+id+"/retry", nil)
}

// A body that is slow to come outlives its token, and its tenant: whoever has the id
// by then is written nothing by it.
func TestHostileSlowWrite(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for i, try := range []struct{ method, path, body string }{
		{"PUT", "/v1/tenants/%s", `{"name":"mine"}`},
		{"PUT", "/v1/tenants/%s/endpoints/e", `{"url":"https://evil.example.com/"}`},
		{"POST", "/v1/tenants/%s/events", `{"events":[{"event":{"type":"status"}}]}`},
	} {
		tenant := fmt.Sprintf("acme%d", i)
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant, `{}`)
		_, token := tokenFor(t, p, tenant)
		slow := dialRaw(t, p.Internal)
		slow.send(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
			try.method, fmt.Sprintf(try.path, tenant), token, len(try.body)))
		if a, _ := slow.answer(t); a.StatusCode != 100 { // it is at its body
			t.Fatalf("%s: %d", try.path, a.StatusCode)
		}
		slow.send(try.body[:5])
		p.Admin().Must(t, []int{204}, "DELETE", "/v1/tenants/"+tenant, nil)
		before := p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant, `{}`)
		slow.send(try.body[5:])
		if a, text := slow.answer(t); a.StatusCode != 401 {
			t.Errorf("%s %s: %d %s", try.method, try.path, a.StatusCode, text)
		}
		if after := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/"+tenant, nil); string(after.Body) != string(before.Body) {
			t.Errorf("%s %s: the next owner's tenant was\n%s\nis\n%s", try.method, try.path, before, after)
		}
		for _, of := range []string{"endpoints", "events"} {
			if a := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/"+tenant+"/"+of, nil); !strings.Contains(string(a.Body), `"data":[]`) {
				t.Errorf("%s %s leaves %s", try.method, try.path, a)
			}
		}
	}
}

// A portal's link opens no page of another tenant, nor one of its own that it does not list:
// also not the forms that are empty, and ask the API for nothing before they are sent.
func TestHostilePortals(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for _, id := range []string{"acme", "mallory"} {
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+id, `{}`)
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+id+"/endpoints/crm", `{"url":"https://crm.example.com/"}`)
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+id+"/sources/pay", `{"verify":{"type":"none"}}`)
	}
	open := func(body string) *browser {
		b := newBrowser(t, p.Internal)
		link := p.Admin().Must(t, []int{201}, "POST", ofMallory+"/portal-links", body).Field("url")
		if got := b.post(strings.TrimPrefix(link, p.Internal), url.Values{}); got.status != 303 {
			t.Fatalf("the portal opens with %d", got.status)
		}
		return b
	}
	pages := []string{
		"/conversations", "/deliveries", "/deliveries/replay", "/dead-letters", "/endpoints", "/endpoints/crm", "/endpoints/crm/replay",
		"/endpoints/crm/test", "/events", "/waits", "/callbacks", "/calls", "/webhooks", "/sources", "/sources/pay/requests",
	}
	all, one := open(`{"read_only":false}`), open(`{"pages":["webhooks"]}`)
	for _, page := range pages {
		if got := all.get("/portal/tenants/mallory" + page); got.status != 200 {
			t.Errorf("its own %s: %d", page, got.status)
		}
		for _, other := range []string{"acme", "nobody"} {
			if got := all.get("/portal/tenants/" + other + page); got.status != 403 {
				t.Errorf("%s of %s: %d", page, other, got.status)
			}
		}
		if got := one.get("/portal/tenants/mallory" + page); got.status != 403 && page != "/webhooks" {
			t.Errorf("a page that the link does not list, %s: %d", page, got.status)
		}
	}
	mallory, token := tokenFor(t, p, "mallory")
	mallory.Must(t, []int{404}, "GET", "/v1/tenants/acme", nil)
	console := signedIn(t, p, token)
	for _, page := range append(pages, "/edit", "/new/sources", "/new/endpoints", "/new/webhooks", "/endpoints/crm/edit", "/sources/pay/edit", "/sources/pay/test", "/deliveries/groups/known") {
		if got := console.get("/console/tenants/acme" + page); got.status != 404 {
			t.Errorf("the console, signed in with mallory's token, %s of acme: %d", page, got.status)
		}
	}
	if got := all.get("/portal/tenants/acme/conversations?q=chat-1"); got.status != 403 {
		t.Errorf("a key of another tenant leads on: %d", got.status)
	}
}
