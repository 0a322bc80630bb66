package inbound_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/inbound"
	"hookgate/gateway/requests"
	"hookgate/gateway/server"
	"hookgate/gateway/shares"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/waiting"
	"hookgate/metrics"
)

// kit is the public listener over a real store, with the tenant acme.
type kit struct {
	t         *testing.T
	url       string
	client    *http.Client
	directory *directory.Directory
	sessions  *waiting.Sessions
	ahead     atomic.Int64 // nanoseconds that the clock of what is stored, of the wall clock
	failed    int          // verifications
	trusts    bool         // whoever calls is a proxy in front
	before    func()       // each Take; nil: nothing
	refusal   error        // of each Take; nil: none
	bodies    *shares.Budget
	kept      *requests.Keeper
	in        *inbound.Inbound
	metrics   *metrics.Set
	neighbour shares.Holder
	log       bytes.Buffer
	keySets   *signature.KeySets
	fetches   *shares.Budget

	certificates *signature.Certificates // for the next load
}

func newKit(t *testing.T, sources map[string]gateway.Source) *kit {
	t.Helper()
	return newKitAt(t, "", server.Options{}, sources)
}

// newKitAt is a kit whose senders call it at public, with these settings of its listeners.
func newKitAt(t *testing.T, public string, o server.Options, sources map[string]gateway.Source) *kit {
	t.Helper()
	k := &kit{t: t, directory: directory.New(), client: http.DefaultClient, neighbour: shares.Tenant("neighbour"), fetches: shares.New(8), metrics: metrics.New("test"), kept: requests.New(requests.Options{})}
	k.load(sources)
	store, err := pebblestore.Open(pebblestore.Options{Dir: t.TempDir()})
	check(t, err)
	k.sessions = waiting.New(waiting.Options{Ledger: store, Archive: store, Recovery: store})
	check(t, k.sessions.Acquire(gateway.AllSlots()))
	in := inbound.New(inbound.Options{
		Directory: k.directory, Taker: taker{k}, PublicURL: public, MaxBody: 1 << 20, Log: slog.New(slog.NewTextHandler(&k.log, nil)),
		Kept: k.kept, Fetches: k.fetches,
		Now:      func() time.Time { return time.Now().Add(time.Duration(k.ahead.Load())) },
		Observer: inbound.Observer{Took: func(float64, string) {}, AuthFailed: func() { k.failed++ }}, Trusts: func(netip.Addr) bool { return k.trusts },
	})
	k.in = in
	o.PublicAddr, o.InternalAddr = "127.0.0.1:0", "127.0.0.1:0"
	s, err := server.New(o, server.Handlers{
		Hook: in.Handle, HookBody: in.BodyLimit, HookTooLarge: in.TooLarge, Unmatched: in.Unmatched, API: func(*fasthttp.RequestCtx) {},
		Metrics: func(*fasthttp.RequestCtx) {}, Ready: func(string) error { return nil },
	})
	check(t, err)
	check(t, s.Listen())
	k.bodies, _ = s.Bodies()
	listening, _ := s.Addrs()
	k.url = "http://" + listening.String()
	if o.PublicTLS != nil {
		k.url = "https://" + listening.String()
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		check(t, s.Drain(context.Background()))
		check(t, <-served)
		k.sessions.Close()
		check(t, store.Close())
	})
	return k
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load makes these the sources of acme.
func (k *kit) load(sources map[string]gateway.Source) {
	k.t.Helper()
	tenants, faults := directory.CompileFile(
		map[string]directory.FileTenant{"acme": {Sources: sources}},
		directory.Options{
			MaxBody: 1 << 20, CheckURL: func(string, bool) error { return nil }, CheckHeader: func(string, string) error { return nil },
			KeySets: k.keySets, Certificates: k.certificates,
		})
	if len(faults) > 0 {
		k.t.Fatal(faults)
	}
	k.directory.Swap(directory.Build(k.metrics, tenants, nil))
}

// taker lets something happen before a callback is taken.
type taker struct{ *kit }

func (k taker) Take(c *waiting.Callback) (waiting.Taken, error) {
	if k.before != nil {
		k.before()
	}
	if k.refusal != nil {
		return waiting.Taken{}, k.refusal
	}
	return k.sessions.Take(c)
}

func (k taker) Look(c *waiting.Callback, wait string) (waiting.Looked, error) {
	return k.sessions.Look(c, wait)
}

