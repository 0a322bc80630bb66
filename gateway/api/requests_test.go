package api_test

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/directory"
	"hookgate/gateway/proxy"
	"hookgate/gateway/requests"
	"hookgate/retry/breaker"
)

// explainer answers with what it was asked.
type explainer struct{}

func (explainer) Explain(q *requests.Question, edited *directory.Source) (requests.Explained, error) {
	e := requests.Explained{
		Outcome: gateway.OutcomeParked, Status: 202, Checks: []requests.Check{}, Key: fmt.Sprint(q.Method, " ", q.Path, " ", q.Header, " ", string(q.Body)),
	}
	if edited != nil {
		e.Match = fmt.Sprint(edited.Spec.Verify.Type, " ", len(edited.Spec.Variables), " ", edited.Tenant.ID, " ", len(edited.Spec.Verify.Secrets) > 0 && edited.Spec.Verify.Secrets[0].Reveal() != "***")
	}
	return e, nil
}

func (explainer) Upstreams(string) []proxy.Upstream {
	well := false
	return []proxy.Upstream{{URL: "http://bot.example.com:8080", Healthy: &well, Breaker: "open", Until: time.Now(), InFlight: 3,
		Probe: breaker.Probe{At: time.Now(), Verdict: breaker.Failed}, Latency: proxy.Latency{P50: 2 * time.Millisecond, P99: 1500 * time.Microsecond, Count: 7}}}
}

func (explainer) Try(q *requests.Question) (requests.Tried, error) {
	if q.Body == nil {
		q.Body = []byte(`{"conversation_key":"test-1"}`)
	}
	q.Path += "?token=canary-signed"
	return requests.Tried{
		Explained: requests.Explained{Outcome: gateway.OutcomeParked, Status: 202, Checks: []requests.Check{}, Key: fmt.Sprint(q.Client, " ", q.Header)}, Body: q.Body, Signed: true,
	}, nil
}

func (e explainer) Foresee(q *requests.Question) (requests.Tried, error) {
	tried, err := e.Try(q)
	tried.Match = "foreseen"
	return tried, err
}

func (explainer) Whither(method string, u *url.URL, all []*directory.Route) (proxy.Whither, error) {
	if u.Path == "/refused" {
		return proxy.Whither{}, errors.New("no")
	}
	return proxy.Whither{Route: all[0].ID, Mode: "proxy", Path: u.RequestURI(), Upstream: method, Others: []proxy.Other{{Route: "x", Reason: "takes GET"}}}, nil
}

func (explainer) Effective() []api.Setting {
	return []api.Setting{{Key: "drain", Value: gateway.Raw(`"15s"`), From: "default", NeedsRestart: true}}
}

func (explainer) Place(path string) string {
	if path == "tenants.acme.endpoints.crm" {
		return "hookgate.yaml:7"
	}
	return ""
}

func (explainer) LastReload() api.Reloaded {
	return api.Reloaded{
		At: time.Now(), Refused: true, Mistakes: []api.Mistake{{Line: 3, Column: 4, Message: "tenants.a: bad", Excerpt: "    a: b\n       ^"}},
		Changed: []api.Changed{{Key: "drain", Change: "updated", Before: gateway.Raw("1"), After: gateway.Raw("2")}, {Key: "tenants.a", Change: "created"}},
	}
}

func (explainer) info() api.Info {
	return api.Info{Version: "v1", Started: time.Now().Add(-time.Minute), Public: "127.0.0.1:1", Internal: "127.0.0.1:2", Driver: "pebble", StoreBytes: 5, PublicURL: "https://hooks.example.com", AuditKept: 90 * 24 * time.Hour}
}

func (explainer) Hints(*requests.Kept) requests.Hints { return requests.Hints{} }

// keep keeps a refused request to the source payments, with a credential.
func keep(k *kit, body string) {
	k.kept.Keep(&requests.Record{
		Tenant: "acme", Place: "payments", At: time.Now(), Client: netip.MustParseAddr("192.0.2.1"), Method: "POST", Path: []byte("/hooks/acme/payments?a=1"),
		Head: []byte("Authorization: Bearer canary-token\r\nContent-Type: text/plain\r\n"), Body: []byte(body), BodyBytes: int64(len(body)),
		Outcome: gateway.OutcomeUnauthenticated, Status: 401, Cause: requests.Cause{Step: requests.Verify, Why: "missing_header", Text: "Stripe-Signature"},
	})
}

