package directory_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/transport"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

var strict = directory.Options{MaxBody: 1 << 20, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader}

const crmURL = "https://crm.example.com/bot"

// read decodes what an operator writes.
func read[T any](t testing.TB, text string) (spec T) {
	t.Helper()
	tree, err := fields.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if faults := fields.Decode(tree, &spec); len(faults) > 0 {
		t.Fatalf("%s: %v", text, faults)
	}
	return spec
}

func endpoint(t testing.TB, id, text string) *directory.Endpoint {
	t.Helper()
	spec := read[gateway.Endpoint](t, text)
	if spec.URL == "" {
		spec.URL = crmURL
	}
	e, faults := directory.CompileEndpoint(gateway.Meta{ID: id}, spec, nil, strict)
	if len(faults) > 0 {
		t.Fatalf("endpoint %s %s: %v", id, text, faults)
	}
	return e
}

func TestEndpointDefaults(t *testing.T) {
	s := build(nil, tenant(t, "acme", gateway.Tenant{}).HavingEndpoints(endpoint(t, "crm", `{}`)))
	e := s.Tenant("acme").Endpoint("crm")
	if !e.Enabled || e.Tenant != s.Tenant("acme") || e.Timeout != 15*time.Second || e.Concurrency != 16 || e.Rate != nil || e.TokenHeader != "X-Webhook-Token" ||
		e.Batch != (directory.Batch{MaxEvents: 1}) || e.Ordered || e.OrderedHold != time.Hour || e.Spec.Format != "" || e.DisableAfter != 120*time.Hour ||
		e.ProofKey != (gateway.MarkKey{}) || e.Signer == nil || !e.OldUntil.IsZero() {
		t.Errorf("an endpoint that says nothing is %+v", e)
	}
	if !reflect.DeepEqual(e.Retry, retry.Default()) || *e.Breaker != breaker.Default() {
		t.Errorf("retries %+v, breaks %+v", e.Retry, e.Breaker)
	}
	if e.Metrics == nil {
		t.Error("it has no metrics")
	}
}

func TestEndpointSettings(t *testing.T) {
	e := endpoint(t, "crm", `{"timeout": "3s", "concurrency": 2, "rate_limit": 5, "batch": {"max_events": 10}, "ordered": true, "ordered_hold": "1m",
		"format": "cloudevents", "disable_after": 0, "token": "t", "token_header": "X-T", "retry": {"schedule": [], "never": ["4xx"]},
		"breaker": {"enabled": false, "open": "20m"}}`)
	if e.Timeout != 3*time.Second || e.Concurrency != 2 || e.Rate.Burst != 5 || e.Batch != (directory.Batch{MaxEvents: 10, MaxWait: time.Second}) || !e.Ordered ||
		e.OrderedHold != time.Minute || e.Spec.Format != directory.FormatCloudEvents || e.DisableAfter != 0 || e.Token != "t" || e.TokenHeader != "X-T" || e.Breaker != nil {
		t.Errorf("compiled %+v", e)
	}
	if len(e.Retry.Schedule) != 0 || e.Retry.Never[0] != "4xx" {
		t.Errorf("retries %+v", e.Retry)
	}
	on := endpoint(t, "crm", `{"breaker": {"open": "20m", "failures": 3}}`).Breaker
	if on.Open != 20*time.Minute || on.MaxOpen != 20*time.Minute || on.Failures != 3 || on.Ratio != 0.5 {
		t.Errorf("breaks %+v", on)
	}
}

func TestProofKey(t *testing.T) {
	key := endpoint(t, "crm", `{"token": "t"}`).ProofKey
	same := endpoint(t, "other", `{"token": "t", "token_header": "X-Other", "timeout": 1}`).ProofKey
	if key == (gateway.MarkKey{}) || key != same {
		t.Errorf("the proof of one url and token is %x and %x", key, same)
	}
	for _, text := range []string{`{"token": "u"}`, `{"token": "t", "url": "https://crm.example.com/bo"}`, `{}`} {
		if endpoint(t, "crm", text).ProofKey == key {
			t.Errorf("%s has the same proof", text)
		}
	}
}

