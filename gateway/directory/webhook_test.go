package directory_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// compileWebhook compiles what an operator writes; a url that is left out is there.
func compileWebhook(t testing.TB, text string) (*directory.Webhook, []gateway.Fault) {
	t.Helper()
	spec := read[gateway.Webhook](t, text)
	if !strings.Contains(text, `"url"`) {
		spec.URL = "https://shop.example.com/stock"
	}
	return directory.CompileWebhook(gateway.Meta{ID: "stock"}, spec, strict)
}

func webhook(t testing.TB, text string) *directory.Webhook {
	t.Helper()
	w, faults := compileWebhook(t, text)
	if len(faults) > 0 {
		t.Fatalf("webhook %s: %v", text, faults)
	}
	return w
}

func TestWebhookDefaults(t *testing.T) {
	s := build(nil, tenant(t, "acme", gateway.Tenant{}).HavingWebhooks(webhook(t, `{}`)))
	w := s.Tenant("acme").Webhook("stock")
	if !w.Enabled || w.Tenant != s.Tenant("acme") || w.Profile != gateway.ProfileBuilder || w.Method != http.MethodGet || w.Body != nil || w.Extra != nil ||
		w.Timeout != 5*time.Second || w.Async || w.Continue || w.Token != "" || len(w.Query)+len(w.Fields)+len(w.Headers) > 0 || w.Templates == nil || w.Response == nil {
		t.Errorf("a webhook that says nothing is %+v", w)
	}
	if _, again := w.Retry.Next(1, retry.ServerError, 503, 0, 0); again || *w.Breaker != breaker.Default() {
		t.Errorf("it retries %+v, breaks %+v", w.Retry, w.Breaker)
	}
	w.Signer.Sign(signature.Message{ID: "call_1"}, func(name string, _ []byte) { t.Errorf("without a sign it sends %s", name) })
	if w.Metrics == nil {
		t.Error("it has no metrics")
	}
}

func TestWebhookMethods(t *testing.T) {
	for text, want := range map[string]string{
		`{"body": {}}`: "POST", `{"body": ""}`: "POST", `{"body": null}`: "GET", `{"method": "GET", "body": {}}`: "GET", `{"method": "DELETE"}`: "DELETE",
		`{"method": "PUT", "body": 1}`: "PUT", `{"method": "PATCH"}`: "PATCH", `{"method": "HEAD"}`: "HEAD", `{"method": "OPTIONS"}`: "OPTIONS",
		`{"profile": "chatbot"}`: "POST", `{"profile": "chatbot", "method": "POST"}`: "POST", `{"profile": "campaign"}`: "POST",
	} {
		if w := webhook(t, text); w.Method != want {
			t.Errorf("%s is %s, want %s", text, w.Method, want)
		}
	}
}

func TestWebhookSettings(t *testing.T) {
	w := webhook(t, `{"name": "Is it there?", "profile": "builder", "timeout": "1ms", "on_timeout": "continue", "mode": "sync",
		"breaker": {"enabled": false}, "retry": {"schedule": ["100ms"], "never": ["4xx"]}, "sign": {"type": "hmac", "header": "X-Sig", "secrets": ["s"]},
		"response": {"variables": [{"name": "left", "path": "stock.left", "type": "number", "required": true}]}}`)
	if w.Timeout != time.Millisecond || !w.Continue || w.Async || w.Breaker != nil || len(w.Retry.Schedule) != 1 || w.Retry.Never[0] != "4xx" {
		t.Errorf("compiled %+v", w)
	}
	signed := ""
	w.Signer.Sign(signature.Message{ID: "call_1", Body: []byte("{}")}, func(name string, _ []byte) { signed += name })
	if signed != "X-Sig" {
		t.Errorf("it signs %q", signed)
	}
	got := read1(t, w.Response, `{"stock": {"left": "7"}}`)
	if string(got) != `{"left":7}` {
		t.Errorf("of the answer it makes %s", got)
	}
	if w := webhook(t, `{"mode": "async", "timeout": 60}`); !w.Async || w.Continue || w.Timeout != time.Minute {
		t.Errorf("async: %+v", w)
	}
}