func TestRequestsAreListed(t *testing.T) {
	k := withAcme(t)
	d := description(t)
	for i := range 5 {
		keep(k, fmt.Sprintf("%d%s", i, strings.Repeat("x", 5000)))
	}
	first := k.want(200, "GET", v1Acme+"/sources/payments/requests?limit=3&outcome=unauthenticated", "")
	if err := fits(d, "RequestList", first.body); err != nil {
		t.Error(err)
	}
	rest := k.want(200, "GET", v1Acme+"/sources/payments/requests?cursor="+first.str("next_cursor"), "")
	all := append(first.body["data"].([]any), rest.body["data"].([]any)...)
	if len(all) != 5 {
		t.Fatalf("%d are listed, want 5", len(all))
	}
	for i, one := range all {
		r := one.(map[string]any)
		if preview := r["body_preview"].(string); len(preview) != 256 || preview[:1] != fmt.Sprint(4-i) {
			t.Errorf("row %d begins %.10s, with %d bytes", i, preview, len(preview))
		}
		if r["reason"] != "no header Stripe-Signature" || r["truncated"] != true || r["body_bytes"] != 5001.0 {
			t.Errorf("row %d is %v", i, r)
		}
	}
	one := k.want(200, "GET", v1Acme+"/requests/"+all[0].(map[string]any)["id"].(string), "")
	if err := fits(d, "Request", one.body); err != nil {
		t.Error(err)
	}
	if len(one.str("body")) != requests.MostBody {
		t.Errorf("the body has %d bytes", len(one.str("body")))
	}
	if text := first.text + rest.text + one.text; strings.Contains(text, "canary") || !strings.Contains(text, `["Authorization","***"]`) {
		t.Errorf("a credential is shown, or no mask: %s", one.text)
	}
	k.kept.Keep(&requests.Record{Tenant: "acme", Place: "payments", At: time.Now(), Client: netip.MustParseAddr("192.0.2.1"), Method: "POST", Path: []byte("/hooks/acme/payments"), Outcome: gateway.OutcomeParked, Status: 202})
	for words, want := range map[string]int{"": 6, "?outcome=refused": 5, "?outcome=parked": 1, "?outcome=late": 0} {
		if got := k.pages(v1Acme + "/sources/payments/requests" + words); len(got) != want {
			t.Errorf("%q lists %d, want %d", words, len(got), want)
		}
	}
	k.want(404, "GET", v1Acme+"/sources/nope/requests", "")
	k.want(422, "GET", v1Acme+"/sources/payments/requests?outcome=nope", "")
	k.want(422, "GET", v1Acme+"/sources/payments/requests?outcom=parked", "")
	k.want(404, "GET", v1Acme+"/requests/req_00000000000000000000000000", "")
	keep(k, "\xff\xfe")
	if one := k.want(200, "GET", v1Acme+"/sources/payments/requests?limit=1", ""); one.body["data"].([]any)[0].(map[string]any)["body_preview"] == "" {
		t.Error("what is no text is not shown at all")
	}
}

func TestUnmatchedAreListed(t *testing.T) {
	k := withAcme(t)
	for _, path := range []string{"/hooks/acme/paymnts?token=canary-token", "/hooks/acmee/payments", "/elsewhere"} {
		k.kept.KeepUnmatched(&requests.Record{
			At: time.Now(), Client: netip.MustParseAddr("192.0.2.1"), Method: "POST", Path: []byte(path), Outcome: gateway.OutcomeNotFound, Status: 404,
		})
	}
	g := k.want(200, "GET", "/v1/requests?unmatched=true", "")
	if err := fits(description(t), "UnmatchedList", g.body); err != nil {
		t.Error(err)
	}
	for i, want := range []string{"<nil>", "map[source:payments tenant:acme]", "map[source:payments tenant:acme]"} {
		if got := fmt.Sprint(g.body["data"].([]any)[i].(map[string]any)["nearest"]); got != want {
			t.Errorf("row %d is near %s, want %s", i, got, want)
		}
	}
	if strings.Contains(g.text, "canary") {
		t.Errorf("a credential is shown: %s", g.text)
	}
	k.want(422, "GET", "/v1/requests", "")
	k.want(422, "GET", "/v1/requests?unmatched=false", "")
}