func TestWants(t *testing.T) {
	for list, want := range map[string]map[string]bool{
		``:                               {"message/text": true, "status/": true},
		`"*"`:                            {"message/text": true, "own.type/": true},
		`"message", "*"`:                 {"status/": true},
		`"message"`:                      {"message/text": true, "message/": true, "status/": false, "messages/": false},
		`"message/text", "status"`:       {"message/text": true, "message/": false, "message/text.x": false, "status/": true},
		`"message/button.response"`:      {"message/button.response": true, "message/button": false},
		`"message/text", "message/form"`: {"message/form": true, "message/text": true, "message/list": false},
	} {
		e := endpoint(t, "crm", `{"event_types": [`+list+`]}`)
		for event, wants := range want {
			if eventType, kind, _ := strings.Cut(event, "/"); e.Wants(eventType, kind) != wants {
				t.Errorf("[%s] wants %s: %t", list, event, !wants)
			}
		}
	}
}

func TestWanting(t *testing.T) {
	s := build(nil, tenant(t, "acme", gateway.Tenant{}).HavingEndpoints(
		endpoint(t, "c", `{"event_types": ["message"]}`), endpoint(t, "a", `{}`), endpoint(t, "off", `{"enabled": false}`), endpoint(t, "b", `{"event_types": ["status"]}`)))
	acme := s.Tenant("acme")
	ids := func(eventType string) (all []string) {
		wanting := acme.Wanting(eventType, "text")
		for e := wanting.Next(); e != nil; e = wanting.Next() {
			all = append(all, e.ID)
		}
		return all
	}
	if got := ids("message"); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("messages go to %q", got)
	}
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		wanting := acme.Wanting("message", "text")
		for e := wanting.Next(); e != nil; e = wanting.Next() {
			n += len(e.ID)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
	if acme = s.With(acme.WithoutEndpoint("a")).Tenant("acme"); !slices.Equal(ids("message"), []string{"c"}) || len(acme.Endpoints()) != 3 {
		t.Errorf("without a, messages go to %q", ids("message"))
	}
}

func TestEndpointHeaders(t *testing.T) {
	e := endpoint(t, "crm", `{"headers": {"x-own": "mine"}, "auth": {"type": "bearer", "token": "b"}, "token": "t", "token_header": "X-Tok"}`)
	acme := tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "X-Own", Value: "theirs"}, {Name: "Authorization", Value: "theirs"}, {Name: "x-tok", Value: "theirs"}, {Name: "X-T", Value: "theirs"}}})
	want := []directory.Header{{Name: "x-own", Value: "mine"}, {Name: "Authorization", Value: "Bearer b"}, {Name: "X-T", Value: "theirs"}}
	if got := acme.WithEndpoint(e).Endpoint("crm").Headers; !slices.Equal(got, want) {
		t.Errorf("headers are %d: %s", len(got), names(got))
	}
	moved := tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "X-New", Value: "n"}}}).HavingEndpoints(acme.WithEndpoint(e).Endpoints()...)
	if got := names(moved.Endpoint("crm").Headers); got != "x-own Authorization X-New" {
		t.Errorf("after the tenant changed, headers are %s", got)
	}
}

func names(list []directory.Header) string {
	all := make([]string, len(list))
	for i, h := range list {
		all[i] = h.Name
	}
	return strings.Join(all, " ")
}

