package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// An act asks first, is done once however often its form is sent, and says what happened.
func TestConsoleActs(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in = "/console/tenants/acme"
	pause := in + "/endpoints/crm/pause"
	key := b.want(200, in+"/endpoints/crm").key(t)
	b.post(pause, url.Values{"key": {key}}).has(t, "Pause?", "this 1 endpoint")
	paused := func() bool {
		return strings.Contains(w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints/crm", nil).String(), `"paused":true`)
	}
	if paused() {
		t.Fatal("it was done before it was asked")
	}
	sure := url.Values{"key": {key}, "sure": {"1"}}
	if got := b.post(pause, sure); got.status != 303 || got.header.Get("Location") != in+"/endpoints/crm" || !paused() {
		t.Fatalf("pausing: %d %v", got.status, got.header)
	}
	told := b.want(200, in+"/endpoints/crm")
	told.has(t, "The endpoint is paused", "the endpoint is paused")
	b.want(200, in+"/endpoints/crm").hasNot(t, "The endpoint is paused:") // it is said once
	w.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/endpoints/crm/resume", nil)
	if got := b.post(pause, sure); got.status != 303 || paused() {
		t.Errorf("the form that is sent twice: %d, paused %v", got.status, paused())
	}
	b.want(200, in+"/endpoints/crm").has(t, "sent twice")
	if got := b.get(pause); got.status != 303 || paused() {
		t.Errorf("a GET of an act: %d", got.status)
	}
	// What was refused can be tried again with the same form.
	extend := in + "/waits/" + w.Wait + "/extend"
	key = b.want(200, extend).key(t)
	if got := b.post(extend, url.Values{"key": {key}, "timeout_seconds": {"900"}}); got.status != 422 || !strings.Contains(got.text, `aria-invalid="true"`) || !strings.Contains(got.text, `value="900"`) {
		t.Errorf("too long: %d %s", got.status, got.text)
	}
	if got := b.post(extend, url.Values{"key": {key}, "timeout_seconds": {"200"}}); got.status != 303 {
		t.Errorf("extending: %d %s", got.status, got.text)
	}
	b.want(200, in+"/waits/"+w.Wait).has(t, "The wait has 200 s from now")
	if got := b.post(in+"/waits/"+w.Ended+"/cancel", url.Values{"sure": {"1"}}); got.status != 303 {
		t.Errorf("cancelling what has ended: %d", got.status)
	}
	if got := b.want(200, in+"/waits/"+w.Ended); !strings.Contains(got.text, `said bad" role="alert"`) {
		t.Errorf("a refusal is no alert: %s", got.text)
	}
	b.post(in+"/requests/"+w.refused()+"/explain", url.Values{}).has(t, "Today it would be", "no header X-Token")
	b.post(in+"/webhooks/score/run", url.Values{"body": {`{"variables": {}}`}}).has(t, "success", "Answered 200", "<b>answer</b>", "absent")
	b.post(in+"/webhooks/score/run", url.Values{"body": {`{`}}).has(t, "is no JSON")
}

// refused gives a request to payments that was not verified.
func (w *consoleWorld) refused() string {
	w.t.Helper()
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	w.Admin().Must(w.t, []int{200}, "GET", "/v1/tenants/acme/sources/payments/requests?outcome=unauthenticated", nil).Decode(w.t, &list)
	if len(list.Data) == 0 {
		w.t.Fatal("no request was refused")
	}
	return list.Data[0].ID
}

// Who replays sees a plan, and types its number; the job has a page.
func TestConsoleReplay(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const at = "/console/tenants/acme/endpoints/crm/replay"
	form := url.Values{"key": {b.want(200, at).key(t)}, "state": {"dead"}}
	b.post(at, form).has(t, "1 delivery is sent again", "Type 1 to send them")
	form.Set("count", "2")
	if got := b.post(at, form); got.status != 422 {
		t.Errorf("another number: %d", got.status)
	}
	form.Set("count", "1")
	got := b.post(at, form)
	if got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), "/console/jobs/job_") {
		t.Fatalf("replaying: %d %v %s", got.status, got.header, got.text)
	}
	job := b.want(200, got.header.Get("Location"))
	job.has(t, "crm", "1 delivery is sent again")
	told := regexp.MustCompile(`href="([^"]*)">by whom, the audit says`).FindStringSubmatch(job.text)
	if told == nil {
		t.Fatalf("who began it is not told: %s", job.text)
	}
	b.want(200, strings.ReplaceAll(told[1], "&amp;", "&")).has(t, "replay", "tenants/acme/endpoints/crm")
	b.want(200, "/console/jobs").has(t, "crm")
	const all = "/console/tenants/acme/deliveries/replay"
	b.want(200, "/console/tenants/acme/dead-letters").has(t, "Replay of all endpoints")
	every := url.Values{"key": {b.want(200, all).key(t)}, "state": {"succeeded"}}
	plan := b.post(all, every)
	plan.has(t, "all endpoints of acme", "archive: ", "Type ")
	every.Set("count", regexp.MustCompile(`Type (\d+) to send`).FindStringSubmatch(plan.text)[1])
	if got = b.post(all, every); got.status != 303 {
		t.Fatalf("replaying all: %d %s", got.status, got.text)
	}
	b.want(200, got.header.Get("Location")).has(t, "all of acme", "as each endpoint takes")
	form.Set("rate", "fast")
	form.Del("count")
	if got := b.post(at, form); got.status != 422 || !strings.Contains(got.words(), "a number of deliveries a second") {
		t.Errorf("an odd rate: %d %s", got.status, got.words())
	}
}

