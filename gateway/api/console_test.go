package api_test

import (
	"strings"
	"testing"
)

// What the console asks beside the lists is answered in the words of the description, and
// without a secret.
func TestConsoleQuestions(t *testing.T) {
	d := description(t)
	k := withAcme(t)
	own := k.token("tenant", "acme")
	for _, c := range []struct {
		token, method, path, body, schema string
		want                              []string
	}{
		{own, "GET", "/v1/me", "", "Me", []string{`"scope":"tenant"`, `"tenant":"acme"`, `"name":"test"`, `"expires_at":null`, `"token_id":"tok_`}},
		{adminToken, "GET", "/v1/me", "", "Me", []string{`"scope":"admin"`, `"tenant":null`, `"token_id":null`}},
		{own, "GET", "/v1/info", "", "Info", []string{`"version":"v1"`, `"uptime_seconds":60`, `"store":null`, `"addresses":null`, `"audit_retention":"90d"`}},
		{adminToken, "GET", "/v1/info", "", "Info", []string{`"driver":"pebble"`, `"internal":"127.0.0.1:2"`, `"fault":null`}},
		{adminToken, "GET", "/v1/config", "", "Settings", []string{`{"key":"drain","value":"15s","from":"default","needs_restart":true,"waits":false}`}},
		{adminToken, "GET", "/v1/config?key=drain", "", "Settings", []string{`"key":"drain"`}},
		{adminToken, "GET", "/v1/config?key=tenants.acme.endpoints.crm", "", "Settings", []string{`{"data":[{"key":"tenants.acme.endpoints.crm","value":null,"from":"hookgate.yaml:7"`}},
		{adminToken, "GET", "/v1/config?key=nothing", "", "Settings", []string{`{"data":[]}`}},
		{adminToken, "GET", "/v1/config/last-reload", "", "LastReload", []string{`"result":"refused"`, `"line":3,"column":4,"message":"tenants.a: bad"`, `"before":1,"after":2`, `"change":"created","before":null`}},
		{adminToken, "POST", "/v1/routes/test", `{"method":"PUT","url":"https://x.example.com/bot?a=1"}`, "Whither", []string{`"route":"bot"`, `"path":"/bot?a=1"`, `"upstream":"PUT"`, `"reason":null`, `{"route":"x","reason":"takes GET"}`}},
		{own, "POST", "/v1/map", `{"variables":[{"name":"n","path":"a.b","type":"number"},{"name":"d","path":"c","default":"x"},{"name":"m","path":"$.q","type":"text"}],"body":{"a":{"b":"12.5"}}}`, "Mapped",
			[]string{`"name":"n","path":"a.b","type":"number","state":"found","found":"12.5","value":12.5,"problem":null`, `"state":"default","found":null,"value":"x"`, `"state":"missing","found":null,"value":null,"problem":"the path found nothing"`}},
		{own, "POST", "/v1/map", `{"variables":[{"name":"n","path":"a"}],"body":"a=1&b=2","content_type":"application/x-www-form-urlencoded"}`, "Mapped", []string{`"found":"1","value":"1"`}},
	} {
		g := k.as(c.token, c.method, c.path, c.body)
		if g.status != 200 {
			t.Errorf("%s %s: %d %s", c.method, c.path, g.status, g.text)
			continue
		}
		if err := fits(d, c.schema, g.body); err != nil {
			t.Errorf("%s %s is no %s: %v\n%s", c.method, c.path, c.schema, err, g.text)
		}
		for _, want := range c.want {
			if !strings.Contains(g.text, want) {
				t.Errorf("%s %s has no %s: %s", c.method, c.path, want, g.text)
			}
		}
	}
	for _, c := range [][2]string{
		{"/v1/map", `{"variables":[{"name":"n","path":"a["}],"body":1}`}, {"/v1/map", `{"variables":[]}`}, {"/v1/map", `{"body":{},"content_type":"text/plain"}`},
		{"/v1/map", `{"body":{},"more":1}`}, {"/v1/routes/test", `{"url":""}`}, {"/v1/routes/test", `{"url":"/a","method":"get"}`}, {"/v1/routes/test", `{"url":"/refused"}`},
		{v1Acme + "/sources/payments/test", `{"now":"2026-01-31T12:00:00Z"}`}, {v1Acme + "/sources/payments/test", `{"client":"x"}`},
	} {
		if g := k.do("POST", c[0], c[1]); g.status != 422 || len(g.faults()) == 0 {
			t.Errorf("%s %s: %d %s", c[0], c[1], g.status, g.text)
		}
	}
}

// A test of a source comes from an address that may call, stands in the audit, and shows
// nothing of how it was signed.
func TestSourceIsTested(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", v1Acme+"/sources/far", `{"verify":{"type":"none"},"allow_ips":["192.0.2.0/24"]}`)
	g := k.want(200, "POST", v1Acme+"/sources/payments/test", `{"headers":[["X-A","b"]]}`)
	if g.str("outcome") != "parked" || g.str("conversation_key") != "127.0.0.1 [[X-A b]]" || strings.Contains(g.text, "canary") ||
		!strings.Contains(g.text, `"request":{"method":"POST","path":"/hooks/acme/payments","body":"{\"conversation_key\":\"test-1\"}","signed":true}`) {
		t.Errorf("%s", g.text)
	}
	if g := k.want(200, "POST", v1Acme+"/sources/payments/test", `{"dry_run":true}`); g.str("match") != "foreseen" || strings.Contains(g.text, "canary") {
		t.Errorf("what would be sent: %s", g.text)
	}
	if g := k.want(200, "POST", v1Acme+"/sources/far/test", `{"body":"hi"}`); g.str("conversation_key") != "192.0.2.0 []" {
		t.Errorf("it comes from %s", g.text)
	}
	k.want(404, "POST", v1Acme+"/sources/none/test", "")
	if all, last := linesShown(k, adminToken, "&action=test"); len(all) != 2 || last.Object != "tenants/acme/sources/far" || last.Tenant != "acme" {
		t.Errorf("the audit has %q, %+v", all, last)
	}
}

// Closing a breaker by hand has its line; an endpoint that is not there has none.
func TestBreakerIsClosedByHand(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, crm)
	if g := k.want(200, "POST", crmOf+"/close-breaker", ""); g.body["breaker"].(map[string]any)["state"] != "closed" {
		t.Errorf("%s", g.text)
	}
	k.want(404, "POST", v1Acme+"/endpoints/none/close-breaker", "")
	if all, _ := linesShown(k, adminToken, "&action=close"); len(all) != 1 || all[0] != "close tenants/acme/endpoints/crm" {
		t.Errorf("the audit has %q", all)
	}
}