func TestEndpointFaults(t *testing.T) {
	long := strings.Repeat("X", 257)
	for text, want := range map[string]string{
		`{"url": ""}`:                         "url",
		`{"url": "ftp://x.example.com/"}`:     "url",
		`{"url": "https://x.example.com:25"}`: "url",
		`{"concurrency": 0}`:                  "concurrency",
		`{"concurrency": 1001}`:               "concurrency",
		`{"timeout": "61s"}`:                  "timeout",
		`{"timeout": 0}`:                      "timeout",
		`{"headers": {"Host": "x"}}`:          "headers.Host",
		`{"headers": {"Connection": "x"}}`:    "headers.Connection",
		`{"headers": {"X": "a\r\nb"}}`:        "headers.X",
		`{"headers": {"X": "1", "x": "2"}}`:   "headers.x",
		`{"headers": {"Authorization": "x"}, "auth": {"type": "bearer", "token": "t"}}`: "headers.Authorization",
		`{"auth": {"type": "digest"}}`:                                             "auth.type",
		`{"token": "a\nb"}`:                                                        "token",
		`{"token": "a", "token_header": "Content-Length"}`:                         "token_header",
		`{"token_header": "webhook-id"}`:                                           "token_header",
		`{"token": "a", "headers": {"x-webhook-token": "b"}}`:                      "token_header",
		`{"event_types": ["Message"]}`:                                             "event_types[0]",
		`{"event_types": ["a", "a"]}`:                                              "event_types[1]",
		`{"event_types": ["status/text"]}`:                                         "event_types[0]",
		`{"event_types": ["message/"]}`:                                            "event_types[0]",
		`{"event_types": [""]}`:                                                    "event_types[0]",
		`{"format": "xml"}`:                                                        "format",
		`{"batch": {}}`:                                                            "batch.max_events",
		`{"batch": {"max_events": 1001}}`:                                          "batch.max_events",
		`{"batch": {"max_events": 2, "max_wait": "6m"}}`:                           "batch.max_wait",
		`{"expire_after": "10m", "url": "https://x.example"}`:                      "expire_after",
		`{"ordered_hold": 0}`:                                                      "ordered_hold",
		`{"disable_after": "400d"}`:                                                "disable_after",
		`{"breaker": {"ratio": 2}}`:                                                "breaker.ratio",
		`{"breaker": {"enabled": false, "failures": 0}}`:                           "breaker.failures",
		`{"retry": {"never": ["2xx"]}}`:                                            "retry.never[0]",
		`{"sign": {"type": "standard"}}`:                                           "sign.secrets",
		`{"sign": {"secrets": ["a"]}}`:                                             "sign.type",
		`{"sign": {"type": "stripe", "secrets": ["a"]}}`:                           "sign.type",
		`{"sign": {"type": "standard-ed25519", "secrets": ["whsec_aaaa"]}}`:        "sign.secrets[0]",
		`{"sign": {"type": "hmac", "header": "Content-Length", "secrets": ["a"]}}`: "sign.header",
		`{"sign": {"type": "hmac", "header": "` + long + `", "secrets": ["a"]}}`:   "sign.header",
		`{"sign": {"type": "hmac", "header": "X", "timestamp_header": "` + long + `", "signed": "{timestamp}{body}", "secrets": ["a"]}}`: "sign.timestamp_header",
		`{"sign": {"type": "hmac", "header": "X", "prefix": "` + long + `", "secrets": ["a"]}}`:                                          "sign.prefix",
		`{"headers": {"` + long + `": "a"}}`:                                 "headers",
		`{"token_header": "` + long + `"}`:                                   "token_header",
		`{"auth": {"type": "header", "name": "` + long + `", "value": "a"}}`: "auth",
	} {
		spec := read[gateway.Endpoint](t, text)
		if !strings.Contains(text, `"url"`) {
			spec.URL = crmURL
		}
		e, faults := directory.CompileEndpoint(gateway.Meta{ID: "crm"}, spec, nil, strict)
		if len(faults) != 1 || faults[0].Path != want || e != nil {
			t.Errorf("%s: faults %v, want one at %s", text, faults, want)
		}
	}
	if _, faults := directory.CompileEndpoint(gateway.Meta{ID: "_platform"}, gateway.Endpoint{URL: crmURL}, nil, strict); len(faults) != 1 || faults[0].Path != "id" {
		t.Errorf("the platform's own name: faults %v", faults)
	}
}