func (k taker) TakeAll(all []waiting.One, admit func() time.Duration) {
	if k.refusal != nil {
		for i := range all {
			all[i].Err = k.refusal
		}
		return
	}
	k.sessions.TakeAll(all, admit)
}

// answer is what a sender sees.
type answer struct {
	status  int
	outcome string
	header  http.Header
	body    map[string]any
	raw     string
}

// post is a request to a source; its zero value is an empty POST.
type post struct {
	method, path, kind, body string
	header                   map[string]string
}

func (k *kit) send(p post) answer {
	k.t.Helper()
	if p.method == "" {
		p.method = "POST"
	}
	request, err := http.NewRequest(p.method, k.url+p.path, strings.NewReader(p.body))
	check(k.t, err)
	if p.kind != "" {
		request.Header.Set("Content-Type", p.kind)
	}
	for name, value := range p.header {
		request.Header.Set(name, value)
	}
	response, err := k.client.Do(request)
	check(k.t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	check(k.t, err)
	a := answer{status: response.StatusCode, outcome: response.Header.Get("Hookgate-Outcome"), header: response.Header, raw: string(raw)}
	if len(raw) > 0 && strings.Contains(response.Header.Get("Content-Type"), "json") {
		check(k.t, json.Unmarshal(raw, &a.body))
	}
	return a
}

func (k *kit) open(source, key string) *gateway.Wait {
	k.t.Helper()
	opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{
		Source: k.directory.Current().Tenant("acme").Source(source), Key: key, Timeout: time.Minute, Mode: gateway.ModePoll,
	})
	check(k.t, err)
	return opened.Wait
}

const asJSON = "application/json"

func number[T any](v T) *T { return &v }

func raw(s string) *gateway.Raw { r := gateway.Raw(s); return &r }

// open to everybody, as most of these tests are not about who calls.
var anybody = gateway.Verify{Type: "none"}