// read1 maps one answer.
func read1(t *testing.T, p *mapping.Program, answer string) []byte {
	t.Helper()
	var v mapping.Values
	p.Set.Read(document(answer), &v)
	verdict, ok := p.Rules.Fit(&v)
	if !ok {
		t.Fatal("an answer fits no rule")
	}
	out, err := p.Rules.AppendVariables(nil, &v, verdict)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func document(raw string) *mapping.Document {
	doc := mapping.Document{Body: mapping.JSON, Raw: []byte(raw)}
	return &doc
}

func TestWebhookRetries(t *testing.T) {
	for text, want := range map[string][]time.Duration{
		`{}`: nil, `{"jitter": 0}`: nil, `{"never": ["5xx"]}`: nil, `{"schedule": []}`: nil, `{"max_attempts": 1, "jitter": 0}`: nil,
		`{"max_attempts": 3, "jitter": 0}`:                    {200 * time.Millisecond, 400 * time.Millisecond},
		`{"max_age": "1s", "jitter": 0}`:                      {200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond},
		`{"initial": "50ms", "max_attempts": 2, "jitter": 0}`: {50 * time.Millisecond},
		`{"schedule": ["1s", "2s"], "jitter": 0}`:             {time.Second, 2 * time.Second},
	} {
		policy := webhook(t, `{"retry": `+text+`}`).Retry
		var got []time.Duration
		for n := 1; n < 10; n++ {
			pause, again := policy.Next(n, retry.ServerError, 503, 0, 0)
			if !again {
				break
			}
			got = append(got, pause)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s pauses %v, want %v", text, got, want)
		}
	}
}

// A standard name wins only where it is set (SPEC 15): null is not, and what it
// defaults to is.
func TestWebhookNamesThatAreHidden(t *testing.T) {
	for text, c := range map[string]struct{ call, want string }{
		"{{ to }}":                 {`{"variables": {"to": "shown"}}`, "shown"},
		"{{ reply }}":              {`{"variables": {"reply": {"text": 7}}, "context": {"reply": null}}`, `{"text": 7}`},
		"{{ from.name }}":          {`{"variables": {"from": {"name": "shown"}}, "context": {"from": {"id": 1}}}`, ""},
		"{{ direction }}":          {`{"variables": {"direction": "hidden"}, "context": {"direction": ""}}`, ""},
		"{{ botId }}":              {`{"variables": {"botId": "hidden"}, "context": {"botId": false}}`, "false"},
		"{{ sessionId }}":          {`{"variables": {"sessionId": "shown"}}`, "shown"},
		"{{ sessionId }} ":         {`{"variables": {"sessionId": "hidden"}, "conversation_key": "k"}`, "k "},
		"{{ sessionId }}  ":        {`{"variables": {"sessionId": "hidden"}, "conversation_key": "k", "context": {"sessionId": null}}`, "k  "},
		"{{ customVariables.a }}":  {`{"variables": {"a": 1, "customVariables": {"a": 2}}}`, "1"},
		"{{ customVariables.a }} ": {`{"variables": {"a": 1}, "context": {"customVariables": {"a": 3}}}`, "3 "},
	} {
		w := webhook(t, `{"url": "https://x.example.com/", "query": {"q": "`+text+`"}}`)
		if got := render(t, w, w.Query[0].Value, c.call); got != c.want {
			t.Errorf("%s of %s renders %q, want %q", text, c.call, got, c.want)
		}
	}
}

// What cannot have been meant is refused when it is written; what was stored before
// that was a rule goes on as it did.
func TestWebhooksThatWereStored(t *testing.T) {
	for _, text := range []string{
		`{"url": "https://x.example.com/", "body": {"a": 1}, "headers": {"Content-Type": "text/xml"}}`,
		`{"url": "https://x.example.com/", "response": {"variables": [{"name": "a", "path": "query:a"}]}}`,
	} {
		o := strict
		for _, o.Stored = range []bool{false, true} {
			if _, faults := directory.CompileWebhook(gateway.Meta{ID: "stock"}, read[gateway.Webhook](t, text), o); o.Stored != (len(faults) == 0) {
				t.Errorf("stored %t: %v", o.Stored, faults)
			}
		}
	}
}

// Templates of a call see its variables by their names, its context by the
// standard ones, and both by where they stand.
func TestWebhookTemplates(t *testing.T) {
	const call = `{"conversation_key": "key-1", "variables": {"sku": "A 1", "n": 1.50, "firstName": "of the variables", "lastName": "hidden", "deep": {"list": [1, "two"]}},
		"context": {"firstName": "Ann", "botId": 7, "step": "s"}}`
	for text, want := range map[string]string{
		"{{ sku }}": "A 1", "{{ variables.sku }}": "A 1", "{{ n }}": "1.50", "{{ deep.list[1] }}": "two", "{{ firstName }}": "Ann", "{{ botId }}": "7",
		"{{ variables.firstName }}": "of the variables", "{{ context.step }}": "s", "{{ step }}": "", "{{ sessionId }}": "key-1", "{{ conversation_key }}": "key-1",
		"{{ lastName }}": "hidden", "{{ botTrainedModelId }}": "", "{{ customVariables.sku }}": "A 1", "{{ sku | urlencode }}": "A%201", "no template": "no template", "{{ wait }}": "",
	} {
		w := webhook(t, `{"url": "https://x.example.com/", "query": {"q": "`+text+`"}}`)
		if got := render(t, w, w.Query[0].Value, call); got != want {
			t.Errorf("%s renders %q, want %q", text, got, want)
		}
	}
	w := webhook(t, `{"url": "{{ context.host }}/x", "headers": {"X-B": "{{ sku }}", "a": "plain"}, "body": {"sku": "{{ sku }}", "n": "{{ n }}"}, "query": {"b": "2", "a": "1"}}`)
	var v mapping.Values
	w.Templates.Read(document(call), &v)
	body, err := w.Body.Append(nil, &v)
	if err != nil || string(body) != `{"sku":"A 1","n":1.50}` {
		t.Errorf("the body is %s, %v", body, err)
	}
	if w.Fields[0].Name != "X-B" || w.Fields[1].Name != "a" || w.Query[0].Name != "b" || render(t, w, w.Fields[0].Value, call) != "A 1" {
		t.Error("headers and query are not in the order in which they were written")
	}
	if session := render(t, w, webhook(t, `{}`).URL, `{}`); session != "https://shop.example.com/stock" {
		t.Errorf("a constant renders %q", session)
	}
}

func render(t *testing.T, w *directory.Webhook, template *mapping.Template, call string) string {
	t.Helper()
	var v mapping.Values
	w.Templates.Read(document(call), &v)
	out, err := template.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// What chatbots and campaigns are given stands for itself, braces included.
func TestWebhookLiterals(t *testing.T) {
	for _, profile := range []string{"chatbot", "campaign"} {
		w := webhook(t, `{"profile": "`+profile+`", "url": "https://x.example.com/?a=%7B", "headers": {"X": "{{ sku", "Y": "{% if"}, "query": {"q": "{{ sku }}"}}`)
		for got, want := range map[string]string{
			render(t, w, w.URL, `{}`):             "https://x.example.com/?a=%7B",
			render(t, w, w.Fields[0].Value, `{}`): "{{ sku", render(t, w, w.Fields[1].Value, `{}`): "{% if",
			render(t, w, w.Query[0].Value, `{}`): "{{ sku }}",
		} {
			if got != want {
				t.Errorf("%s: %q renders as %q", profile, want, got)
			}
		}
	}
	if w := webhook(t, `{"profile": "chatbot", "token": "t", "story_id": "0123456789abcdef01234567"}`); w.Token != "t" || w.Body != nil {
		t.Errorf("chatbot: %+v", w)
	}
	w := webhook(t, `{"profile": "campaign", "body": {"shop": "{{ a", "n": [1]}}`)
	if string(w.Extra) != `{"shop":"{{ a","n":[1]}` || w.Body != nil {
		t.Errorf("campaign: %s, %v", w.Extra, w.Body)
	}
}

func TestWebhookHeaders(t *testing.T) {
	w := webhook(t, `{"headers": {"x-own": "{{ v }}"}, "auth": {"type": "bearer", "token": "b"}}`)
	acme := tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "X-Own", Value: "theirs"}, {Name: "authorization", Value: "theirs"}, {Name: "X-T", Value: "theirs"}}})
	want := []directory.Header{{Name: "Authorization", Value: "Bearer b"}, {Name: "X-T", Value: "theirs"}}
	with := acme.WithWebhook(w)
	if got := with.Webhook("stock").Headers; !slices.Equal(got, want) {
		t.Errorf("headers are %s", names(got))
	}
	moved := tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "X-New", Value: "n"}}}).HavingWebhooks(with.Webhooks()...)
	if got := names(moved.Webhook("stock").Headers); got != "Authorization X-New" {
		t.Errorf("after the tenant changed, headers are %s", got)
	}
}

