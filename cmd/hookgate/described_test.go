package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// What the public listener answers is what openapi.yaml says, for every outcome that a
// sender can bring about.
func TestPublicAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	l := &listener{
		described: readDescription(t), seen: map[gateway.Outcome]bool{},
		p: program.Start(t, program.Options{Config: fmt.Sprintf(describedSources, everyone(t).URL)}),
	}
	l.takes(t)
	l.refuses(t)
	l.takesBatches(t)
	l.relays(t)
	// What takes a store that fails, too much work or a provider stands in tests of its own.
	elsewhere := []gateway.Outcome{gateway.OutcomeUnavailable, gateway.OutcomeTooComplex, gateway.OutcomeHandshake}
	for _, o := range gateway.Outcomes {
		if !l.seen[o] && !slices.Contains(elsewhere, o) {
			t.Errorf("nothing came to %s: %q", o, slices.Collect(maps.Keys(l.seen)))
		}
	}
}

// listener is the public one, whose answers are held to their description.
type listener struct {
	described
	p    *program.Program
	seen map[gateway.Outcome]bool
}

// post sends a callback that has to be answered with this status.
func (l *listener) post(t *testing.T, status int, target, body string, fields ...string) {
	t.Helper()
	l.sends(t, "POST", status, target, body, fields...)
}

func (l *listener) sends(t *testing.T, method string, status int, target, body string, fields ...string) {
	t.Helper()
	a, err := l.p.Sender().Do(t.Context(), method, "/hooks/acme/"+target, body, fields...)
	if err != nil {
		t.Fatal(err)
	}
	path := "/hooks/{tenant}/{source}"
	if strings.Contains(target, "/") {
		path += "/{key}"
	}
	if a.Status != status {
		t.Errorf("%s %.60s: %d, want %d", target, body, a.Status, status)
	}
	if err := l.answer(path, a); err != nil {
		t.Errorf("%s %.60s is not as described: %v\n%s", target, body, err, a)
	}
	l.seen[gateway.Outcome(a.Header.Get("Hookgate-Outcome"))] = true
}

func (l *listener) takes(t *testing.T) {
	l.post(t, 202, "plain", `{"conversation_key":"early"}`)
	l.post(t, 200, "plain", `{"conversation_key":"early"}`)
	openFor(t, l.p, "keyed", "k/1")
	l.post(t, 200, "keyed/k%2F1", `{}`)
	l.post(t, 409, "keyed/k%2F1", `{"another":1}`)
	cancelled := openFor(t, l.p, "strict", "k2").Field("id")
	l.post(t, 200, "strict", `{"conversation_key":"k2","type":"other"}`)
	l.post(t, 422, "strict", `{"conversation_key":"k2","type":"paid"}`)
	l.post(t, 422, "strict", `{"conversation_key":"k2","type":"paid","amount":"`+strings.Repeat("9", 100)+`"}`)
	l.post(t, 422, "strict", `{"type":"paid"}`)
	l.p.Admin().Must(t, []int{200}, "DELETE", acmeWaits+"/"+cancelled, nil)
	l.post(t, 410, "strict", `{"conversation_key":"k2","type":"paid","amount":1}`)
	l.post(t, 404, "strict", `{"conversation_key":"k3","type":"paid","amount":1}`)
	l.post(t, 200, "pinned", `{"k":"a"}`)
}

func (l *listener) refuses(t *testing.T) {
	l.post(t, 404, "nobody", `{}`)
	l.post(t, 400, "plain", `{`)
	l.post(t, 413, "plain", strings.Repeat(" ", 5<<10))
	l.post(t, 415, "plain", `{}`, "Content-Encoding: brotli")
	l.post(t, 401, "shut", `{}`)
	l.sends(t, "PUT", 405, "strict", `{}`)
	l.post(t, 202, "slow", `{"conversation_key":"a"}`)
	l.post(t, 202, "slow", `{"conversation_key":"b"}`)
	l.post(t, 429, "slow", `{"conversation_key":"c"}`)
	head := l.p.Sender().Must(t, []int{200}, "HEAD", "/hooks/acme/plain", nil)
	asked := l.p.Sender().Must(t, []int{204}, "OPTIONS", "/hooks/acme/plain", nil)
	if len(head.Body)+len(asked.Body) > 0 || asked.Header.Get("Allow") == "" {
		t.Errorf("who only looks hears %s, %s", head, asked)
	}
}

