package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// described is openapi.yaml, to which what really comes is held.
type described struct{ *openapi3.T }

func readDescription(t *testing.T) described {
	t.Helper()
	text, err := os.ReadFile("../../gateway/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return described{d}
}

// visit holds a body to what is said of its type.
func (d described) visit(content openapi3.Content, kind string, body []byte) error {
	kind, _, _ = mime.ParseMediaType(kind)
	media := content.Get(kind)
	if media == nil {
		return fmt.Errorf("%q is not described", kind)
	}
	var value any = string(body)
	if strings.HasSuffix(kind, "json") {
		if err := json.Unmarshal(body, &value); err != nil {
			return err
		}
	}
	return media.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020())
}

// answer holds an answer of the public listener to what is said of its status.
func (d described) answer(path string, a program.Answer) error {
	responses := d.Paths.Value(path).Post.Responses
	response := responses.Value(fmt.Sprint(a.Status))
	if response == nil && a.Status >= 400 {
		response = responses.Default()
	}
	if response == nil {
		return fmt.Errorf("%d is not described", a.Status)
	}
	for name, h := range response.Value.Headers {
		if a.Header.Get(name) == "" && (h.Value.Required || name == "Hookgate-Outcome" || name == "Retry-After" && a.Status == 429) {
			return fmt.Errorf("it has no %s", name)
		}
	}
	return d.visit(response.Value.Content, a.Header.Get("Content-Type"), a.Body)
}

// sent holds what came to an endpoint or to the platform to its description.
func (d described) sent(t *testing.T, name string, r gatewaytest.Received) {
	t.Helper()
	item := d.Webhooks[name]
	if item == nil {
		t.Fatalf("%s is not described", name)
	}
	for _, p := range item.Post.Parameters {
		if p.Value.In == "header" && r.Header.Get(p.Value.Name) == "" {
			t.Errorf("%s has no %s", name, p.Value.Name)
		}
	}
	if err := d.visit(item.Post.RequestBody.Value.Content, r.Header.Get("Content-Type"), r.Body); err != nil {
		t.Errorf("%s is not as described: %v\n%s", name, err, r.Body)
	}
}

// described sources, in the tenant of startOut.
const describedSources = toLoopback + `
public: { max_body: 4KiB }
tenants:
  acme:
    platform: { url: "%[1]s/platform", sign: &standard { type: standard, secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="] } }
    sources:
      plain: { verify: { type: none } }
      keyed: { verify: { type: none }, conversation_key: { in: path } }
      strict:
        verify: { type: none }
        early: { ttl: 0 }
        match: [{ name: paid, branch: SUCCESS, when: [{ path: type, equals: paid }] }]
        variables: [{ name: amount, path: amount, required: true }]
        variables_max: 64
        methods: [POST]
      slow: { verify: { type: none }, rate_limit: { per_second: 0.001, burst: 2 } }
      shut: { verify: { type: bearer, secrets: [a-token-of-16-characters] } }
      list: { verify: { type: none }, each: "[*]", conversation_key: { path: item.k }, early: { max: 3 } }
      pinned: { verify: { type: none }, conversation_key: { path: k }, early: { ttl: 0 }, respond: { status: 200 } }
    endpoints:
      crm: { url: "%[1]s/crm", token: proof, sign: *standard }
      events: { url: "%[1]s/events", format: cloudevents, sign: *standard }
      batches: { url: "%[1]s/batches", format: cloudevents, sign: *standard, batch: { max_events: 10, max_wait: 50ms } }
    webhooks:
      slow: { url: "%[1]s/backend", mode: async }
routes:
  bot: { tenant: acme, match: { path: /bot }, mode: relay, upstreams: [{ url: "%[1]s" }] }
`

// everyone is the platform, the endpoints and the backend of a test: it answers with what
// came, which a handshake wants to hear.
func everyone(t *testing.T) *gatewaytest.Receiver {
	t.Helper()
	r := gatewaytest.NewReceiver(t)
	r.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		if q.Path == "/gone" {
			return gatewaytest.Reply{Status: 410}
		}
		return gatewaytest.Reply{Header: map[string][]string{"Content-Type": {"application/json"}}, Body: string(q.Body)}
	})
	return r
}

