package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// server answers each request by a function, without a network: time can be a test's own.
type server struct {
	t        *testing.T
	answer   func(n int, r *http.Request) (*http.Response, error)
	requests []*http.Request
	bodies   []string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		s.bodies = append(s.bodies, string(body))
	}
	s.requests = append(s.requests, r)
	return s.answer(len(s.requests), r)
}

func (s *server) client(o Options) *Client {
	o.Transport = s
	c, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func answer(status int, body string, fields ...string) (*http.Response, error) {
	r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	if status >= 400 && strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/problem+json")
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	return r, nil
}

const busy = `{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limited","detail":"slower"}`

// What carries an Idempotency-Key is sent again with the same key and body, after the
// pause that is asked for.
func TestPublishIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, told := time.Now(), 0
		s := &server{t: t, answer: func(n int, _ *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return answer(429, busy, "Retry-After: 7")
			case 2:
				return nil, io.ErrUnexpectedEOF // it may have arrived
			}
			return answer(202, `{"accepted":1,"events":[{"id":"evt_1","deliveries":2}]}`)
		}}
		c := s.client(Options{Token: "t", Again: func(time.Duration, error) { told++ }})
		p, err := c.Of("acme").Publish(t.Context(), Publish{Events: []json.RawMessage{[]byte(`{"event":{"type":"x"}}`)}})
		if err != nil || p.Accepted != 1 || p.Events[0].ID != "evt_1" {
			t.Fatalf("%+v, %v", p, err)
		}
		key := s.requests[0].Header.Get("Idempotency-Key")
		if len(s.requests) != 3 || told != 2 || key == "" || time.Since(began) < 7*time.Second {
			t.Errorf("%d requests, %d told, key %q, after %s", len(s.requests), told, key, time.Since(began))
		}
		for i, r := range s.requests {
			if r.Header.Get("Idempotency-Key") != key || s.bodies[i] != s.bodies[0] || r.Header.Get("Authorization") != "Bearer t" {
				t.Errorf("request %d is another: %v %s", i+1, r.Header, s.bodies[i])
			}
		}
	})
}

// How often a request is sent that fails in one way and would then go well.
func TestAgain(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		method, key string
		fails       func() (*http.Response, error)
		want        int
	}{
		"a read, cut":                          {"GET", "", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 2},
		"a write in place, cut":                {"PUT", "", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 2},
		"a deed, cut":                          {"POST", "", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 1},
		"a deed with a key, cut":               {"POST", "k", func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 2},
		"a deed, not sent":                     {"POST", "", func() (*http.Response, error) { return nil, refused }, 2},
		"a deed, refused for now":              {"POST", "", func() (*http.Response, error) { return answer(503, strings.ReplaceAll(busy, "429", "503")) }, 2},
		"a deed, lost between":                 {"POST", "", func() (*http.Response, error) { return answer(502, "bad gateway") }, 1},
		"a read, lost between":                 {"GET", "", func() (*http.Response, error) { return answer(502, "bad gateway") }, 2},
		"a read, refused":                      {"GET", "", func() (*http.Response, error) { return answer(404, strings.ReplaceAll(busy, "429", "404")) }, 1},
		"a read, answered by something else":   {"GET", "", func() (*http.Response, error) { return answer(200, "<html>") }, 1},
		"a read, led elsewhere":                {"GET", "", func() (*http.Response, error) { return answer(302, "", "Location: http://other/") }, 1},
		"a read, for later than anybody waits": {"GET", "", func() (*http.Response, error) { return answer(503, busy, "Retry-After: 3600") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{t: t, answer: func(n int, _ *http.Request) (*http.Response, error) {
					if n == 1 {
						return c.fails()
					}
					return answer(200, `{}`)
				}}
				_, err := Ask[json.RawMessage](t.Context(), s.client(Options{}), Request{Method: c.method, Path: "/v1/x", Key: c.key})
				if len(s.requests) != c.want || (err == nil) != (c.want == 2) {
					t.Errorf("%d requests, want %d: %v", len(s.requests), c.want, err)
				}
			})
		})
	}
}

