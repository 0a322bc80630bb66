package program

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Client calls one listener of a gateway. Many goroutines may use it.
type Client struct {
	Base  string // http://127.0.0.1:4711
	Token string // of the internal API; "" sends none
	http  *http.Client
	watch func(method, path string, a Answer, err error) // nil: nobody does
}

// Watched gives the same client, and lets somebody see what comes of each request.
func (c *Client) Watched(watch func(method, path string, a Answer, err error)) *Client {
	other := *c
	other.watch = watch
	return &other
}

// NewClient makes a Client; its connections are closed when the test ends.
func NewClient(t testing.TB, base, token string) *Client { return NewClientFrom(t, nil, base, token) }

// NewClientFrom makes a Client that calls from an address of this machine; nil is any.
func NewClientFrom(t testing.TB, from net.IP, base, token string) *Client {
	dialer := net.Dialer{Timeout: patience}
	if from != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: from}
	}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 256, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect is an answer
	return &Client{Base: base, Token: token, http: &http.Client{Transport: transport, CheckRedirect: asIs}}
}

// As gives the same client with another token.
func (c *Client) As(token string) *Client {
	other := *c
	other.Token = token
	return &other
}

// Answer is what came back, whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Sent   time.Time // just before the request went out
	Got    time.Time // when all of the answer was there
}

// Decode reads the body as JSON; a body that is not what v can hold ends the test.
func (a Answer) Decode(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, v); err != nil {
		t.Fatalf("answer %d is not the JSON that was expected: %v\n%s", a.Status, err, a.Body)
	}
}

// Field gives a member of the body that is text; "" for any other.
func (a Answer) Field(name string) string {
	var members map[string]any
	_ = json.Unmarshal(a.Body, &members) // what is no object has no such field
	s, _ := members[name].(string)
	return s
}

func (a Answer) String() string { return fmt.Sprintf("%d %s", a.Status, a.Body) }

// Do sends one request, with these header fields ("Name: value"). A body that is a string or []byte goes out as it is, nil is
// none, and anything else is written as JSON. Nothing is ever sent a second time:
// net/http would do so by itself on a connection that broke, and the history of a
// kill test would miss a request.
func (c *Client) Do(ctx context.Context, method, path string, body any, fields ...string) (a Answer, err error) {
	req, err := c.request(ctx, method, path, body, fields)
	if err != nil {
		return Answer{}, err
	}
	a = Answer{Sent: time.Now()}
	if c.watch != nil {
		defer func() { c.watch(method, path, a, err) }()
	}
	res, err := c.http.Do(req)
	if err != nil {
		return a, err
	}
	defer func() { _ = res.Body.Close() }()
	a.Status, a.Header = res.StatusCode, res.Header
	a.Body, err = io.ReadAll(res.Body)
	a.Got = time.Now()
	return a, err
}

func (c *Client) request(ctx context.Context, method, path string, body any, fields []string) (*http.Request, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, reader)
	if err != nil {
		return nil, err
	}
	req.GetBody = nil // with it, the transport could send the request again
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ":")
		req.Header[http.CanonicalHeaderKey(name)] = []string{strings.TrimSpace(value)}
	}
	return req, nil
}

// Must is Do for a call that has to be answered with one of these statuses; none
// given is any.
func (c *Client) Must(t testing.TB, statuses []int, method, path string, body any, fields ...string) Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a, err := c.Do(ctx, method, path, body, fields...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	for _, status := range statuses {
		if a.Status == status {
			return a
		}
	}
	if len(statuses) > 0 {
		t.Fatalf("%s %s: %s, want status %v", method, path, a, statuses)
	}
	return a
}
