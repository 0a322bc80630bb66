package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// taker keeps what it is asked to relay, in memory of its own, and answers as it is
// told.
type taker struct {
	mu        sync.Mutex
	got       []RelayRequest
	duplicate bool
	err       error
}

func (k *taker) take(q RelayRequest) (id string, duplicate bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	q.Body, q.Request.Header = slices.Clone(q.Body), slices.Clone(q.Request.Header)
	k.got = append(k.got, q)
	return "cb_" + q.Route.ID, k.duplicate, k.err
}

func (k *taker) last(t *testing.T, n int) RelayRequest {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.got) != n {
		t.Fatalf("%d requests were relayed, want %d", len(k.got), n)
	}
	return k.got[n-1]
}

func newRelay(t *testing.T, more string) (*site, *taker) {
	k := &taker{}
	s := newSite(t, `{}`, siteOptions{tenants: []*directory.Tenant{{ID: "acme"}}, relay: k.take, relayAll: k.takeAll})
	if !strings.Contains(more, `"match"`) {
		more += `"match":{"path":"/wa"},`
	}
	s.route(t, `{"wa":{"mode":"relay","tenant":"acme",`+more+`"upstreams":[{"url":"http://bot.test"}]}}`)
	return s, k
}

// TestRelayKeepsTheRequest: what is to be delivered is the request as it came, but
// for what belongs to its connection, and with who the client was.
func TestRelayKeepsTheRequest(t *testing.T) {
	s, k := newRelay(t, githubVerify+`,"strip_prefix":true,`)
	body := "{\"binary\": \"\x00\xff\"} no JSON at all"
	a, text := s.ask(t, "POST", "/wa/in%20bound?a=1&b=%2F", strings.NewReader(body), "X-Hub-Signature-256", sign(body),
		"X-Odd", "two  spaces", "Te", "trailers", "Connection", "X-Hop", "X-Hop", "1", "Forwarded", "for=1.2.3.4", "Idempotency-Key", "k1")
	if a.StatusCode != 200 || text != `{"outcome":"accepted","callback_id":"cb_wa"}` || a.Header.Get("Hookgate-Outcome") != "accepted" {
		t.Fatalf("%d %s", a.StatusCode, text)
	}
	q := k.last(t, 1)
	if q.Request.Method != "POST" || q.Request.Target != "/in%20bound?a=1&b=%2F" || string(q.Body) != body || q.IdempotencyKey != "k1" || q.Key != "" || q.IDs != nil {
		t.Errorf("%+v", q)
	}
	fields := map[string]string{}
	for _, f := range q.Request.Header {
		fields[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"X-Odd": "two  spaces", "X-Hub-Signature-256": sign(body), "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": s.addr,
		"X-Hop": "", "Te": "", "Connection": "", "Host": "", "Content-Length": "", "Forwarded": "",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	until(t, "it is counted", func() bool { return s.counted(t, "wa", "200") == 1 })
}

// TestRelayFindsIDsAndConversation, in whatever the provider sends.
func TestRelayFindsIDsAndConversation(t *testing.T) {
	const form, meta = "application/x-www-form-urlencoded", `"verify":{"type":"meta","secrets":["0123456789abcdef"],"verify_token":"v"},`
	batch := `{"entry":[{"changes":[{"value":{"messages":[{"id":"m1","from":"491"},{"id":"m2","from":"492"}]}}]},{"changes":[{"value":{"statuses":[{"id":"m1","status":"sent"},{"id":"m1","status":"read","timestamp":"7"}]}}]}]}`
	some := `{"entry":[{"changes":[{"value":{"messages":[{"id":"m1","from":"491"}]}},{"value":{"event":"VERIFIED_ACCOUNT"}}]}]}`
	for name, c := range map[string]struct {
		route, contentType, body string
		fields                   []string
		ids                      []string
		key                      string
	}{
		"a path":       {`"dedupe":{"id":"event_id"},"conversation_key":{"path":"chat"},`, "application/json", `{"event_id":"e1","chat":42}`, nil, []string{`"e1"`}, "42"},
		"a field":      {`"dedupe":{"id":"header:X-Id"},"conversation_key":{"in":"header","path":"X-Chat"},`, "text/plain", "hi", []string{"X-Id", "7", "X-Chat", "c7"}, []string{"7"}, "c7"},
		"a parameter":  {`"conversation_key":{"in":"query","path":"q"},`, "application/json", `{}`, nil, nil, "1"},
		"a form":       {`"dedupe":{"id":"MessageSid"},"conversation_key":{"path":"From"},`, form, "MessageSid=SM1&From=%2B491", nil, []string{`"SM1"`}, "+491"},
		"several":      {`"dedupe":{"id":"$.list[*].id"},`, "application/json", `{"list":[{"id":"a"},{"id":2}]}`, nil, []string{`"a"`, "2"}, ""},
		"parts of one": {`"dedupe":{"id":"$[0]['a','b']"},`, "application/json", `[{"a":1,"b":2}]`, nil, []string{"[1,2]"}, ""},
		"none there":   {`"dedupe":{"id":"event_id"},"conversation_key":{"path":"chat"},`, "application/json", `{"chat":{}}`, nil, nil, ""},
		"no JSON":      {`"dedupe":{"id":"event_id"},`, "application/json", `{"event_id":`, nil, nil, ""},
		"compressed":   {`"dedupe":{"id":"event_id"},`, "application/json", `{"event_id":"e1"}`, []string{"Content-Encoding", "gzip"}, nil, ""},
		"of a scheme":  {githubVerify + `,`, "application/json", `{}`, []string{"X-GitHub-Delivery", "g1"}, []string{"g1"}, ""},
		"of Meta":      {meta, "application/json", batch, nil, []string{`"m1"`, `"m2"`, `"m1","sent"`, `"m1","read",,"7"`}, ""},
		"one of Meta":  {meta, "application/json", `{"entry":[{"messaging":[{"message":{"mid":"m1"}}]}]}`, nil, []string{`"m1"`}, ""},
		"not all":      {meta, "application/json", some, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newRelay(t, c.route)
			fields := append([]string{"Content-Type", c.contentType, "X-Hub-Signature-256", sign(c.body)}, c.fields...)
			a, text := s.ask(t, "POST", "/wa?q=1", strings.NewReader(c.body), fields...)
			if a.StatusCode != 200 {
				t.Fatalf("%d %s", a.StatusCode, text)
			}
			if q := k.last(t, 1); fmt.Sprint(q.IDs) != fmt.Sprint(c.ids) || q.Key != c.key {
				t.Errorf("ids %q, key %q", q.IDs, q.Key)
			}
		})
	}
}

// What Lark hides is looked into for ids and key, and relayed as it came.
func TestRelayOfHiddenBody(t *testing.T) {
	const hidden = `{"encrypt":"aWlpaWlpaWlpaWlpaWlpaZuQnAjXRN5GF8HQf2zuTaD5OfrWSunCaLDfVID0eee0z13LCkj/wOS+LORsFbcdgaUEw2e0FQkUlNZr9UBHQjvGVfLYbgoe9iKoSx5z6WbQp4Q1DV9BZv07/Halo+o6WA=="}`
	s, k := newRelay(t, `"verify":{"type":"lark","secrets":["0123456789abcdef"],"verification_token":"token"},"conversation_key":{"path":"event.message.chat_id"},`)
	at := fmt.Sprint(time.Now().Unix())
	sum := sha256.Sum256([]byte(at + "n" + "0123456789abcdef" + hidden))
	a, text := s.ask(t, "POST", "/wa", strings.NewReader(hidden), "Content-Type", "application/json",
		"X-Lark-Request-Timestamp", at, "X-Lark-Request-Nonce", "n", "X-Lark-Signature", hex.EncodeToString(sum[:]))
	if a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, text)
	}
	if q := k.last(t, 1); fmt.Sprint(q.IDs) != `["e1"]` || q.Key != "oc_1" || string(q.Body) != hidden {
		t.Errorf("ids %q, key %q, body %s", q.IDs, q.Key, q.Body)
	}
}

