package api_test

import (
	"strings"
	"testing"
)

// Every path and method, by every kind of caller (SPEC 3, 14 "Tokens"). Statuses
// stand for admin, platform, the tenant's own token, and a stranger's.
func TestWhoMayDoWhat(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", "/v1/tenants/stranger", `{}`)
	k.want(201, "PUT", v1Acme+"/endpoints/crm", crm)
	k.want(200, "POST", v1Acme+"/endpoints/crm/pause", "")
	callers := []string{adminToken, k.token("platform", ""), k.token("tenant", "acme"), k.token("tenant", "stranger")}
	wait := k.want(201, "POST", v1Acme+"/waits", `{"source": "payments", "conversation_key": "c", "mode": "poll"}`).str("id")
	open := func(key string) string {
		return `{"source": "payments", "mode": "poll", "conversation_key": "` + key + `"}`
	}
	for _, c := range []struct {
		method, path, body string
		want               [4]int
	}{
		{"GET", "/v1/tenants", "", [4]int{200, 200, 200, 200}},
		{"GET", v1Acme, "", [4]int{200, 200, 200, 404}},
		{"PUT", v1Acme, `{}`, [4]int{200, 403, 200, 403}},
		{"GET", v1Acme + "/sources", "", [4]int{200, 200, 200, 404}},
		{"GET", v1Acme + "/sources/payments", "", [4]int{200, 200, 200, 404}},
		{"PUT", v1Acme + "/sources/payments", payments, [4]int{200, 403, 200, 404}},
		{"GET", v1Acme + "/endpoints", "", [4]int{200, 200, 200, 404}},
		{"GET", v1Acme + "/endpoints/crm", "", [4]int{200, 200, 200, 404}},
		{"PUT", v1Acme + "/endpoints/crm", crm, [4]int{200, 403, 200, 404}},
		{"DELETE", v1Acme + "/endpoints/none", "", [4]int{404, 403, 404, 404}},
		{"POST", v1Acme + "/endpoints/crm/verify", "", [4]int{200, 403, 200, 404}},
		{"POST", v1Acme + "/endpoints/crm/pause", "", [4]int{200, 403, 200, 404}},
		{"POST", v1Acme + "/endpoints/none/resume", "", [4]int{404, 403, 404, 404}},
		{"POST", v1Acme + "/endpoints/crm/test", "", [4]int{202, 403, 202, 404}},
		{"POST", v1Acme + "/endpoints/crm/rotate-secret", "", [4]int{200, 403, 200, 404}},
		{"POST", v1Acme + "/endpoints/crm/replay", "", [4]int{202, 403, 202, 404}},
		{"POST", "/v1/events", `{"events": [{"event": {"type": "status"}, "account": {"key": "nobody's"}}]}`, [4]int{422, 422, 403, 403}},
		{"POST", v1Acme + "/events", `{"events": [{"event": {"type": "status"}}]}`, [4]int{202, 202, 202, 404}},
		{"GET", v1Acme + "/events", "", [4]int{200, 200, 200, 404}},
		{"GET", v1Acme + "/events/evt_00000000000000000000000000", "", [4]int{404, 404, 404, 404}},
		{"POST", v1Acme + "/deliveries/dlv_00000000000000000000000000/retry", "", [4]int{404, 403, 404, 404}},
		{"POST", v1Acme + "/deliveries/dlv_00000000000000000000000000/cancel", "", [4]int{404, 403, 404, 404}},
		{"POST", v1Acme + "/deliveries/replay", `{"endpoint": "_platform"}`, [4]int{202, 403, 403, 404}},
		{"GET", v1Acme + "/waits", "", [4]int{200, 200, 200, 404}},
		{"POST", v1Acme + "/waits", open("@"), [4]int{201, 201, 201, 404}},
		{"GET", v1Acme + "/waits/" + wait, "", [4]int{200, 200, 200, 404}},
		{"DELETE", v1Acme + "/waits/wait_00000000000000000000000000", "", [4]int{404, 404, 404, 404}},
		{"GET", v1Acme + "/deliveries", "", [4]int{200, 200, 200, 404}},
		{"GET", v1Acme + "/deliveries/dlv_x", "", [4]int{404, 404, 404, 404}},
		{"GET", v1Acme + "/conversations/c", "", [4]int{200, 200, 200, 404}},
		{"PUT", v1Acme + "/webhooks/own", `{"url": "https://bank.example.com/"}`, [4]int{201, 403, 200, 404}},
		{"GET", v1Acme + "/webhooks", "", [4]int{200, 200, 200, 404}},
		{"GET", v1Acme + "/webhooks/own", "", [4]int{200, 200, 200, 404}},
		{"POST", v1Acme + "/webhooks/own/call", `{"variabels": {}}`, [4]int{422, 422, 422, 404}},
		{"POST", v1Acme + "/webhooks/own/run", `{"variabels": {}}`, [4]int{422, 422, 422, 404}},
		{"DELETE", v1Acme + "/webhooks/none", "", [4]int{404, 403, 404, 404}},
		{"GET", "/v2/integrations/webhook", "", [4]int{403, 403, 200, 200}},
		{"POST", "/v2/integrations/webhook", `{}`, [4]int{403, 403, 422, 422}},
		{"GET", "/v2/integrations/webhook/5a8ad4d3a4d6d40007b05d5e", "", [4]int{403, 403, 404, 404}},
		{"PUT", "/v2/integrations/webhook/5a8ad4d3a4d6d40007b05d5e", `{}`, [4]int{403, 403, 404, 404}},
		{"DELETE", "/v2/integrations/webhook/5a8ad4d3a4d6d40007b05d5e", "", [4]int{403, 403, 404, 404}},
		{"GET", "/v1/tokens", "", [4]int{200, 403, 403, 403}},
		{"POST", "/v1/tokens", `{"scope": "platform"}`, [4]int{201, 403, 403, 403}},
		{"GET", "/v1/tokens/tok_x", "", [4]int{404, 403, 403, 403}},
		{"DELETE", "/v1/tokens/tok_x", "", [4]int{404, 403, 403, 403}},
		{"POST", "/v1/reload", "", [4]int{200, 403, 403, 403}},
		{"GET", "/v1/openapi.yaml", "", [4]int{200, 200, 200, 200}},
		{"GET", "/v1/tenants/nobody", "", [4]int{404, 404, 404, 404}},
		{"PUT", "/v1/tenants/below", `{"parent": "acme"}`, [4]int{201, 403, 200, 403}},
		{"DELETE", v1Acme + "/sources/none", "", [4]int{404, 403, 404, 404}},
		{"DELETE", v1Acme, "", [4]int{409, 403, 409, 404}}, // below has it as its parent
	} {
		for i, token := range callers {
			body := strings.Replace(c.body, "@", "key-"+string(rune('a'+i)), 1)
			if g := k.as(token, c.method, c.path, body); g.status != c.want[i] {
				t.Errorf("%s %s by caller %d: %d, want %d: %s", c.method, c.path, i, g.status, c.want[i], g.text)
			}
		}
		before := k.failures.count()
		nobody, wrong := k.as("", c.method, c.path, c.body), k.as("hg_admin_wrong", c.method, c.path, c.body)
		if nobody.status != 401 || wrong.status != 401 || nobody.text != wrong.text || nobody.code() != "unauthenticated" {
			t.Errorf("%s %s: no token %d %s, a wrong one %d %s", c.method, c.path, nobody.status, nobody.text, wrong.status, wrong.text)
		}
		if k.failures.count() != before+2 {
			t.Errorf("%s %s: %d failures were counted, want 2", c.method, c.path, k.failures.count()-before)
		}
	}
	seen := k.as(callers[2], "GET", "/v1/tenants", "").text
	if strings.Contains(seen, `"stranger"`) || !strings.Contains(seen, `"below"`) {
		t.Errorf("a tenant's token lists %s", seen)
	}
}