// It ends: by Tries, by Patience, by the context.
func TestAgainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, answer: func(int, *http.Request) (*http.Response, error) { return answer(429, busy, "Retry-After: 1") }}
		began := time.Now()
		_, err := Ask[json.RawMessage](t.Context(), s.client(Options{}), Request{Path: "/v1/x"})
		if !IsCode(err, gateway.CodeRateLimited) || len(s.requests) != 6 || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %d requests, %s", err, len(s.requests), time.Since(began))
		}
		s.requests = nil
		_, err = Ask[json.RawMessage](t.Context(), s.client(Options{Patience: 2500 * time.Millisecond}), Request{Path: "/v1/x"})
		if !IsCode(err, gateway.CodeRateLimited) || len(s.requests) != 3 {
			t.Errorf("%v after %d requests", err, len(s.requests))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		s.requests = nil
		if _, err = Ask[json.RawMessage](ctx, s.client(Options{}), Request{Path: "/v1/x"}); err == nil || len(s.requests) != 2 {
			t.Errorf("%v after %d requests", err, len(s.requests))
		}
	})
}

// A server that says nothing is left, and one that is asked to hold is not.
func TestNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		began := time.Now()
		_, err := s.client(Options{Tries: 1}).Of("acme").OpenWait(t.Context(), NewWait{Source: "s", TimeoutSeconds: 300})
		if !errors.Is(err, errNoAnswer) || time.Since(began) != 6*time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestProblem(t *testing.T) {
	s := &server{t: t, answer: func(int, *http.Request) (*http.Response, error) {
		return answer(422, `{"title":"Unprocessable","status":422,"code":"invalid_field","detail":"some fields are not valid","errors":[{"path":"verify.type","message":"is missing"}],"request_id":"r1"}`)
	}}
	_, err := s.client(Options{}).Of("acme").Sources().Put(t.Context(), "s", gateway.Source{}, `"tag"`)
	p, is := errors.AsType[*Problem](err)
	if !is || p.Code != gateway.CodeInvalidField || p.RequestID != "r1" || err.Error() != "some fields are not valid; verify.type: is missing" {
		t.Errorf("%#v", err)
	}
	if s.requests[0].Header.Get("If-Match") != `"tag"` || s.requests[0].URL.Path != "/v1/tenants/acme/sources/s" {
		t.Errorf("%v", s.requests[0])
	}
	s.answer = func(int, *http.Request) (*http.Response, error) { return answer(403, "<html>") }
	if err := s.client(Options{}).Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "is not hookgate's") {
		t.Error(err)
	}
}

// What was deleted though its answer was lost is deleted.
func TestDeleteWhoseAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := strings.ReplaceAll(strings.ReplaceAll(busy, "429", "404"), "rate_limited", "not_found")
		s := &server{t: t, answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return nil, io.ErrUnexpectedEOF
			}
			return answer(404, gone)
		}}
		if err := s.client(Options{}).Tenants().Delete(t.Context(), "acme", ""); err != nil {
			t.Error(err)
		}
		if err := s.client(Options{}).Tenants().Delete(t.Context(), "acme", ""); !IsCode(err, gateway.CodeNotFound) {
			t.Error(err)
		}
	})
}