func TestEveryOutcome(t *testing.T) {
	zero := gateway.Duration(0)
	size := gateway.Size(64)
	k := newKit(t, map[string]gateway.Source{
		"plain":   {Verify: anybody},
		"strict":  {Verify: gateway.Verify{Type: "token", In: "header", Name: "X-Token", Secrets: []gateway.Secret{"let me in, please"}}},
		"noearly": {Verify: anybody, Early: gateway.Early{TTL: &zero}},
		"one":     {Verify: anybody, Early: gateway.Early{Max: number(1)}},
		"paid": {Verify: anybody, Match: []gateway.Match{{
			Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "type", Equals: raw(`"paid"`)}},
		}}},
		"needy":  {Verify: anybody, Variables: []gateway.Variable{{Name: "amount", Path: "amount", Type: "number", Required: true}}},
		"small":  {Verify: anybody, MaxBody: &size},
		"twice":  {Verify: anybody, VariablesMax: &size, Variables: []gateway.Variable{{Name: "a", Path: "a"}, {Name: "b", Path: "a"}}},
		"dear":   {Verify: anybody, ConversationKey: gateway.KeyPlace{Path: "$..[*]..[*]..[*]"}},
		"posts":  {Verify: anybody, Methods: []string{"POST", "PUT"}},
		"slow":   {Verify: anybody, RateLimit: &gateway.Rate{PerSecond: 0.001, Burst: 1}},
		"off":    {Verify: anybody, Enabled: number(false)},
		"pinned": {Verify: anybody, Early: gateway.Early{TTL: &zero}, Respond: gateway.Respond{Status: 200}},
	})
	waitID := k.open("plain", "chat1").ID
	for _, c := range []struct {
		name    string
		post    post
		status  int
		outcome gateway.Outcome
	}{
		{"a wait is resumed", post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"chat1"}`}, 200, "resumed"},
		{"the same again", post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"chat1"}`}, 200, "duplicate"},
		{"another", post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"chat1","n":2}`}, 409, "already_resumed"},
		{"no wait yet", post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"chat2"}`}, 202, "parked"},
		{"nothing is parked", post{path: "/hooks/acme/noearly", kind: asJSON, body: `{"conversation_key":"chat2"}`}, 404, "no_waiting_session"},
		{"the one that may be parked", post{path: "/hooks/acme/one", kind: asJSON, body: `{"conversation_key":"a"}`}, 202, "parked"},
		{"one more", post{path: "/hooks/acme/one", kind: asJSON, body: `{"conversation_key":"b"}`}, 429, "rate_limited"},
		{"fits no match", post{path: "/hooks/acme/paid", kind: asJSON, body: `{"conversation_key":"a","type":"x"}`}, 200, "ignored"},
		{"no key", post{path: "/hooks/acme/plain", kind: asJSON, body: `{}`}, 422, "conversation_key_missing"},
		{"a bad key", post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"a b"}`}, 422, "conversation_key_missing"},
		{"no JSON", post{path: "/hooks/acme/plain", kind: asJSON, body: `{`}, 400, "invalid_body"},
		{"JSON too deep", post{path: "/hooks/acme/plain", kind: asJSON, body: strings.Repeat("[", 129) + strings.Repeat("]", 129)}, 400, "invalid_body"},
		{"a required variable", post{path: "/hooks/acme/needy", kind: asJSON, body: `{"conversation_key":"a","amount":"lots"}`}, 422, "variable_missing"},
		{"one large variable", post{path: "/hooks/acme/twice", kind: asJSON, body: `{"conversation_key":"large","a":"` + strings.Repeat("x", 20) + `"}`}, 202, "parked"},
		{"large variables", post{path: "/hooks/acme/twice", kind: asJSON, body: `{"conversation_key":"large","a":"` + strings.Repeat("x", 40) + `"}`}, 422, "variables_too_large"},
		{"they are not remembered", post{path: "/hooks/acme/twice", kind: asJSON, body: `{"conversation_key":"large","a":"` + strings.Repeat("x", 40) + `"}`}, 422, "variables_too_large"},
		{"a dear key", post{path: "/hooks/acme/dear", kind: asJSON, body: strings.Repeat("["+strings.Repeat("1,", 99), 30) + "1" + strings.Repeat("]", 30)}, 422, "too_complex"},
		{"not verified", post{path: "/hooks/acme/strict", kind: asJSON, body: `{"conversation_key":"a"}`}, 401, "unauthenticated"},
		{"verified", post{path: "/hooks/acme/strict", kind: asJSON, body: `{"conversation_key":"a"}`, header: map[string]string{"X-Token": "let me in, please"}}, 202, "parked"},
		{"unknown source", post{path: "/hooks/acme/nothing", kind: asJSON, body: `{}`}, 404, "not_found"},
		{"unknown tenant", post{path: "/hooks/nobody/plain", kind: asJSON, body: `{}`}, 404, "not_found"},
		{"switched off", post{path: "/hooks/acme/off", kind: asJSON, body: `{}`}, 404, "not_found"},
		{"too large", post{path: "/hooks/acme/small", kind: asJSON, body: `{"conversation_key":"` + strings.Repeat("a", 64) + `"}`}, 413, "too_large"},
		{"too large when inflated", post{path: "/hooks/acme/small", kind: asJSON, body: zipped(strings.Repeat(" ", 1000)), header: map[string]string{"Content-Encoding": "gzip"}}, 413, "too_large"},
		{"a coding that nobody knows", post{path: "/hooks/acme/plain", kind: asJSON, body: `{}`, header: map[string]string{"Content-Encoding": "br"}}, 415, "unsupported_media_type"},
		{"not what its coding says", post{path: "/hooks/acme/plain", kind: asJSON, body: `{}`, header: map[string]string{"Content-Encoding": "gzip"}}, 400, "invalid_body"},
		{"a method that is not taken", post{method: "DELETE", path: "/hooks/acme/posts"}, 405, "method_not_allowed"},
		{"the first of many", post{path: "/hooks/acme/slow", kind: asJSON, body: `{"conversation_key":"a"}`}, 202, "parked"},
		{"too many", post{path: "/hooks/acme/slow", kind: asJSON, body: `{"conversation_key":"b"}`}, 429, "rate_limited"},
		{"pinned", post{path: "/hooks/acme/pinned", kind: asJSON, body: `{"conversation_key":"a"}`}, 200, "no_waiting_session"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := k.send(c.post)
			if a.status != c.status || a.outcome != string(c.outcome) || a.body["outcome"] != string(c.outcome) {
				t.Fatalf("answered %d %s %s, want %d %s", a.status, a.outcome, a.raw, c.status, c.outcome)
			}
			if a.status == 429 && a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			if a.status >= 400 && (a.header.Get("Content-Type") != "application/problem+json" || a.body["code"] != string(c.outcome) || a.body["status"] != float64(c.status)) {
				t.Errorf("no problem: %s %s", a.header.Get("Content-Type"), a.raw)
			}
			if c.outcome == "resumed" && (a.body["wait_id"] != waitID || a.body["conversation_key"] != "chat1" || a.body["callback_id"] == nil) {
				t.Errorf("resumed %s, want %s", a.raw, waitID)
			}
			if a.status == 405 && a.header.Get("Allow") != "POST, PUT" {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
		})
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func TestKeysAndBodies(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"body":   {Verify: anybody},
		"deep":   {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "body", Path: "data.object.metadata.key"}},
		"query":  {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "chat"}},
		"header": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "header", Path: "X-Chat"}},
		"path":   {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "path"}},
	})
	form := url.Values{"conversation_key": {"chat1"}, "item": {"a", "b"}}.Encode()
	multi := "--x\r\nContent-Disposition: form-data; name=\"conversation_key\"\r\n\r\nchat1\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n1234\r\n--x--\r\n"
	for name, c := range map[string]struct {
		post post
		body string // of the callback, as the wait shows it
	}{
		"json":            {post{path: "/hooks/acme/body", kind: asJSON, body: `{"conversation_key":"chat1"}`}, `{"conversation_key":"chat1"}`},
		"+json":           {post{path: "/hooks/acme/body", kind: "application/cloudevents+json; charset=utf-8", body: `{"conversation_key":"chat1"}`}, `{"conversation_key":"chat1"}`},
		"no content type": {post{path: "/hooks/acme/body", body: `{"conversation_key":"chat1"}`}, `{"conversation_key":"chat1"}`},
		"gzip":            {post{path: "/hooks/acme/body", kind: asJSON, body: zipped(`{"conversation_key":"chat1"}`), header: map[string]string{"Content-Encoding": "gzip"}}, `{"conversation_key":"chat1"}`},
		"a url":           {post{path: "/hooks/acme/body", kind: asJSON, body: `{"conversation_key":"https://app.example/c/chat1/?x=1"}`}, `{"conversation_key":"https://app.example/c/chat1/?x=1"}`},
		"deep":            {post{path: "/hooks/acme/deep", kind: asJSON, body: `{"data":{"object":{"metadata":{"key":"chat1"}}}}`}, `{"data":{"object":{"metadata":{"key":"chat1"}}}}`},
		"form":            {post{path: "/hooks/acme/body", kind: "application/x-www-form-urlencoded", body: form}, `{"conversation_key":"chat1","item":["a","b"]}`},
		"multipart":       {post{path: "/hooks/acme/body", kind: "multipart/form-data; boundary=x", body: multi}, `{"conversation_key":"chat1","doc":{"filename":"a.pdf","content_type":"application/pdf","size":4}}`},
		"query":           {post{method: "GET", path: "/hooks/acme/query?chat=chat1"}, `null`},
		"header":          {post{path: "/hooks/acme/header", kind: "text/plain", body: "hi", header: map[string]string{"X-Chat": "chat1"}}, `"hi"`},
		"path":            {post{path: "/hooks/acme/path/ch%61t1", kind: "application/xml", body: "<a/>"}, `"<a/>"`},
	} {
		t.Run(name, func(t *testing.T) {
			source := strings.Split(strings.Split(c.post.path, "?")[0], "/")[3]
			w := k.open(source, "chat1")
			a := k.send(c.post)
			if a.outcome != "resumed" {
				t.Fatalf("answered %d %s", a.status, a.raw)
			}
			got, err := k.sessions.Get("acme", w.ID)
			check(t, err)
			if string(got.Callback.Body) != c.body {
				t.Errorf("the callback's body reads %s, want %s", got.Callback.Body, c.body)
			}
		})
	}
}

// Every scheme verifies the very bytes that came, and knows its delivery id.
func TestProviders(t *testing.T) {
	const secret = "whsec_test_secret_1234567890"
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: gateway.Verify{Type: "stripe", Secrets: []gateway.Secret{secret}}},
		"meta":   {Verify: gateway.Verify{Type: "meta", Secrets: []gateway.Secret{secret}, VerifyToken: "hello-meta"}, Methods: []string{"POST"}},
		"slack":  {Verify: gateway.Verify{Type: "slack", Secrets: []gateway.Secret{secret}}},
	})
	sign := func(text string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return hex.EncodeToString(mac.Sum(nil))
	}
	stripe := func(body string) answer {
		now := time.Now().Unix()
		return k.send(post{path: "/hooks/acme/stripe", kind: asJSON, body: body, header: map[string]string{
			"Stripe-Signature": fmt.Sprintf("t=%d,v1=%s", now, sign(fmt.Sprintf("%d.%s", now, body))),
		}})
	}
	if a := stripe(`{"id":"evt_1","conversation_key":"chat1"}`); a.outcome != "parked" {
		t.Fatalf("stripe: %s", a.raw)
	}
	if a := stripe(`{"id":"evt_1","conversation_key":"chat1","retried":true}`); a.outcome != "duplicate" {
		t.Errorf("stripe, the same event id: %s", a.raw)
	}
	if a := k.send(post{method: "GET", path: "/hooks/acme/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token=hello-meta"}); a.status != 200 || a.raw != "42" {
		t.Errorf("meta handshake: %d %s", a.status, a.raw)
	}
	if a := k.send(post{method: "GET", path: "/hooks/acme/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token=wrong"}); a.status != 403 {
		t.Errorf("meta handshake with a wrong token: %d", a.status)
	}
	now := fmt.Sprint(time.Now().Unix())
	body := `{"type":"url_verification","challenge":"abc"}`
	a := k.send(post{path: "/hooks/acme/slack", kind: asJSON, body: body, header: map[string]string{
		"X-Slack-Request-Timestamp": now, "X-Slack-Signature": "v0=" + sign("v0:"+now+":"+body),
	}})
	if a.status != 200 || a.raw != "abc" {
		t.Errorf("slack handshake: %d %s", a.status, a.raw)
	}
	if a := k.send(post{path: "/hooks/acme/slack", kind: asJSON, body: body}); a.outcome != "unauthenticated" {
		t.Errorf("slack handshake, unsigned: %s", a.raw)
	}
}

func TestFailuresHaveABucketOfTheirOwn(t *testing.T) {
	const token = "let me in, please"
	k := newKit(t, map[string]gateway.Source{
		"strict": {Verify: gateway.Verify{Type: "bearer", Secrets: []gateway.Secret{token}}},
	})
	for i := range 61 {
		want := "unauthenticated"
		if i == 60 {
			want = "rate_limited"
		}
		if a := k.send(post{path: "/hooks/acme/strict", kind: asJSON, body: `{"conversation_key":"a"}`}); a.outcome != want {
			t.Fatalf("failure %d: %s, want %s", i+1, a.raw, want)
		}
	}
	a := k.send(post{path: "/hooks/acme/strict", kind: asJSON, body: `{"conversation_key":"a"}`, header: map[string]string{"Authorization": "Bearer " + token}})
	if a.outcome != "parked" {
		t.Errorf("a good one after 61 bad ones: %s", a.raw)
	}
	if k.failed != 61 {
		t.Errorf("%d failures counted, want 61", k.failed)
	}
	if strings.Contains(k.log.String(), token) {
		t.Error("the log has the secret")
	}
}

// Who guesses the token of a handshake fails as who guesses a signature does; the right
// one always passes.
func TestFailedHandshakesCount(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"meta": {Verify: gateway.Verify{Type: "meta", Secrets: []gateway.Secret{"the-secret-of-meta"}, VerifyToken: "hello-meta"}},
	})
	path := "/hooks/acme/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token="
	for i := range 61 {
		want := 403
		if i == 60 {
			want = 429
		}
		if a := k.send(post{method: "GET", path: path + "wrong"}); a.status != want || want == 429 && a.header.Get("Retry-After") == "" {
			t.Fatalf("guess %d: %d, Retry-After %q, want %d", i+1, a.status, a.header.Get("Retry-After"), want)
		}
	}
	if a := k.send(post{method: "GET", path: path + "hello-meta"}); a.status != 200 || a.raw != "42" {
		t.Errorf("the right one after 61 wrong ones: %d %s", a.status, a.raw)
	}
}

// A parked callback keeps what paths of a later wait may ask for, and no
// credential.
func TestParkedKeepsHeaderAndQuery(t *testing.T) {
	const token = "let me in, please"
	k := newKit(t, map[string]gateway.Source{
		"strict": {Verify: gateway.Verify{Type: "token", In: "query", Name: "token", Secrets: []gateway.Secret{token}}},
	})
	path := "/hooks/acme/strict?lang=pt%20BR&token=" + url.QueryEscape(token)
	a := k.send(post{path: path, kind: asJSON, body: `{"conversation_key":"chat1"}`, header: map[string]string{"X-Kind": "refund"}})
	if a.outcome != "parked" {
		t.Fatal(a.raw)
	}
	opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{
		Source: k.directory.Current().Tenant("acme").Source("strict"), Key: "chat1", Timeout: time.Minute, Mode: gateway.ModePoll,
		Variables: gateway.Raw(`[{"name":"kind","path":"header:X-Kind"},{"name":"lang","path":"query:lang"},{"name":"token","path":"query:token"}]`),
	})
	check(t, err)
	if got := string(opened.Wait.Variables); got != `{"kind":"refund","lang":"pt BR"}` {
		t.Errorf("variables %s", got)
	}
}

// What a question must bring is a credential, too, wherever it stands: senders may put it
// into all that they send.
func TestParkedKeepsNoTokenOfAQuestion(t *testing.T) {
	const token = "let me in, please"
	for in, name := range map[string]string{"query": "token", "header": "X-Token"} {
		k := newKit(t, map[string]gateway.Source{"asks": {Verify: anybody, Handshake: &gateway.Handshake{
			Type: "echo", In: "query", Name: "challenge", Token: &gateway.HandshakeToken{In: in, Name: name, Secrets: []gateway.Secret{token}},
		}}})
		a := k.send(post{path: "/hooks/acme/asks?lang=pt&token=" + url.QueryEscape(token), kind: asJSON, body: `{"conversation_key":"chat1"}`, header: map[string]string{"x-token": token}})
		if a.outcome != "parked" {
			t.Fatal(a.raw)
		}
		opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{
			Source: k.directory.Current().Tenant("acme").Source("asks"), Key: "chat1", Timeout: time.Minute, Mode: gateway.ModePoll,
			Variables: gateway.Raw(`[{"name":"lang","path":"query:lang"},{"name":"token","path":"` + in + `:` + name + `"}]`),
		})
		check(t, err)
		if got := string(opened.Wait.Variables); got != `{"lang":"pt"}` {
			t.Errorf("in %s: variables %s", in, got)
		}
	}
}

func TestIdempotencyKeyIsADeliveryID(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"plain": {Verify: anybody}})
	key := map[string]string{"Idempotency-Key": "k1"}
	first := k.send(post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"a"}`, header: key})
	again := k.send(post{path: "/hooks/acme/plain", kind: asJSON, body: `{"conversation_key":"a","try":2}`, header: key})
	if first.outcome != "parked" || again.outcome != "duplicate" || again.body["callback_id"] != first.body["callback_id"] {
		t.Errorf("%s then %s", first.raw, again.raw)
	}
}

