package calling_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/mapping"
)

const signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// TestRequest: what a builder sends, and that what it does not say is filled in.
func TestRequest(t *testing.T) {
	w := real(t)
	w.tenant.Headers = gateway.Headers{{Name: "X-Tenant", Value: "acme"}, {Name: "X-Count", Value: "never"}}
	w.hook(gateway.Webhook{
		Method: "PUT", URL: "/users/{{ id }}?fixed=1#top", Query: gateway.Members[string]{{Name: "name", Value: "{{ firstName }}"}, {Name: "b c", Value: "{{ missing }}"}},
		Headers: gateway.Headers{{Name: "X-Count", Value: "{{ variables.n }}"}}, Auth: gateway.Auth{Type: "bearer", Token: "tok-en"},
		Body: raw(`{"n":"{{ n }}","text":"n is {{ n }}","key":"{{ sessionId }}","all":"{{ customVariables }}","none":"{{ nothing }}"}`),
		Sign: &gateway.Sign{Type: "standard", Secrets: []gateway.Secret{signing}},
	})
	made := w.call(`{"conversation_key":"k1","variables":{"id":"a/b","n":1.50},"context":{"firstName":"Zoë & co"}}`)
	want(t, made, "success", "")
	got := w.backend.all()[0]
	if got.method != "PUT" || got.uri != "/users/a/b?fixed=1&name=Zo%C3%AB%20%26%20co&b%20c=" {
		t.Errorf("%s %s", got.method, got.uri)
	}
	if want := `{"n":1.50,"text":"n is 1.50","key":"k1","all":{"id":"a/b","n":1.50},"none":null}`; got.body != want {
		t.Errorf("body %s\nwant %s", got.body, want)
	}
	for name, value := range map[string]string{
		"X-Tenant": "acme", "X-Count": "1.50", "Authorization": "Bearer tok-en", "Content-Type": "application/json",
		"User-Agent": "hookgate/test", "Idempotency-Key": made.ID, "Webhook-Id": made.ID,
	} {
		if list := got.header[http.CanonicalHeaderKey(name)]; len(list) != 1 || list[0] != value {
			t.Errorf("%s: %v", name, list)
		}
	}
	verifier, faults := signature.Compile(signature.Config{Type: "standard", Secrets: []string{signing}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	proof := signature.Request{Method: got.method, Header: header(got.header), Body: []byte(got.body), Now: time.Now()}
	if err := verifier.Verify(&proof); err != nil {
		t.Error(err)
	}
}

type header http.Header

func (h header) Get(name string) ([]byte, int) {
	list := h[http.CanonicalHeaderKey(name)]
	if len(list) == 0 {
		return nil, 0
	}
	return []byte(list[0]), len(list)
}

// TestOwnHeadersStand: what the webhook sets is not filled in, and a request without
// a body has no type.
func TestOwnHeadersStand(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{Headers: gateway.Headers{{Name: "user-agent", Value: "mine"}, {Name: "idempotency-key", Value: "{{ order }}"}, {Name: "content-type", Value: "text/plain"}}, Method: "POST", Body: raw(`"hi {{ order }}"`)})
	w.call(`{"variables":{"order":"o-1"}}`)
	got := w.backend.all()[0]
	if h := got.header; len(h["User-Agent"]) != 1 || h.Get("User-Agent") != "mine" || h.Get("Idempotency-Key") != "o-1" || h.Get("Content-Type") != "text/plain" || got.body != "hi o-1" {
		t.Errorf("%v %s", h, got.body)
	}
	w.hook(gateway.Webhook{})
	w.call(``)
	if got := w.backend.all()[1]; got.method != "GET" || got.header.Get("Content-Type") != "" || got.body != "" {
		t.Errorf("%+v", got)
	}
}

// TestEveryAttemptIsSignedAfresh: under one id, with the moment of its own.
func TestEveryAttemptIsSignedAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(func(q asked) reply { return reply{status: map[bool]int{true: 200, false: 500}[q.n == 3]} })
		w.hook(gateway.Webhook{
			Sign:  &gateway.Sign{Type: "standard", Secrets: []gateway.Secret{signing}},
			Retry: &gateway.Retry{Schedule: &[]gateway.Duration{gateway.Duration(time.Second), gateway.Duration(time.Second)}, Jitter: new(0.0)},
		})
		made := w.call(`{}`)
		want(t, made, "success", "")
		got := w.backend.all()
		if len(got) != 3 || made.Attempts != 3 {
			t.Fatalf("%d requests, %d attempts", len(got), made.Attempts)
		}
		seen := map[string]bool{}
		for _, q := range got {
			if q.header.Get("webhook-id") != made.ID || q.header.Get("Idempotency-Key") != made.ID {
				t.Errorf("another id: %v", q.header)
			}
			seen[q.header.Get("webhook-signature")] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d signatures", len(seen))
		}
	})
}