func TestRelayAnswers(t *testing.T) {
	s, k := newRelay(t, "")
	k.duplicate = true
	if a, text := s.ask(t, "PUT", "/wa", strings.NewReader("x")); a.StatusCode != 200 || text != `{"outcome":"duplicate","callback_id":"cb_wa"}` || a.Header.Get("Hookgate-Outcome") != "duplicate" {
		t.Errorf("a repeat: %d %s", a.StatusCode, text)
	}
	k.err = gateway.Unavailable("no room on the disk", 5*time.Second)
	if a, text := s.ask(t, "PUT", "/wa", strings.NewReader("x")); a.StatusCode != 503 || a.Header.Get("Retry-After") != "5" || !strings.Contains(text, `"unavailable"`) {
		t.Errorf("a full disk: %d %s", a.StatusCode, text)
	}
	none := newSite(t, `{}`, siteOptions{tenants: []*directory.Tenant{{ID: "acme"}}})
	none.route(t, `{"wa":{"mode":"relay","tenant":"acme","match":{"path":"/wa"},"upstreams":[{"url":"http://bot.test"}]}}`)
	if a, _ := none.ask(t, "POST", "/wa", nil); a.StatusCode != 404 {
		t.Errorf("where nobody relays: %d", a.StatusCode)
	}
}

