package api_test

import "testing"

// Nothing tells a missing token from a wrong one, and each is counted.
func TestNobody(t *testing.T) {
	k := withAcme(t)
	for i := range rights {
		method, path := rights[i].path("acme", "x")
		before := k.failures.count()
		nobody, wrong := k.as("", method, path, ""), k.as("hg_admin_wrong", method, path, "")
		if nobody.status != 401 || wrong.status != 401 || nobody.text != wrong.text || nobody.code() != "unauthenticated" {
			t.Errorf("%s %s: no token %d %s, a wrong one %d %s", method, path, nobody.status, nobody.text, wrong.status, wrong.text)
		}
		if k.failures.count() != before+2 {
			t.Errorf("%s %s: %d failures were counted, want 2", method, path, k.failures.count()-before)
		}
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