func TestListTurnsPages(t *testing.T) {
	s := &server{t: t, answer: func(n int, r *http.Request) (*http.Response, error) {
		if want := []string{"", "c1"}[n-1]; r.URL.Query().Get("cursor") != want || r.URL.Query().Get("state") != "dead" {
			t.Errorf("page %d is asked for by %s", n, r.URL.RawQuery)
		}
		return answer(200, []string{`{"data":[{"id":"a"},{"id":"b"}],"next_cursor":"c1"}`, `{"data":[{"id":"c"}],"next_cursor":null}`}[n-1])
	}}
	var ids []string
	for d, err := range s.client(Options{}).Of("acme").Deliveries(t.Context(), DeliveryFilter{State: gateway.DeliveryDead}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	if !slices.Equal(ids, []string{"a", "b", "c"}) {
		t.Errorf("%q", ids)
	}
}

// What is sent is what the words of the API are as JSON, but for the secrets: those are
// masked everywhere else.
func TestSecretsAreSent(t *testing.T) {
	size := gateway.Size(1 << 20)
	for _, v := range []any{
		gateway.Tenant{Name: "A", Headers: gateway.Headers{{Name: "X", Value: "s3cret"}}, Platform: &gateway.Platform{URL: "u", Auth: gateway.Auth{Type: "bearer", Token: "s3cret"}}},
		gateway.Source{Verify: gateway.Verify{Type: "token", Secrets: []gateway.Secret{"s3cret"}, Tokens: []gateway.VerifyToken{{Key: "k", Secret: "s3cret"}}}, MaxBody: &size, Match: []gateway.Match{{Name: "m", When: []gateway.Condition{{Path: "p"}}}}},
		&gateway.Endpoint{URL: "u", Sign: &gateway.Sign{Type: "standard", Secrets: []gateway.Secret{"s3cret"}}, TLS: &gateway.TLS{Key: "s3cret"}},
		gateway.Webhook{URL: "u", Token: "s3cret"},
		map[string]any{"a": nil, "b": []any{gateway.Secret("s3cret")}, "c": gateway.Raw(`{"x":1}`)},
	} {
		sent, err := Reveal(v)
		if err != nil {
			t.Fatal(err)
		}
		masked, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(sent, []byte("s3cret")) || bytes.Contains(masked, []byte("s3cret")) {
			t.Errorf("%T: sent as %s", v, sent)
		}
		if got := strings.ReplaceAll(string(sent), "s3cret", gateway.Masked); got != string(masked) {
			t.Errorf("%T: sent as\n%s, want\n%s", v, got, masked)
		}
	}
}

// A stream whose connection breaks goes on behind its last event; a refusal ends it.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{t: t, answer: func(n int, r *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return answer(200, ": hello\n\nid: a1\nevent: wait\ndata: {\"kind\":\"wait\",\"id\":\"w\",\"tenant\":\"acme\"}\n\nid: a2\nevent: cal", "Content-Type: text/event-stream")
			case 2:
				return nil, io.ErrUnexpectedEOF
			case 3:
				if r.Header.Get("Last-Event-ID") != "a1" || r.URL.Query().Get("kinds") != "wait,call" {
					t.Errorf("it goes on by %v %s", r.Header, r.URL.RawQuery)
				}
				return answer(200, "id: a5\nevent: gap\ndata: {\"kind\":\"gap\"}\n\n", "Content-Type: text/event-stream")
			}
			return answer(401, strings.ReplaceAll(busy, "429", "401"))
		}}
		var kinds []string
		var last error
		for line, err := range s.client(Options{}).Stream(t.Context(), StreamFilter{Kinds: []string{"wait", "call"}}) {
			kinds, last = append(kinds, line.Kind), err
		}
		if !slices.Equal(kinds, []string{"wait", KindGap, ""}) || last == nil || last.(*Problem).Status != 401 {
			t.Errorf("%q, %v", kinds, last)
		}
	})
}

func TestServerIsAURL(t *testing.T) {
	for server, good := range map[string]bool{
		"": true, "127.0.0.1:8081": true, "https://h.example/gw/": true, "ftp://h": false, "http://u:p@h": false, "http://": false, "http://h?x=1": false,
	} {
		if c, err := New(Options{Server: server}); (err == nil) != good || good && strings.HasSuffix(c.Server(), "/") {
			t.Errorf("%q: %v", server, err)
		}
	}
}