// What the public listener answers is what openapi.yaml says, for every outcome that a
// sender can bring about.
func TestPublicAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	d, p := readDescription(t), program.Start(t, program.Options{Config: fmt.Sprintf(describedSources, everyone(t).URL)})
	seen := map[gateway.Outcome]bool{}
	post := func(status int, target, body string, fields ...string) {
		t.Helper()
		a, err := p.Sender().Do(t.Context(), "POST", "/hooks/acme/"+target, body, fields...)
		if err != nil {
			t.Fatal(err)
		}
		path := "/hooks/{tenant}/{source}"
		if strings.Contains(target, "/") {
			path += "/{key}"
		}
		if a.Status != status {
			t.Errorf("%s %s: %d, want %d", target, body, a.Status, status)
		}
		if err := d.answer(path, a); err != nil {
			t.Errorf("%s %.60s is not as described: %v\n%s", target, body, err, a)
		}
		seen[gateway.Outcome(a.Header.Get("Hookgate-Outcome"))] = true
	}
	post(202, "plain", `{"conversation_key":"early"}`)
	post(200, "plain", `{"conversation_key":"early"}`)
	openFor(t, p, "keyed", "k/1")
	post(200, "keyed/k%2F1", `{}`)
	post(409, "keyed/k%2F1", `{"another":1}`)
	cancelled := openFor(t, p, "strict", "k2").Field("id")
	post(200, "strict", `{"conversation_key":"k2","type":"other"}`)
	post(422, "strict", `{"conversation_key":"k2","type":"paid"}`)
	post(422, "strict", `{"conversation_key":"k2","type":"paid","amount":"`+strings.Repeat("9", 100)+`"}`)
	post(422, "strict", `{"type":"paid"}`)
	p.Admin().Must(t, []int{200}, "DELETE", acmeWaits+"/"+cancelled, nil)
	post(410, "strict", `{"conversation_key":"k2","type":"paid","amount":1}`)
	post(404, "strict", `{"conversation_key":"k3","type":"paid","amount":1}`)
	post(404, "nobody", `{}`)
	post(400, "plain", `{`)
	post(413, "plain", strings.Repeat(" ", 5<<10))
	post(415, "plain", `{}`, "Content-Encoding: brotli")
	post(401, "shut", `{}`)
	post(202, "slow", `{"conversation_key":"a"}`)
	post(202, "slow", `{"conversation_key":"b"}`)
	post(429, "slow", `{"conversation_key":"c"}`)
	post(200, "pinned", `{"k":"a"}`)
	post(202, "list", `[{"k":"a"},{"k":"b"},{}]`)
	post(200, "list", `[]`)
	post(429, "list", `[{"k":"c"},{"k":"d"},{"k":"e"}]`)
	post(413, "list", `[`+strings.Repeat(`1,`, 1000)+`1]`)
	if a, err := p.Sender().Do(t.Context(), "PUT", "/hooks/acme/strict", `{}`); err != nil || a.Status != 405 || d.answer("/hooks/{tenant}/{source}", a) != nil {
		t.Errorf("another method: %s, %v", a, err)
	} else {
		seen[gateway.OutcomeNotAllowed] = true
	}
	head := p.Sender().Must(t, []int{200}, "HEAD", "/hooks/acme/plain", nil)
	asked := p.Sender().Must(t, []int{204}, "OPTIONS", "/hooks/acme/plain", nil)
	if len(head.Body)+len(asked.Body) > 0 || asked.Header.Get("Allow") == "" {
		t.Errorf("who only looks hears %s, %s", head, asked)
	}
	for range 2 {
		a := p.Sender().Must(t, []int{200}, "POST", "/bot", `{}`, "Idempotency-Key: once")
		if err := d.answer("/{route}", a); err != nil {
			t.Errorf("a relay's answer is not as described: %v\n%s", err, a)
		}
	}
	// What takes a store that fails, too much work or a provider stands in tests of its own.
	for _, o := range gateway.Outcomes {
		if !seen[o] && !slices.Contains([]gateway.Outcome{gateway.OutcomeUnavailable, gateway.OutcomeTooComplex, gateway.OutcomeHandshake}, o) {
			t.Errorf("nothing came to %s: %q", o, slices.Collect(maps.Keys(seen)))
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