func TestOldSecretsSignToo(t *testing.T) {
	fresh, old := signature.NewSecret(), signature.NewSecret()
	until := gateway.At(time.Now().Add(time.Hour))
	spec := gateway.Endpoint{URL: crmURL, Sign: &gateway.Sign{Type: "standard", Secrets: []gateway.Secret{gateway.Secret(fresh)}}}
	e, faults := directory.CompileEndpoint(gateway.Meta{ID: "crm"}, spec, []gateway.OldSecret{{Secret: gateway.Secret(old), Until: until}}, strict)
	if len(faults) > 0 || !e.OldUntil.Equal(until.Time) || len(e.Effective().Sign.Secrets) != 1 {
		t.Fatalf("compiled %+v, faults %v", e, faults)
	}
	now := time.Now()
	var value string
	e.Signer.Sign(signature.Message{ID: "evt_1", At: now}, func(name string, v []byte) {
		if name == "webhook-signature" {
			value = string(v)
		}
	})
	for i, secret := range []string{fresh, old} {
		alone, _ := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{secret}})
		alone.Sign(signature.Message{ID: "evt_1", At: now}, func(name string, v []byte) {
			if name == "webhook-signature" && strings.Split(value, " ")[i] != string(v) {
				t.Errorf("signature %d of %q is not that of secret %d", i, value, i)
			}
		})
	}
}