func (l *listener) takesBatches(t *testing.T) {
	l.post(t, 202, "list", `[{"k":"a"},{"k":"b"},{}]`)
	l.post(t, 200, "list", `[]`)
	l.post(t, 429, "list", `[{"k":"c"},{"k":"d"},{"k":"e"}]`)
	l.post(t, 413, "list", `[`+strings.Repeat(`1,`, 1000)+`1]`)
}

func (l *listener) relays(t *testing.T) {
	for range 2 {
		a := l.p.Sender().Must(t, []int{200}, "POST", "/bot", `{}`, "Idempotency-Key: once")
		if err := l.answer("/{route}", a); err != nil {
			t.Errorf("a relay's answer is not as described: %v\n%s", err, a)
		}
	}
}

// What endpoints and the platform get is what openapi.yaml says.
func TestDeliveriesAndNoticesFitTheDescription(t *testing.T) {
	t.Parallel()
	d, all := readDescription(t), everyone(t)
	p := program.Start(t, program.Options{Config: fmt.Sprintf(describedSources, all.URL)})
	came := func(name, path, with string) {
		t.Helper()
		r, err := all.Await(t.Context(), func(r gatewaytest.Received) bool { return r.Path == path && strings.Contains(string(r.Body), with) })
		if err != nil {
			t.Fatal(err)
		}
		d.sent(t, name, r)
	}
	notify := func(key string, seconds int) string {
		body := map[string]any{"source": "plain", "conversation_key": key, "mode": "notify", "timeout_seconds": seconds, "context": map[string]any{"step": "7"}}
		return p.Admin().Must(t, []int{201}, "POST", acmeWaits, body).Field("id")
	}
	notify("late", 1)
	notify("resumed", 300)
	sends(t, p, "resumed", "plain", `{"conversation_key":"resumed","amount":1}`)
	p.Admin().Must(t, []int{200}, "DELETE", acmeWaits+"/"+notify("cancelled", 300), nil)
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/webhooks/slow/call", `{"context":{"a":1}}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/gone", map[string]any{"url": all.URL + "/gone"})
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/endpoints/gone/test", `{}`)
	item := `{"event":{"type":"status"},"conversation":{"key":"c"}}`
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[`+item+`,`+item+`]}`)
	came("handshake", "/crm", `"token"`)
	for _, path := range []string{"/crm", "/events", "/batches"} {
		came("events", path, `"status"`)
	}
	for _, name := range []string{gateway.NoticeWaitResumed, gateway.NoticeWaitCancelled, gateway.NoticeCallFinished, gateway.NoticeDisabled, gateway.NoticeWaitTimedOut} {
		came(name, "/platform", `"type":"`+name+`"`)
	}
	sends(t, p, "late", "plain", `{"conversation_key":"late","amount":1}`)
	came(gateway.NoticeCallbackLate, "/platform", `"type":"`+gateway.NoticeCallbackLate+`"`)
}

// The description is a page for people too, on the internal listener alone.
func TestPageOfTheAPI(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: fmt.Sprintf(describedSources, everyone(t).URL)})
	a, err := program.NewClient(t, p.Internal, "").Do(t.Context(), "GET", "/docs", "")
	if err != nil || a.Status != 200 || !strings.Contains(string(a.Body), "/v1/tenants/{tenant}/waits") {
		t.Errorf("%v: %.200s", err, a.Body)
	}
	if a, err := p.Sender().Do(t.Context(), "GET", "/docs", ""); err != nil || a.Status != 404 {
		t.Errorf("on the public listener: %d, %v", a.Status, err)
	}
}