func TestRequestsAreExplained(t *testing.T) {
	k := withAcme(t)
	path := v1Acme + "/sources/payments/explain"
	g := k.want(200, "POST", path, `{"headers": [["X-A", "1"]], "body_base64": "aGk=", "now": "2026-01-02T03:04:05Z"}`)
	if g.str("conversation_key") != "POST /hooks/acme/payments [[X-A 1]] hi" {
		t.Errorf("asked was %s", g.text)
	}
	if err := fits(description(t), "Explained", g.body); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{
		`{"bodyy": ""}`, `{"body": "", "body_base64": ""}`, `{"headers": [["a"]]}`, `{"headers": [["a b", "c"]]}`, `{"headers": [["a", "b\r\nc"]]}`,
		`{"method": "post"}`, `{"path": "hooks"}`, `{"body_base64": "!"}`, `{"client": "me"}`, `{"now": "today"}`, `[]`,
	} {
		k.want(422, "POST", path, wrong)
	}
	keep(k, "hi")
	id := k.kept.List(requests.Query{Tenant: "acme", Place: "payments", Most: 1})[0].ID
	g = k.want(200, "POST", v1Acme+"/requests/"+id+"/explain", "")
	if !strings.Contains(g.str("conversation_key"), "canary-token") {
		t.Errorf("what is explained came masked: %s", g.text)
	}
	k.want(404, "POST", v1Acme+"/sources/nope/explain", `{}`)
	// What a source would make of it, before it is written so.
	before := k.want(200, "GET", v1Acme+"/sources/payments", "").text
	for _, path := range []string{path, v1Acme + "/requests/" + id + "/explain"} {
		g := k.want(200, "POST", path, `{"source": {"verify": {"type": "token", "in": "header", "name": "X-Token", "secrets": ["a-token-of-16-letters"]}, "variables": [{"name": "a", "path": "b"}], "id": "ignored"}}`)
		if g.str("match") != "token 1 acme true" {
			t.Errorf("edited was %s", g.text)
		}
		for body, place := range map[string]string{
			`{"source": {"verify": {"type": "tokn"}}}`: "source.verify.type", `{"source": {"colour": 1}}`: "source.colour", `{"source": 1}`: `"path":"source"`, `{"sauce": {}}`: "sauce",
			`{"source": {"verify": {"type": "none"}, "variables": [{"name": "a", "path": "a..b"}]}}`: "source.variables[0].path",
		} {
			if g := k.want(422, "POST", path, body); !strings.Contains(g.text, place) {
				t.Errorf("%s: %s", body, g.text)
			}
		}
	}
	if after := k.want(200, "GET", v1Acme+"/sources/payments", "").text; after != before {
		t.Errorf("asking has written: %s", after)
	}
}

func TestRoutesAreShown(t *testing.T) {
	k := withAcme(t)
	d := description(t)
	g := k.want(200, "GET", "/v1/routes/bot", "")
	if err := fits(d, "Route", g.body); err != nil {
		t.Error(err)
	}
	if !strings.Contains(g.text, `"healthy":false,"breaker":{"state":"open","until":"2`) || !strings.Contains(g.text, `"in_flight":3,"latency_ms":{"p50":2,"p99":1.5,"count":7}`) || !strings.Contains(g.text, `,"outcome":"failed"}`) {
		t.Errorf("shown is %s", g.text)
	}
	if g := k.want(200, "GET", "/v1/routes", ""); fits(d, "RouteList", g.body) != nil || strings.Count(g.text, `"id":"bot"`) != 1 {
		t.Errorf("listed are %s", g.text)
	}
	if g := k.as(k.token("platform", ""), "GET", "/v1/routes/bot", ""); g.status != 200 || strings.Contains(g.text, "canary") {
		t.Errorf("a platform token is shown %d %s", g.status, g.text)
	}
	k.want(404, "GET", "/v1/routes/nope", "")
	k.want(404, "GET", "/v1/routes/nope/requests", "")
	k.kept.Keep(&requests.Record{
		Of: requests.Route, Place: "bot", At: time.Now(), Method: "GET", Path: []byte("/bot/x"), Status: 200, Upstream: "http://bot.example.com:8080", Body: []byte(`{"a":1}`), BodyBytes: 7,
		UpstreamStatus: 200, Phases: [3]time.Duration{time.Millisecond, 2 * time.Millisecond, -1},
	})
	g = k.want(200, "GET", "/v1/routes/bot/requests", "")
	if err := fits(d, "RoutedList", g.body); err != nil {
		t.Error(err)
	}
	if !strings.Contains(g.text, `"phases":{"verify_ms":1,"connect_ms":2,"first_byte_ms":null,`) || strings.Contains(g.text, "callback_id") {
		t.Errorf("shown is %s", g.text)
	}
	id := k.kept.List(requests.Query{Of: requests.Route, Place: "bot", Most: 1})[0].ID
	one := k.want(200, "GET", "/v1/routes/bot/requests/"+id, "")
	if err := fits(d, "Routed", one.body); err != nil {
		t.Error(err)
	}
	if one.str("id") != id || one.str("body") != `{"a":1}` || strings.Contains(one.text, "body_preview") {
		t.Errorf("one is %s", one.text)
	}
	keep(k, "to a source")
	other := k.kept.List(requests.Query{Tenant: "acme", Place: "payments", Most: 1})[0].ID
	for _, path := range []string{"bot/requests/" + other, "nope/requests/" + id, "bot/requests/req_x"} {
		k.want(404, "GET", "/v1/routes/"+path, "")
	}
}
