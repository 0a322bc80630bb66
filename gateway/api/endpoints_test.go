package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/api"
)

const (
	crm    = `{"url": "https://crm.example.com/bot"}`
	crmOf  = v1Acme + "/endpoints/crm"
	events = v1Acme + "/events"
)

// receiver is an endpoint on loopback that keeps what it gets.
type receiver struct {
	url    string
	status atomic.Int32
	echo   atomic.Bool // answers a handshake
	got    chan received
}

type received struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{got: make(chan received, 100)}
	r.status.Store(200)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(int(r.status.Load()))
		if strings.HasPrefix(string(body), `{"token"`) {
			if r.echo.Load() {
				_, _ = w.Write(body)
			}
			return
		}
		r.got <- received{q.Header, string(body)}
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) next(t *testing.T) received {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was delivered")
		return received{}
	}
}

func (r *receiver) spec(more string) string { return fmt.Sprintf(`{"url": %q%s}`, r.url, more) }

func TestEndpointShowsWhatIsInForce(t *testing.T) {
	k := withAcme(t)
	created := k.want(201, "PUT", crmOf, `{"url": "https://crm.example.com/bot", "headers": {"X-Own": "canary-own"}, "token_header": "X-Tok"}`)
	if !strings.HasPrefix(created.str("secret"), "whsec_") {
		t.Errorf("no secret is shown: %s", created.text)
	}
	read := k.want(200, "GET", crmOf, "")
	if set, err := time.Parse(time.RFC3339, read.str("secret_set_at")); err != nil || time.Since(set) > time.Minute {
		t.Errorf("the secret was set %q", read.str("secret_set_at"))
	}
	delete(created.body, "secret")
	if !reflect.DeepEqual(created.body, read.body) {
		t.Errorf("PUT answers\n%s\nGET\n%s", created.text, read.text)
	}
	for member, want := range map[string]string{
		"enabled": "true", "event_types": "[*]", "timeout": "15s", "concurrency": "16", "ordered": "false", "ordered_hold": "1h", "disable_after": "5d",
		"token": "", "token_header": "X-Tok", "verified": "true", "verification_error": "<nil>", "paused": "false", "disabled_reason": "<nil>",
		"queue_depth": "0", "format": "", "managed_by": "api", "id": "crm", "batch": "<nil>", "rate_limit": "<nil>", "old_secrets_until": "<nil>",
		"headers": "map[X-Own:canary-own]", "auth": "map[type:none]", "sign": "map[secrets:[***] type:standard]",
		"breaker": "map[enabled:true failures:5 last_probe:<nil> max_open:10m open:30s open_until:<nil> ratio:0.5 state:closed window:1m]",
		"retry":   "map[initial:<nil> jitter:0.2 max:<nil> max_age:<nil> max_attempts:<nil> multiplier:<nil> never:[] schedule:[5s 30s 5m 30m 2h 5h 10h 14h]]",
	} {
		if got := fmt.Sprint(read.body[member]); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	again := k.want(200, "PUT", crmOf, read.text)
	delete(again.body, "updated_at")
	delete(read.body, "updated_at")
	if !reflect.DeepEqual(again.body, read.body) {
		t.Errorf("written back it is\n%s\nwas\n%s", again.text, read.text)
	}
	if text := k.as(k.token("platform", ""), "GET", crmOf, "").text; strings.Contains(text, "canary") || !strings.Contains(text, `"X-Own":"***"`) {
		t.Errorf("the platform sees %s", text)
	}
	k.want(201, "PUT", v1Acme+"/endpoints/erp", `{"url": "https://erp.example.com/", "sign": {"type": "standard-ed25519"}}`)
	if ids := k.pages(v1Acme + "/endpoints?limit=1"); !slices.Equal(ids, []string{"crm", "erp"}) {
		t.Errorf("listed %q", ids)
	}
	if logs := k.logged(); strings.Contains(logs, "canary") || strings.Contains(logs, "whs") {
		t.Errorf("a secret is in the logs:\n%s", logs)
	}
	k.want(204, "DELETE", crmOf, "")
	k.want(404, "GET", crmOf, "")
	k.want(404, "DELETE", crmOf, "")
	if g := k.do("PUT", crmOf, `{"url": "https://x.example.com/", "concurrency": 0, "headers": {"Host": "h"}}`); g.status != 422 || !slices.Equal(g.paths(), []string{"headers.Host", "concurrency"}) {
		t.Errorf("a bad endpoint: %d %s", g.status, g.text)
	}
}

func TestEndpointOfTheFile(t *testing.T) {
	k := newKit(t)
	const path = "/v1/tenants/filed/endpoints/e"
	if g := k.want(200, "GET", path, ""); g.str("managed_by") != "file" || fmt.Sprint(g.body["sign"]) != "map[type:none]" {
		t.Errorf("it is shown as %s", g.text)
	}
	for _, c := range [][2]string{{"PUT", path}, {"DELETE", path}, {"POST", path + "/rotate-secret"}} {
		if g := k.do(c[0], c[1], `{}`); g.status != 409 || g.code() != "managed_by_file" {
			t.Errorf("%s %s: %d %s", c[0], c[1], g.status, g.text)
		}
	}
	if g := k.want(200, "POST", path+"/pause", ""); g.body["paused"] != true {
		t.Errorf("paused, it is %s", g.text)
	}
}

func TestHandshake(t *testing.T) {
	k, r := withAcme(t), newReceiver(t)
	g := k.want(201, "PUT", crmOf, r.spec(`, "token": "canary-token"`))
	if g.body["verified"] != false || g.str("verification_error") == "" || g.str("token") != "***" || strings.Contains(g.text, "canary") {
		t.Errorf("with a receiver that does not know the token it is %s", g.text)
	}
	if g = k.want(200, "POST", crmOf+"/verify", ""); g.body["verified"] != false {
		t.Errorf("asked again it is %s", g.text)
	}
	r.echo.Store(true)
	if g = k.want(200, "POST", crmOf+"/verify", ""); g.body["verified"] != true || g.body["verification_error"] != nil {
		t.Errorf("with a receiver that knows it, it is %s", g.text)
	}
	r.echo.Store(false)
	if g = k.want(200, "PUT", crmOf, r.spec(`, "token": "***", "timeout": 3`)); g.body["verified"] != true {
		t.Errorf("another timeout asks for another proof: %s", g.text)
	}
	if g = k.want(200, "PUT", crmOf, r.spec(`, "token": "another"`)); g.body["verified"] != false {
		t.Errorf("another token asks for no proof: %s", g.text)
	}
}

// The age of a secret is that of what stands in sign, or in verify: other members written
// leave it as it is; where there is none it is null.
func TestSecretsTellTheirAge(t *testing.T) {
	k := withAcme(t)
	source := v1Acme + "/sources/bank"
	of := func(path string) string { return k.want(200, "GET", path, "").str("secret_set_at") }
	later := func() { // moments are told in milliseconds
		for was := time.Now().UnixMilli(); time.Now().UnixMilli() <= was; {
			runtime.Gosched()
		}
	}
	const verified = `{"verify": {"type": "token", "in": "header", "name": "X-T", "secrets": ["%s"]}, "no_key": "%s"}`
	k.want(201, "PUT", source, fmt.Sprintf(verified, "a-token-of-16-letters", "reject"))
	k.want(201, "PUT", crmOf, crm)
	for path, steps := range map[string][2][3]string{
		source: {{"PUT", source, fmt.Sprintf(verified, "***", "ignore")}, {"PUT", source, fmt.Sprintf(verified, "another-token-of-16", "ignore")}},
		crmOf:  {{"PUT", crmOf, `{"url": "https://crm.example.com/bot", "concurrency": 3}`}, {"POST", crmOf + "/rotate-secret", ""}},
	} {
		first := of(path)
		if first == "" {
			t.Errorf("%s does not tell when its secret was set", path)
		}
		later()
		k.want(200, steps[0][0], steps[0][1], steps[0][2])
		if now := of(path); now != first {
			t.Errorf("%s: another member written, its secret is of %s, was of %s", path, now, first)
		}
		k.want(200, steps[1][0], steps[1][1], steps[1][2])
		if now := of(path); now <= first {
			t.Errorf("%s: a new secret is of %s, the old one was of %s", path, now, first)
		}
	}
	k.want(200, "PUT", source, `{"verify": {"type": "none"}}`)
	k.want(200, "PUT", crmOf, `{"url": "https://crm.example.com/bot", "sign": {"type": "none"}}`)
	for _, path := range []string{source, crmOf, "/v1/tenants/filed/endpoints/e"} {
		if set := k.want(200, "GET", path, "").body["secret_set_at"]; set != nil {
			t.Errorf("%s without a secret of ours says %v", path, set)
		}
	}
}

func TestRotateOverTheAPI(t *testing.T) {
	k, r := withAcme(t), newReceiver(t)
	first := k.want(201, "PUT", crmOf, r.spec("")).str("secret")
	second := k.want(200, "POST", crmOf+"/rotate-secret", "")
	if until, err := time.Parse(time.RFC3339, second.str("old_secrets_until")); err != nil || time.Until(until) < 23*time.Hour || time.Until(until) > 24*time.Hour ||
		second.str("secret") == first || second.str("secret") == "" {
		t.Errorf("rotated, it answers %s", second.text)
	}
	k.want(202, "POST", crmOf+"/test", `{"event_type": "status"}`)
	got := r.next(t)
	if n := len(strings.Fields(got.header.Get("webhook-signature"))); n != 2 || !strings.Contains(got.body, `"status"`) {
		t.Errorf("delivered %s with %d signatures", got.body, n)
	}
	if g := k.want(200, "GET", crmOf, ""); g.str("secret") != "" || g.str("old_secrets_until") == "" {
		t.Errorf("later it is shown as %s", g.text)
	}
	if g := k.want(200, "POST", crmOf+"/rotate-secret", `{"overlap": "30d"}`); g.str("secret") == "" {
		t.Errorf("with an overlap of its own it answers %s", g.text)
	}
	for body, path := range map[string]string{`{"overlap": "31d"}`: "overlap", `{"overlap": "x"}`: "overlap", `{"overlaps": 1}`: "overlaps"} {
		if g := k.do("POST", crmOf+"/rotate-secret", body); g.status != 422 || !slices.Equal(g.paths(), []string{path}) {
			t.Errorf("%s: %d %s", body, g.status, g.text)
		}
	}
	pair := k.want(201, "PUT", v1Acme+"/endpoints/ed", `{"url": "https://x.example.com/", "sign": {"type": "standard-ed25519"}}`)
	if !strings.HasPrefix(pair.str("secret"), "whsk_") || !strings.HasPrefix(pair.str("public_key"), "whpk_") {
		t.Errorf("an Ed25519 endpoint answers %s", pair.text)
	}
}

// A paused endpoint keeps what is for it; by hand it is cancelled and sent again.
func TestByHand(t *testing.T) {
	k, r := withAcme(t), newReceiver(t)
	k.want(201, "PUT", crmOf, r.spec(""))
	if g := k.want(200, "POST", crmOf+"/pause", ""); g.body["paused"] != true {
		t.Errorf("paused, it is %s", g.text)
	}
	test := k.want(202, "POST", crmOf+"/test", "")
	delivery := v1Acme + "/deliveries/" + test.str("delivery_id")
	if g := k.want(200, "GET", delivery, ""); g.str("state") != "pending" || g.str("event_type") != "message" || fmt.Sprint(g.body["event_ids"]) != "["+test.str("event_id")+"]" {
		t.Errorf("the test is %s", g.text)
	}
	if g := k.want(200, "GET", crmOf, ""); fmt.Sprint(g.body["queue_depth"]) != "1" {
		t.Errorf("with one delivery waiting it is %s", g.text)
	}
	if g := k.want(200, "POST", delivery+"/cancel", ""); g.str("state") != "cancelled" || g.body["ended_at"] == nil {
		t.Errorf("cancelled, it is %s", g.text)
	}
	if g := k.do("POST", delivery+"/cancel", ""); g.status != 409 || g.code() != "delivery_ended" {
		t.Errorf("cancelled again: %d %s", g.status, g.text)
	}
	replayed(k, crmOf+"/replay", `{"state": "cancelled", "event_types": ["status"]}`, 0)
	replayed(k, crmOf+"/replay", `{"state": "cancelled", "since": "2020-01-01T00:00:00Z", "event_types": ["message"], "limit": 5}`, 1)
	k.want(200, "POST", delivery+"/cancel", "")
	if g := k.want(202, "POST", delivery+"/retry", ""); g.str("state") != "pending" || g.body["ended_at"] != nil {
		t.Errorf("retried, it is %s", g.text)
	}
	if g := k.want(200, "POST", crmOf+"/resume", ""); g.body["paused"] != false {
		t.Errorf("resumed, it is %s", g.text)
	}
	if got := r.next(t); got.header.Get("webhook-id") != test.str("event_id") {
		t.Errorf("delivered %v", got.header)
	}
	// An event as somebody writes it goes to this endpoint alone, too; by a dry run it is seen first.
	sample := k.want(200, "POST", crmOf+"/test", `{"event_type": "message/image", "dry_run": true}`)
	if !strings.Contains(sample.text, `{"event":{"event":{"type":"message"`) || !strings.Contains(sample.text, `"type":"image"`) {
		t.Errorf("the sample is %s", sample.text)
	}
	given := k.want(202, "POST", crmOf+"/test", `{"event": {"event": {"type": "order.paid", "n": 1.50}, "conversation": {"key": "c-7"}}}`)
	if got := r.next(t); got.header.Get("webhook-id") != given.str("event_id") || !strings.Contains(got.body, `"n": 1.50`) && !strings.Contains(got.body, `"n":1.50`) {
		t.Errorf("delivered %v %s", got.header, got.body)
	}
	if g := k.want(200, "GET", v1Acme+"/events/"+given.str("event_id"), ""); g.str("type") != "order.paid" || g.str("conversation_key") != "c-7" {
		t.Errorf("the event is %s", g.text)
	}
	for _, c := range []struct{ path, body, fault string }{
		{"/test", `{"event": {"event": {"type": "Odd Type"}}}`, "event.event.type"}, {"/test", `{"event": {}}`, "event.event.type"}, {"/test", `{"event": {"event": {"type": "a"}}, "event_type": "b"}`, "event_type"},
		{"/test", `{"event_type": "status/text"}`, "event_type"}, {"/test", `{"event_type": "Message"}`, "event_type"}, {"/test", `{"type": "x"}`, "type"},
		{"/replay", `{"state": "odd"}`, "state"}, {"/replay", `{"limit": 0}`, "limit"}, {"/replay", `{"since": "yesterday"}`, "since"},
		{"/replay", `{"event_types": ["message/text"]}`, "event_types[0]"},
		{"/replay", `{"event_types": [` + strings.Repeat(`"message",`, 100) + `"status"]}`, "event_types"}, // each delivery is compared with each
	} {
		if g := k.do("POST", crmOf+c.path, c.body); g.status != 422 || !slices.Equal(g.paths(), []string{c.fault}) {
			t.Errorf("%s %s: %d %s", c.path, c.body, g.status, g.text)
		}
	}
	if g := k.do("POST", crmOf+"/replay", `{`); g.status != 400 {
		t.Errorf("half a body: %d %s", g.status, g.text)
	}
}

// An endpoint that hookgate disabled is shown as such, and a PUT starts it anew.
func TestDisabledEndpoint(t *testing.T) {
	k, r := withAcme(t), newReceiver(t)
	k.want(201, "PUT", crmOf, r.spec(""))
	r.status.Store(http.StatusGone)
	k.want(202, "POST", crmOf+"/test", "")
	r.next(t)
	var g got
	for deadline := time.Now().Add(10 * time.Second); g.body["disabled_reason"] == nil; { // the receiver answers before the lane has settled
		if g = k.want(200, "GET", crmOf, ""); time.Now().After(deadline) {
			t.Fatalf("after 410 it is %s", g.text)
		}
	}
	if g.body["enabled"] != false {
		t.Errorf("disabled, it is %s", g.text)
	}
	e := k.here.Current().Tenant("acme").Endpoint("crm")
	s, err := k.lanes.Status("acme", "crm")
	k.must(err)
	if text, err := api.ShowEndpoint(e, s); err != nil || !strings.Contains(string(text), `"disabled_reason":"`) {
		t.Errorf("the notice shows %s, %v", text, err)
	}
	r.status.Store(200)
	if g := k.want(200, "PUT", crmOf, r.spec("")); g.body["enabled"] != true || g.body["disabled_reason"] != nil {
		t.Errorf("written again, it is %s", g.text)
	}
}