// TestChatbotRequest: the members of the context, and what stands for those that
// are not there.
func TestChatbotRequest(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{Name: "Balance", Profile: "chatbot", URL: "/bot?a={{b}}", Token: "s3 cret/"})
	want(t, w.call(`{"variables":{"n":1},"context":{"userId":"u","chatId":7,"other":1,"userAttributes":{"x":""}}}`), "success", "")
	got := w.backend.all()[0]
	if got.method != "POST" || got.uri != "/bot?a={{b}}&token=s3%20cret%2F" {
		t.Errorf("%s %s", got.method, got.uri)
	}
	if want := `{"chatId":7,"userId":"u","node":{"type":"WEBHOOK","webhookId":"hook","webhookName":"Balance"},"userAttributes":{"x":""},"attributes":{"n":1}}`; got.body != want {
		t.Errorf("%s\nwant %s", got.body, want)
	}
	w.call(`{"variables":{"n":1},"context":{"node":{"id":"9"},"attributes":{"own":true},"messageId":"m","externalId":"e"}}`)
	if got, want := w.backend.all()[1].body, `{"messageId":"m","externalId":"e","node":{"id":"9"},"attributes":{"own":true}}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	w.call(`{}`)
	if got, want := w.backend.all()[2].body, `{"node":{"type":"WEBHOOK","webhookId":"hook","webhookName":"Balance"},"attributes":{}}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestCampaignRequest: fixed members, those that are given, those of the webhook.
func TestCampaignRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{Profile: "campaign", URL: "/c", Body: raw(`{"source":"{{ raw }}","label":"never","keyword":"ours","n":[1]}`)})
		for body, want := range map[string]string{
			`{}`: `{"campaignId":null,"label":null,"phoneNumber":null,"date":"2000-01-01T00:00:00.00Z","response":null,"source":"{{ raw }}","keyword":"ours","n":[1]}`,
			`{"context":{"campaignId":5,"label":"l","phoneNumber":"+1","date":"2023-09-01 14:13:32.141788","response":"yes","option":2,"keyword":"go","x":1}}`: `{"campaignId":5,"label":"l","phoneNumber":"+1","date":"2023-09-01T14:13:32.14Z","response":"yes","option":2,"keyword":"go","source":"{{ raw }}","n":[1]}`,
			`{"context":{"date":"2023-09-01T14:13:32+02:00"}}`: `{"campaignId":null,"label":null,"phoneNumber":null,"date":"2023-09-01T12:13:32.00Z","response":null,"source":"{{ raw }}","keyword":"ours","n":[1]}`,
			`{"context":{"date":1693577612}}`:                  `{"campaignId":null,"label":null,"phoneNumber":null,"date":"2023-09-01T14:13:32.00Z","response":null,"source":"{{ raw }}","keyword":"ours","n":[1]}`,
			`{"context":{"date":"soon"}}`:                      `{"campaignId":null,"label":null,"phoneNumber":null,"date":"2000-01-01T00:00:00.00Z","response":null,"source":"{{ raw }}","keyword":"ours","n":[1]}`,
		} {
			w.call(body)
			all := w.backend.all()
			if got := all[len(all)-1].body; got != want {
				t.Errorf("of %s\n%s\nwant %s", body, got, want)
			}
		}
	})
}

