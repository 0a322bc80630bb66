package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	webhooks = v1Acme + "/webhooks"
	lookup   = webhooks + "/lookup"
)

// backend is what webhooks call, on loopback: it keeps what it was asked, proves
// connections, and answers everything else as it is told to.
type backend struct {
	url   string
	asked chan asked

	mu     sync.Mutex
	answer http.HandlerFunc
	prove  func(challenge string) (answer string)
}

type asked struct {
	method, url, body string
	header            http.Header
}

func newBackend(t *testing.T) *backend {
	b := &backend{asked: make(chan asked, 100)}
	b.proving(true)
	b.answers(200, `{}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		b.asked <- asked{r.Method, r.URL.String(), string(body), r.Header}
		b.mu.Lock()
		answer, prove := b.answer, b.prove
		b.mu.Unlock()
		if challenge := r.URL.Query().Get("challenge"); challenge != "" && r.Method == http.MethodGet {
			_, _ = io.WriteString(w, prove(challenge))
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *backend) does(answer http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *backend) answers(status int, body string) {
	b.does(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (b *backend) proving(proves bool) {
	b.proves(func(challenge string) string {
		if proves {
			return challenge
		}
		return "who are you"
	})
}

func (b *backend) proves(prove func(challenge string) string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prove = prove
}

func (b *backend) next(t *testing.T) asked {
	t.Helper()
	select {
	case got := <-b.asked:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("the backend was not asked")
		return asked{}
	}
}

// nothing says that the backend was not asked. What was to ask it is over.
func (b *backend) nothing(t *testing.T) {
	t.Helper()
	select {
	case got := <-b.asked:
		t.Fatalf("the backend was asked %s %s", got.method, got.url)
	default:
	}
}

// jsonOf writes a value for a body.
func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type object = map[string]any

func TestWebhookShowsWhatIsInForce(t *testing.T) {
	k := withAcme(t)
	const body = `{"name": "Look up", "url": "https://bank.example.com/{{ id }}", "headers": {"X-Own": "canary-own"}, "query": {"q": "{{ q }}"},
		"auth": {"type": "bearer", "token": "canary-bearer"}, "body": {"a": "{{ a }}", "b": [1.50]},
		"response": {"variables": [{"name": "balance", "path": "a.b", "type": "number"}]}, "sign": {"type": "standard", "secrets": ["whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LTAx"]}}`
	created := k.want(201, "PUT", lookup, body)
	for _, text := range []string{`"id":"lookup"`, `"managed_by":"api"`, `"profile":"builder"`, `"method":"POST"`, `"timeout":"5s"`, `"mode":"sync"`,
		`"headers":{"X-Own":"canary-own"}`, `"token":"***"`, `"secrets":["***"]`, `"schedule":[]`, `"failures":5`} {
		if !strings.Contains(created.text, text) {
			t.Errorf("it does not show %s: %s", text, created.text)
		}
	}
	if _, has := created.body["error"]; has {
		t.Errorf("one of profile builder shows an error: %s", created.text)
	}
	if read := k.want(200, "GET", lookup, ""); read.text != created.text {
		t.Errorf("PUT answers\n%s\nGET\n%s", created.text, read.text)
	}
	was := k.here.Current().Tenant("acme").Webhook("lookup")
	again := k.want(200, "PUT", lookup, created.text)
	is := k.here.Current().Tenant("acme").Webhook("lookup")
	delete(again.body, "updated_at")
	delete(created.body, "updated_at")
	if !reflect.DeepEqual(again.body, created.body) {
		t.Errorf("written back it is\n%v\nwas\n%v", again.body, created.body)
	}
	if is.Spec.Auth != was.Spec.Auth || is.Spec.Sign.Secrets[0] != was.Spec.Sign.Secrets[0] || is.Spec.Headers[0].Value != "canary-own" {
		t.Error("written back, its secrets are others")
	}
	if seen := k.as(k.token("platform", ""), "GET", lookup, "").text; strings.Contains(seen, "canary") || !strings.Contains(seen, `"X-Own":"***"`) {
		t.Errorf("a platform's token sees %s", seen)
	}
	if logged := k.logged(); strings.Contains(logged, "canary") || !strings.Contains(logged, "a webhook was written") {
		t.Errorf("logged: %s", logged)
	}
}

func TestWebhookOfProfileChatbotShowsItsError(t *testing.T) {
	k, b := withAcme(t), newBackend(t)
	g := k.want(201, "PUT", webhooks+"/bot", jsonOf(t, object{"profile": "chatbot", "url": b.url}))
	if text, has := g.body["error"]; text != nil || !has {
		t.Errorf("at first its error is %v: %s", text, g.text)
	}
	b.answers(500, `{}`)
	k.want(200, "POST", webhooks+"/bot/call", `{}`)
	k.settled("Request failed with status code 500")
	g = k.want(200, "GET", webhooks+"/bot", "")
	if g.str("error") != "Request failed with status code 500" {
		t.Errorf("after a failed call its error is %v", g.body["error"])
	}
	if again := k.want(200, "PUT", webhooks+"/bot", g.text); again.str("error") != g.str("error") { // what was read can be written, and is no call
		t.Errorf("written back, its error is %v", again.body["error"])
	}
}

func TestWebhooksAreListedAndDeleted(t *testing.T) {
	k := withAcme(t)
	for _, id := range []string{"b", "c", "a"} {
		k.want(201, "PUT", webhooks+"/"+id, `{"url": "https://bank.example.com/"}`)
	}
	if seen := k.pages(webhooks + "?limit=2"); !slices.Equal(seen, []string{"a", "b", "c"}) {
		t.Errorf("listed %q", seen)
	}
	k.want(204, "DELETE", webhooks+"/b", "")
	k.want(404, "GET", webhooks+"/b", "")
	k.want(404, "DELETE", webhooks+"/b", "")
	k.want(404, "POST", webhooks+"/b/call", `{}`)
	k.want(404, "GET", "/v1/tenants/filed/webhooks/a", "") // another tenant's
	const file = "/v1/tenants/filed/webhooks/w"
	if g := k.want(200, "GET", file, ""); g.str("managed_by") != "file" {
		t.Errorf("the file's is %s", g.text)
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if g := k.do(method, file, `{"url": "https://bank.example.com/"}`); g.status != 409 || g.code() != "managed_by_file" {
			t.Errorf("%s of the file's: %d %s", method, g.status, g.text)
		}
	}
}

func TestWebhookFaultsHaveTheirPlace(t *testing.T) {
	k := withAcme(t)
	g := k.do("PUT", lookup, `{"url": "ftp://x", "timeout": "61s", "heders": {}, "headers": {"Host": "x"}, "body": "{% include 'a' %}"}`)
	paths := g.paths()
	slices.Sort(paths)
	if want := []string{"body", "headers.Host", "heders", "timeout", "url"}; g.status != 422 || !slices.Equal(paths, want) {
		t.Errorf("%d, faults at %q, want %q: %s", g.status, paths, want, g.text)
	}
	k.want(404, "GET", lookup, "")
}

func TestWebhookShowsItsBreaker(t *testing.T) {
	k, b := withLookup(t, object{"breaker": object{"failures": 1, "open": "1h"}})
	if text := k.want(200, "GET", lookup, "").text; !strings.Contains(text, `"state":"closed","open_until":null`) {
		t.Errorf("before any call: %s", text)
	}
	b.answers(500, "")
	k.want(200, "POST", callOf, `{"variables": {"id": "x"}}`)
	shown := k.want(200, "GET", lookup, "").text
	if !strings.Contains(shown, `"state":"open","open_until":"2`) {
		t.Errorf("after a failure: %s", shown)
	}
	k.want(200, "PUT", lookup, shown) // what was read can be written back
	if g := k.want(200, "POST", callOf, `{"variables": {"id": "x"}}`); g.str("reason") != "breaker_open" {
		t.Errorf("after it was written back: %s", g.text)
	}
	if !strings.Contains(k.logged(), `"msg":"circuit breaker changed","tenant":"acme","webhook":"lookup","state":"open"`) {
		t.Error("the log does not tell of it")
	}
}