// A route that splits makes a delivery of each message; one that does not is behind all
// conversations of the request.
func TestRelayOfSeveralMessages(t *testing.T) {
	const meta = `"verify":{"type":"meta","secrets":["0123456789abcdef"],"verify_token":"v"},"conversation_key":{"path":"item.from"},`
	const body = `{"object":"x","entry":[{"changes":[{"value":{"messages":[{"id":"m1","from":"491"},{"id":"m2","from":"492"}]}}]},{"changes":[{"value":{"statuses":[{"id":"m0","status":"read"}]}}]}]}`
	send := func(route, body string) (string, *taker) {
		s, k := newRelay(t, route)
		a, text := s.ask(t, "POST", "/wa", strings.NewReader(body), "Content-Type", "application/json", "X-Hub-Signature-256", sign(body))
		if a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, text)
		}
		return text, k
	}
	text, k := send(meta+`"split":true,`, body)
	for i, want := range []struct{ key, id, body string }{
		{"491", `"m1"`, `{"object":"x","entry":[{"changes":[{"value":{"messages":[{"id":"m1","from":"491"}]}}]}]}`},
		{"492", `"m2"`, `{"object":"x","entry":[{"changes":[{"value":{"messages":[{"id":"m2","from":"492"}]}}]}]}`},
		{"", `"m0","read"`, `{"object":"x","entry":[{"changes":[{"value":{"statuses":[{"id":"m0","status":"read"}]}}]}]}`},
	} {
		if q := k.got[i]; q.Key != want.key || fmt.Sprint(q.IDs) != "["+want.id+"]" || string(q.Body) != want.body || q.Keys != nil {
			t.Errorf("message %d: %q %q %s", i, q.Key, q.IDs, q.Body)
		}
	}
	if want := `{"outcome":"accepted","callbacks":[{"outcome":"accepted","callback_id":"cb_0","conversation_key":"491"},{"outcome":"accepted","callback_id":"cb_1","conversation_key":"492"},{"outcome":"accepted","callback_id":"cb_2"}]}`; text != want {
		t.Errorf("answered %s", text)
	}
	_, k = send(meta, body)
	if q := k.last(t, 1); q.Key != "491" || fmt.Sprint(q.Keys) != "[491 492]" || string(q.Body) != body {
		t.Errorf("whole: %q %q", q.Key, q.Keys)
	}
	_, k = send(strings.Replace(meta, "item.from", "$..from", 1), body)
	if q := k.last(t, 1); fmt.Sprint(q.Keys) != "[491 492]" {
		t.Errorf("by a path: %q", q.Keys)
	}
	_, k = send(meta+`"split":true,`, `{"object":"x"}`)
	if q := k.last(t, 1); string(q.Body) != `{"object":"x"}` {
		t.Errorf("without a list: %s", q.Body)
	}
}