// TestVariables: typed, with defaults, in the order listed; and none of a failure.
func TestVariables(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{Response: gateway.Response{Variables: []gateway.Variable{
		{Name: "amount", Path: "data.amount", Type: "number"}, {Name: "who", Path: "/data/name"}, {Name: "all", Path: "$.list[*].n"},
		{Name: "loud", Path: "{{ data.name | upper }}"}, {Name: "gone", Path: "x"}, {Name: "else", Path: "y", Default: raw(`"d"`)},
	}}})
	w.backend.play(always(reply{body: `{"data":{"amount":"12.50","name":"zoe"},"list":[{"n":1},{"n":2}]}`}))
	if got, want := string(w.call(`{}`).Variables), `{"amount":12.50,"who":"zoe","all":[1,2],"loud":"ZOE","else":"d"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.backend.play(always(reply{status: 400, body: `{"data":{"amount":1}}`}))
	if got := w.call(`{}`); got.Variables != nil {
		t.Errorf("of a failure: %s", got.Variables)
	}
}

// TestRead: every member of a request, right and wrong.
func TestRead(t *testing.T) {
	q, err := calling.Read(nil, []byte("\ufeff"+` { "conversation_key": 12, "variables": {"a": 1}, "context": null, "wait": {"source":"s","alias_path":"{{ id | lower }}"} } `))
	if err != nil || q.Key != "12" || string(q.Variables) != `{"a": 1}` || q.Context != nil || q.Wait == nil {
		t.Errorf("%+v %v", q, err)
	}
	if q, err := calling.Read(nil, nil); err != nil || string(q.Body) != "{}" {
		t.Errorf("%+v %v", q, err)
	}
	if q, err := calling.Read(nil, []byte(`{"conversation_key":"https://x.example/c/k%31?z"}`)); err != nil || q.Key != "k1" {
		t.Errorf("%+v %v", q, err)
	}
	context := func(n int) string { return `{"context":{"x":"` + strings.Repeat("x", n-8) + `"}}` }
	if _, err := calling.Read(nil, []byte(context(calling.MaxContext))); err != nil {
		t.Error(err)
	}
	for body, want := range map[string]string{
		`[]`: "", `{"conversation_key":""}`: "conversation_key", `{"conversation_key":"a b"}`: "conversation_key",
		`{"conversation_key":true}`: "conversation_key", `{"conversation_key":["k"]}`: "conversation_key",
		`{"variables":[]}`: "variables", `{"variables":"x"}`: "variables", `{"context":1}`: "context", `{"wait":[]}`: "wait",
		`{"variable":{}}`: "variable", `{"Variables":{}}`: "Variables", `{"variables":{},"variables":{}}`: "variables",
		`{"wait":{"alias_path":7}}`: "wait.alias_path", `{"wait":{"alias_path":"a["}}`: "wait.alias_path",
		`{"wait":{"alias_path":"header:X"}}`: "wait.alias_path", context(calling.MaxContext + 1): "context",
	} {
		_, err := calling.Read(nil, []byte(body))
		if faults := coded(t, err, gateway.CodeInvalidField).Faults; len(faults) != 1 || faults[0].Path != want {
			t.Errorf("%.60s: %v, want %q", body, faults, want)
		}
	}
	for _, body := range []string{"{", "nope", " ", `{"a":1}x`, strings.Repeat("[", 200)} {
		_, err := calling.Read(nil, []byte(body))
		coded(t, err, gateway.CodeInvalidBody)
	}
	_, err = calling.Read(nil, []byte(`{"variables":{"x":"`+strings.Repeat("x", 2<<20)+`"}}`))
	coded(t, err, gateway.CodeTooLarge)
}

// FuzzRead: what is taken is what the body has, and no other body is taken.
func FuzzRead(f *testing.F) {
	f.Add(`{"conversation_key":"k","variables":{"a":1},"context":{"b":[]},"wait":{"alias_path":"id"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		q, err := calling.Read(nil, []byte(body))
		if err != nil || body == "" {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(q.Body, &members); err != nil {
			t.Fatalf("taken, and no object: %v", err)
		}
		for name := range members {
			if name != "conversation_key" && name != "variables" && name != "context" && name != "wait" {
				t.Fatalf("taken with the member %q", name)
			}
		}
		for name, got := range map[string]gateway.Raw{"variables": q.Variables, "context": q.Context, "wait": q.Wait} {
			if had := members[name]; string(had) != string(got) && string(had) != "null" {
				t.Fatalf("%s is %s, read as %s", name, had, got)
			}
		}
		if _, err := mapping.Parse("application/json", q.Body); err != nil {
			t.Fatal(err)
		}
	})
}