func TestTenantsHaveWebhooks(t *testing.T) {
	acme := tenant(t, "acme", gateway.Tenant{}, source(t, "pay", gateway.Source{})).HavingEndpoints(endpoint(t, "crm", `{}`)).WithWebhook(webhook(t, `{}`))
	for what, next := range map[string]*directory.Tenant{
		"a source": acme.With(source(t, "cal", gateway.Source{})), "an endpoint": acme.WithEndpoint(endpoint(t, "erp", `{}`)), "a webhook": acme.WithWebhook(webhook(t, `{"method": "PUT"}`)),
	} {
		if w := next.Webhook("stock"); w == nil || w.Tenant != next || len(next.Webhooks()) != 1 || next.Source("pay") == nil || next.Endpoint("crm") == nil {
			t.Errorf("with %s the tenant lacks something", what)
		}
	}
	if acme.Webhook("stock").Method != "GET" || acme.WithoutWebhook("stock").Webhook("stock") != nil || acme.Webhook("stock") == nil || acme.WithoutWebhook("other").Webhook("stock") == nil {
		t.Error("a write changed the tenant itself, or not the next one")
	}
	acme.Disabled = true
	if acme.HavingWebhooks(acme.Webhooks()...).Webhook("stock").Enabled {
		t.Error("a disabled tenant's webhook is in service")
	}
	refused := &directory.Webhook{ID: "old", Refused: true}
	if w := tenant(t, "b", gateway.Tenant{}).WithWebhook(refused).Webhook("old"); w.Enabled || !reflect.DeepEqual(w.Effective(), gateway.Webhook{}) {
		t.Errorf("a refused one is %+v", w)
	}
}