func TestPathsAndMethods(t *testing.T) {
	k := withAcme(t)
	for _, c := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{"PATCH", v1Acme, 405, "method_not_allowed", "GET, PUT, DELETE"},
		{"DELETE", v1Acme + "/waits", 405, "method_not_allowed", "GET, POST"},
		{"GET", "/v1/reload", 405, "method_not_allowed", "POST"},
		{"GET", "/v1", 404, "not_found", ""},
		{"GET", "/v1/", 404, "not_found", ""},
		{"GET", "/v1/tenants/", 404, "not_found", ""},
		{"DELETE", v1Acme + "/webhooks", 405, "method_not_allowed", "GET"},
		{"POST", v1Acme + "/webhooks/lookup", 405, "method_not_allowed", "GET, PUT, DELETE"},
		{"GET", v1Acme + "/webhooks/lookup/call", 405, "method_not_allowed", "POST"},
		{"POST", v1Acme + "/webhooks/none/run", 404, "not_found", ""},
		{"PUT", "/v2/integrations/webhook", 405, "method_not_allowed", "GET, POST"},
		{"GET", "/v2/integrations", 404, "not_found", ""},
		{"GET", v1Acme + "/endpoints/crm/verify", 405, "method_not_allowed", "POST"},
		{"GET", v1Acme + "/endpoints/none", 404, "not_found", ""},
		{"POST", v1Acme + "/endpoints/crm/explode", 404, "not_found", ""},
		{"GET", "/v1/events", 405, "method_not_allowed", "POST"},
		{"GET", v1Acme + "/sources/payments/more", 404, "not_found", ""},
		{"GET", v1Acme + "/sources/none", 404, "not_found", ""},
	} {
		g := k.do(c.method, c.path, "")
		if g.status != c.status || g.code() != c.code || g.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %s, Allow %q", c.method, c.path, g.status, g.text, g.header.Get("Allow"))
		}
		if g.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s is answered in %s", c.method, c.path, g.header.Get("Content-Type"))
		}
	}
	if g := k.as("", "GET", "/v1/nothing", ""); g.status != 401 {
		t.Errorf("without a token an unknown path is %d: it tells what there is", g.status)
	}
	two := k.do("GET", v1Acme, "", "Authorization", "Basic "+adminToken)
	if two.status != 401 {
		t.Errorf("the token as Basic is %d", two.status)
	}
}