// A body in which the messages lie in a wrapping is not split: it goes whole, behind all
// of its conversations. One that is coded is not looked into.
func TestRelayThatCannotBeSplit(t *testing.T) {
	const form, list = "application/x-www-form-urlencoded", `{"list":[{"chat":"A","id":1},{"chat":"B","id":2}]}`
	const route = `"each":"list","split":true,"dedupe":{"id":"item.id"},"conversation_key":{"path":"item.chat"},`
	for name, c := range map[string]struct {
		route, kind, body string
		fields            []string
		keys, ids         string
	}{
		"a form's payload": {`"unwrap":"payload",` + route, form, "payload=" + url.QueryEscape(list), nil, "[A B]", "[1 2]"},
		"a text of JSON":   {`"unwrap":"Message",` + route, "application/json", fmt.Sprintf(`{"Message":%q}`, list), nil, "[A B]", "[1 2]"},
		"a form":           {strings.ReplaceAll(route, `"item.chat"`, `"item"`), form, "list=A&list=B", nil, "[A B]", "[]"},
		"coded":            {route, "application/json", list, []string{"Content-Encoding", "gzip"}, "[]", "[]"},
	} {
		s, k := newRelay(t, c.route)
		a, text := s.ask(t, "POST", "/wa", strings.NewReader(c.body), append([]string{"Content-Type", c.kind}, c.fields...)...)
		if a.StatusCode != 200 {
			t.Fatalf("%s: %d %s", name, a.StatusCode, text)
		}
		if q := k.last(t, 1); fmt.Sprint(q.Keys) != c.keys || fmt.Sprint(q.IDs) != c.ids || string(q.Body) != c.body {
			t.Errorf("%s: keys %q, ids %q, body %s", name, q.Keys, q.IDs, q.Body)
		}
	}
}

// A request that is not split is known again by the ids of all its messages, where
// dedupe.id looks into the message; with one that has none it may be new.
func TestRelayOfSeveralMessagesIsKnownByTheirIDs(t *testing.T) {
	for _, c := range []struct{ id, body, want string }{
		{"item.id", `{"list":[{"id":1},{"id":"b"}]}`, `[1 "b"]`},
		{"item.id", `{"list":[{"id":1},{"x":1}]}`, "[]"},
		{"item.id", `{"list":[]}`, "[]"},
		{"item", `{"list":["a","b"]}`, `["a" "b"]`},
		{"id", `{"id":7,"list":[{"id":1},{"id":2}]}`, "[7]"},
		{"$.list[*].id", `{"list":[{"id":1},{"id":2}]}`, "[1 2]"},
	} {
		s, k := newRelay(t, `"each":"list","dedupe":{"id":"`+c.id+`"},`)
		a, text := s.ask(t, "POST", "/wa", strings.NewReader(c.body), "Content-Type", "application/json")
		if a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, text)
		}
		if q := k.last(t, 1); fmt.Sprint(q.IDs) != c.want {
			t.Errorf("by %s it is known as %q, want %s", c.id, q.IDs, c.want)
		}
	}
}

func (k *taker) takeAll(all []RelayRequest) (became []Relayed, err error) {
	for i, q := range all {
		_, _, err = k.take(q)
		became = append(became, Relayed{ID: fmt.Sprint("cb_", i), Duplicate: k.duplicate})
	}
	return became, err
}

// Paths of a relay look into what the body wraps and see it in the form that the route
// names; what is delivered is the body as it came (SPEC 15).
func TestRelayReadsBodiesAsASourceDoes(t *testing.T) {
	key := `"conversation_key":[{"in":"header","path":"X-Chat"},{"path":"channel.id"}],"dedupe":{"id":"id"},`
	for body, more := range map[string]string{
		"payload=%7B%22id%22%3A7%2C%22channel%22%3A%7B%22id%22%3A%22C7%22%7D%7D": `"body":"form","unwrap":"payload",`,
		`{"data":"{\"id\":7,\"channel\":{\"id\":\"C7\"}}"}`:                      `"body":"json","unwrap":"data",`,
		`{"id":7,"channel":{"id":"C7"}}`:                                         `"body":"json",`,
	} {
		s, k := newRelay(t, more+key)
		if a, text := s.ask(t, "POST", "/wa", strings.NewReader(body), "Content-Type", "text/plain", "X-Chat", "two words"); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, text)
		}
		if got := k.last(t, 1); got.Key != "C7" || !slices.Equal(got.IDs, []string{"7"}) || string(got.Body) != body {
			t.Errorf("%s: key %q, ids %q, body %s", more, got.Key, got.IDs, got.Body)
		}
		if a, _ := s.ask(t, "POST", "/wa", strings.NewReader("hello"), "X-Chat", "C8"); a.StatusCode != 200 {
			t.Errorf("what cannot be read: %d", a.StatusCode)
		}
		if got := k.last(t, 2); got.Key != "C8" || got.IDs != nil || string(got.Body) != "hello" {
			t.Errorf("what cannot be read: key %q, ids %q", got.Key, got.IDs)
		}
	}
}