func TestForgottenWebhookMetrics(t *testing.T) {
	d, m := directory.New(), metrics.New("test")
	other, faults := directory.CompileWebhook(gateway.Meta{ID: "price"}, gateway.Webhook{URL: "https://x.example.com/"}, strict)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	d.Swap(directory.Build(m, []*directory.Tenant{tenant(t, "acme", gateway.Tenant{}).HavingWebhooks(webhook(t, `{}`), other)}, nil))
	first := d.Current().Tenant("acme").Webhook("price").Metrics
	d.Swap(d.Current().With(d.Current().Tenant("acme").WithoutWebhook("stock")))
	hasMetricsOf(t, m, "price", "stock")
	if d.Current().Tenant("acme").Webhook("price").Metrics != first {
		t.Error("a write to one webhook made the counters of another anew")
	}
}

// Written back, what is shown compiles to what was in force, and is shown alike.
func TestEffectiveWebhookIsWhatIsInForce(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"method": "PUT", "body": {"a": "{{ b }}"}, "query": {"q": "1"}, "headers": {"X": "{{ x }}"}, "timeout": "250ms", "mode": "async"}`,
		`{"profile": "chatbot", "token": "t", "story_id": "0123456789abcdef01234567", "auth": {"type": "basic", "username": "u"}}`,
		`{"profile": "campaign", "body": {"a": 1}, "on_timeout": "continue", "breaker": {"enabled": false, "failures": 2}}`,
		`{"retry": {"max_attempts": 3}}`, `{"retry": {"schedule": ["1s"]}}`, `{"retry": {"never": ["4xx"]}}`, `{"retry": {"initial": "1s", "max_age": "5s"}}`,
		`{"sign": {"type": "hmac", "header": "X-Sig", "secrets": ["s"]}, "response": {"variables": [{"name": "v", "path": "a.b", "default": 0}]}}`,
	} {
		w := webhook(t, text)
		shown := w.Effective()
		if shown.Profile == "" || shown.Method == "" || shown.Query == nil || shown.Auth.Type == "" || shown.Timeout == nil || shown.Mode == "" || shown.Sign == nil ||
			shown.Retry == nil || shown.Breaker == nil || shown.Breaker.MaxOpen == nil || shown.Response.Variables == nil {
			t.Errorf("%s hides a default: %+v", text, shown)
		}
		again, faults := directory.CompileWebhook(gateway.Meta{ID: "stock"}, shown, strict)
		if len(faults) > 0 {
			t.Errorf("%s is shown as what is refused: %v", text, faults)
			continue
		}
		sameJSON(t, text, shown, again.Effective())
		for _, pair := range [][2]any{
			{w.Retry, again.Retry}, {w.Breaker, again.Breaker}, {w.Timeout, again.Timeout}, {w.Method, again.Method}, {w.Profile, again.Profile}, {w.Async, again.Async}, {w.Continue, again.Continue},
		} {
			if a, b := fmt.Sprintf("%+v", pair[0]), fmt.Sprintf("%+v", pair[1]); a != b {
				t.Errorf("%s: was %s, is %s", text, a, b)
			}
		}
	}
}

func TestFileWebhooks(t *testing.T) {
	file := func(spec gateway.Webhook) map[string]directory.FileTenant {
		return map[string]directory.FileTenant{"acme": {Webhooks: map[string]gateway.Webhook{"stock": spec}}}
	}
	tenants, faults := directory.CompileFile(file(gateway.Webhook{URL: crmURL}), strict)
	if len(faults) > 0 || tenants[0].Webhook("stock").Meta.ManagedBy != gateway.ManagedByFile || tenants[0].Webhook("stock").Tenant != tenants[0] {
		t.Fatalf("tenants %v, faults %v", tenants, faults)
	}
	_, faults = directory.CompileFile(file(gateway.Webhook{URL: crmURL, Mode: "fast"}), strict)
	if len(faults) != 1 || faults[0].Path != "tenants.acme.webhooks.stock.mode" {
		t.Errorf("faults %v", faults)
	}
}

// No form of a webhook, and no fault of one, shows a secret.
func TestNothingPrintsAWebhooksSecret(t *testing.T) {
	w := webhook(t, `{"profile": "chatbot", "token": "canary-token", "headers": {"X": "canary-header"}, "auth": {"type": "header", "name": "Y", "value": "canary-auth"},
		"sign": {"type": "hmac", "header": "Z", "secrets": ["canary-secret"]}}`)
	w = tenant(t, "acme", gateway.Tenant{Headers: gateway.Headers{{Name: "T", Value: "canary-tenant"}}}).WithWebhook(w).Webhook("stock")
	shown, err := json.Marshal(w.Effective())
	if err != nil {
		t.Fatal(err)
	}
	text := string(shown) + fmt.Sprintf("%v %+v %#v", w.Headers, w.Spec, w.Spec) + fmt.Sprintf("%v %+v %#v", w, w, w) + fmt.Sprintf("%+v %+v %#v", w.Fields, *w, w.Token)
	for _, fault := range []string{
		`{"headers": {"X": "canary {{ canary"}}`, `{"headers": {"X": "{{ a | canary }}"}}`, `{"headers": {"X": "{{ canary('canary') }}"}}`, `{"headers": {"X": "{% canary %}"}}`,
		`{"headers": {"X": "canary\n"}}`, `{"token": "canary"}`, `{"profile": "chatbot", "token": "` + strings.Repeat("canary", 200) + `"}`,
		`{"auth": {"type": "bearer", "token": "canary\n"}}`, `{"sign": {"type": "standard", "secrets": ["whsec_canary!"]}}`,
	} {
		_, faults := compileWebhook(t, fault)
		if len(faults) == 0 {
			t.Errorf("%s is taken", fault)
		}
		text += fmt.Sprint(faults)
	}
	if strings.Contains(text, "canary") {
		t.Errorf("a secret is printed: %s", text)
	}
}