var etagOf = regexp.MustCompile(`name="etag" value="([^"]*)"`)

// Configuration is written through a form by the API's own rules, and never over what
// somebody else wrote meanwhile; what the file has is locked.
func TestConsoleForms(t *testing.T) {
	t.Parallel()
	w := newConsoleWorld(t)
	b := signedIn(t, w.Program, program.AdminToken)
	const in, v1 = "/console/tenants/acme", "/v1/tenants/acme"
	edit := in + "/endpoints/own/edit"
	page := b.want(200, edit)
	tag := strings.ReplaceAll(etagOf.FindStringSubmatch(page.text)[1], "&#34;", `"`)
	if got := b.post(edit, url.Values{"etag": {tag}, "json": {`{"url": "ftp://x"}`}}); got.status != 422 || !strings.Contains(got.words(), "url") {
		t.Errorf("an odd url: %d %s", got.status, got.words())
	}
	w.Admin().Must(t, []int{200}, "PUT", v1+"/endpoints/own", `{"url":"https://meanwhile.example.com/"}`)
	form := url.Values{"etag": {tag}, "json": {`{"url": "https://mine.example.com/"}`}}
	got := b.post(edit, form)
	if got.status != 412 || !strings.Contains(got.words(), "https://meanwhile.example.com/") {
		t.Fatalf("written over: %d %s", got.status, got.words())
	}
	form.Set("etag", strings.ReplaceAll(etagOf.FindStringSubmatch(got.text)[1], "&#34;", `"`))
	if got := b.post(edit, form); got.status != 303 {
		t.Errorf("knowing it: %d %s", got.status, got.words())
	}
	if text := w.Admin().Must(t, []int{200}, "GET", v1+"/endpoints/own", nil).String(); !strings.Contains(text, "https://mine.example.com/") {
		t.Errorf("it is %s", text)
	}
	b.want(200, in+"/endpoints/crm/edit").has(t, "The configuration file has this endpoint")
	if got := b.post(in+"/endpoints/crm/edit", url.Values{"json": {`{"url":"https://x.example.com/"}`}}); got.status != 409 {
		t.Errorf("what the file has: %d", got.status)
	}
	made := b.post(in+"/new/endpoints", url.Values{"id": {"fresh"}, "json": {`{"url":"https://fresh.example.com/"}`}})
	if made.status != 200 || !strings.Contains(made.text, "whsec_") {
		t.Errorf("the secret that was made up: %d %s", made.status, made.words())
	}
	b.want(200, in+"/endpoints/fresh").hasNot(t, "whsec_")
	if got := b.post(in+"/endpoints/fresh/delete", url.Values{"sure": {"1"}}); got.status != 303 || got.header.Get("Location") != in+"/endpoints" {
		t.Errorf("deleting: %d %v", got.status, got.header)
	}
	b.want(404, in+"/endpoints/fresh")
	if got := b.post("/console/new/tenants", url.Values{"id": {"newone"}, "json": {`{"name":"New"}`}}); got.status != 303 || got.header.Get("Location") != "/console/tenants/newone" {
		t.Errorf("a tenant: %d %v", got.status, got.header)
	}
	token := b.post("/console/tokens", url.Values{"scope": {"tenant"}, "tenant": {"newone"}, "name": {"n"}})
	text := regexp.MustCompile(`hg_tenant_\w+`).FindString(token.text)
	if text == "" {
		t.Fatalf("a token: %d %s", token.status, token.words())
	}
	b.want(200, "/console/tokens").hasNot(t, text)
	// What its scope may not do is not shown, and refused when asked.
	own := signedIn(t, w.Program, text)
	own.want(200, "/console").hasNot(t, "Tokens", "Configuration", "Routes", "acme", "New tenant2")
	for _, path := range []string{"/console/tokens", "/console/config", "/console/routes"} {
		own.want(403, path).has(t, "scope tenant", "scope admin")
	}
	own.want(404, in+"/waits")
	if got := own.post(in+"/endpoints/crm/pause", url.Values{"sure": {"1"}}); got.status != 404 {
		t.Errorf("another's endpoint: %d", got.status)
	}
	if got := own.post("/console/tokens", url.Values{"scope": {"admin"}}); got.status != 403 {
		t.Errorf("a token of scope admin: %d", got.status)
	}
	b.post("/console/config", url.Values{"url": {"/bot/x"}, "method": {"GET"}}).has(t, "Route", "bot")
	b.post("/console/config", url.Values{"variables": {`[{"name":"a","path":"x"}]`}, "body": {`{"x":"<b>1</b>"}`}}).has(t, "found", "<b>1</b>")
}