// A sender signs by the wall clock, and is held to that, though the clock of what is
// stored may be another for now.
func TestToleranceIsOfTheWallClock(t *testing.T) {
	const key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	k := newKit(t, map[string]gateway.Source{"signed": {Verify: gateway.Verify{Type: "standard", Secrets: []gateway.Secret{"whsec_" + key}}}})
	k.ahead.Store(int64(-2 * time.Hour))
	signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{"whsec_" + key}})
	if faults != nil {
		t.Fatal(faults)
	}
	for off, want := range map[time.Duration]int{0: 202, -2 * time.Hour: 401} {
		p := post{path: "/hooks/acme/signed", kind: asJSON, body: `{"conversation_key":"k"}`, header: map[string]string{}}
		signer.Sign(signature.Message{ID: "msg_1", At: time.Now().Add(off), Body: []byte(p.body)}, func(name string, value []byte) { p.header[name] = string(value) })
		if a := k.send(p); a.status != want {
			t.Errorf("signed %s off the wall clock: %d %s", off, a.status, a.outcome)
		}
	}
}

// sendRaw posts nothing to a target as it stands, and gives the status.
func (k *kit) sendRaw(target string) int {
	k.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(k.url, "http://"))
	check(k.t, err)
	defer c.Close()
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", target)
	check(k.t, err)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	check(k.t, err)
	check(k.t, response.Body.Close())
	return response.StatusCode
}