// Written back, what is shown compiles to what was in force, and is shown alike.
func TestEffectiveIsWhatIsInForce(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"event_types": ["message/text", "status"], "timeout": 3, "batch": {"max_events": 5}, "rate_limit": 2.5}`,
		`{"sign": {"type": "hmac", "header": "X-Sig", "secrets": ["s"]}, "breaker": {"enabled": false, "open": "20m"}, "disable_after": 0}`,
		`{"retry": {"initial": "1s", "max_age": "2d"}, "enabled": false}`, `{"retry": {"initial": "1s"}}`, `{"retry": {"multiplier": 3, "max_attempts": 4}}`,
		`{"retry": {"schedule": [], "jitter": 0, "never": ["400"], "max_attempts": 1}, "auth": {"type": "basic", "username": "u"}, "ordered": true}`,
	} {
		e := endpoint(t, "crm", text)
		shown := e.Effective()
		if shown.Enabled == nil || len(shown.EventTypes) == 0 || shown.Timeout == nil || shown.Retry == nil || shown.Breaker == nil || shown.Breaker.MaxOpen == nil ||
			shown.Concurrency == nil || shown.OrderedHold == nil || shown.DisableAfter == nil || shown.TokenHeader == "" || shown.Sign == nil || shown.Auth.Type == "" {
			t.Errorf("%s hides a default: %+v", text, shown)
		}
		again, faults := directory.CompileEndpoint(gateway.Meta{ID: "crm"}, shown, nil, strict)
		if len(faults) > 0 {
			t.Errorf("%s is shown as what is refused: %v", text, faults)
			continue
		}
		sameJSON(t, text, shown, again.Effective())
		for _, pair := range [][2]any{{e.Retry, again.Retry}, {e.Breaker, again.Breaker}, {e.Batch, again.Batch}, {e.Timeout, again.Timeout}, {e.Wants("message", "text"), again.Wants("message", "text")}} {
			if fmt.Sprint(pair[0]) != fmt.Sprint(pair[1]) {
				t.Errorf("%s: was %+v, is %+v", text, pair[0], pair[1])
			}
		}
	}
	for _, text := range []string{
		`{}`, `{"methods": ["POST"], "max_body": 99, "early": {"ttl": 0, "again": true}, "dedupe": {"id": "header:X"}, "enabled": false}`,
		`{"conversation_key": {"in": "path"}}`, `{"conversation_key": {"in": "query", "path": "k"}}`, `{"conversation_key": {"path": "a.b"}}`,
		`{"conversation_key": [{"path": "a.b"}, {"in": "header", "path": "X"}, {}], "no_key": "ignore", "aliases_from": ["a", "query:b"], "body": "json", "unwrap": "m"}`,
		`{"conversation_key": [{"in": "path"}]}`,
	} {
		s := source(t, "pay", read[gateway.Source](t, text))
		shown := s.Effective()
		if shown.Enabled == nil || len(shown.Methods) == 0 || shown.MaxBody == nil || shown.Early.TTL == nil || shown.Early.Max == nil || shown.Dedupe.Window == nil || shown.ConversationKey.All()[0].In == "" || shown.NoKey == "" || shown.Body == "" {
			t.Errorf("%s hides a default: %+v", text, shown)
		}
		again := source(t, "pay", shown)
		sameJSON(t, text, shown, again.Effective())
		if !slices.Equal(s.Plan.Keys, again.Plan.Keys) || s.MaxBody != again.MaxBody || s.EarlyTTL != again.EarlyTTL || s.Window != again.Window {
			t.Errorf("%s: was %+v, is %+v", text, s, again)
		}
	}
}

func sameJSON(t *testing.T, what string, was, is any) {
	t.Helper()
	a, err := json.Marshal(was)
	b, err2 := json.Marshal(is)
	if err != nil || err2 != nil || string(a) != string(b) {
		t.Errorf("%s is shown as\n%s\nthen as\n%s, %v %v", what, a, b, err, err2)
	}
}

func TestFileEndpoints(t *testing.T) {
	file := func(spec gateway.Endpoint) map[string]directory.FileTenant {
		return map[string]directory.FileTenant{"acme": {Endpoints: map[string]gateway.Endpoint{"crm": spec}}}
	}
	tenants, faults := directory.CompileFile(file(gateway.Endpoint{URL: crmURL}), strict)
	if len(faults) > 0 || tenants[0].Endpoint("crm").Meta.ManagedBy != gateway.ManagedByFile {
		t.Fatalf("tenants %v, faults %v", tenants, faults)
	}
	tenants[0].Endpoint("crm").Signer.Sign(signature.Message{ID: "evt_1"}, func(name string, _ []byte) {
		t.Errorf("without a sign it sends %s", name)
	})
	_, faults = directory.CompileFile(file(gateway.Endpoint{URL: crmURL, Concurrency: new(0)}), strict)
	if len(faults) != 1 || faults[0].Path != "tenants.acme.endpoints.crm.concurrency" {
		t.Errorf("faults %v", faults)
	}
}

func TestForgottenEndpointMetrics(t *testing.T) {
	d, m := directory.New(), metrics.New("test")
	d.Swap(directory.Build(m, []*directory.Tenant{tenant(t, "acme", gateway.Tenant{}).HavingEndpoints(endpoint(t, "crm", `{}`), endpoint(t, "erp", `{}`))}, nil))
	first := d.Current().Tenant("acme").Endpoint("erp").Metrics
	d.Swap(d.Current().With(d.Current().Tenant("acme").WithoutEndpoint("crm")))
	hasMetricsOf(t, m, "erp", "crm")
	if d.Current().Tenant("acme").Endpoint("erp").Metrics != first {
		t.Error("a write to one endpoint made the counters of another anew")
	}
}

// hasMetricsOf wants series of one part, and none of another.
func hasMetricsOf(t *testing.T, m *metrics.Set, part, gone string) {
	t.Helper()
	families, err := m.Gatherer().Gather()
	if text := fmt.Sprint(families); err != nil || strings.Contains(text, gone) || !strings.Contains(text, part) {
		t.Errorf("metrics are of %s, %v", text, err)
	}
}

func TestNothingPrintsAnEndpointsSecret(t *testing.T) {
	e := endpoint(t, "crm", `{"token": "canary", "headers": {"X": "canary"}, "auth": {"type": "bearer", "token": "canary"}, "sign": {"type": "hmac", "header": "Y", "secrets": ["canary"]}}`)
	if text := fmt.Sprintf("%v %+v %#v %+v", e, e, e, *e); strings.Contains(text, "canary") {
		t.Errorf("a secret is printed: %s", text)
	}
}
