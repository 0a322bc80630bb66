package main

import (
	"encoding/json"
	"fmt"
	"mime"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

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
