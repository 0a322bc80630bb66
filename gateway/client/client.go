package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultServer is where a hookgate listens for its own people when nothing else is said.
const DefaultServer = "http://127.0.0.1:8081"

// Options say which hookgate is asked, and as whom.
type Options struct {
	Server    string // URL of the internal listener; "" is DefaultServer, and http:// may be left out
	Token     string // goes with every request; "" sends none
	UserAgent string // default hookgate-client
	// Transport makes the connections; nil: one that pools them, and honours the
	// environment's proxies as net/http does.
	Transport http.RoundTripper
	// Timeout is until an answer begins, beyond the time for which a request asks to be
	// held; default 60 s.
	Timeout time.Duration
	// Tries is how often one request is sent at most, and Patience how long all pauses
	// between may be together. Default 6, and 30 s. A Tries of 1 sends nothing again.
	Tries    int
	Patience time.Duration
	// Again is told of each pause before a request is sent again, and why; nil: nobody is.
	Again func(pause time.Duration, because error)
}

// Client asks one hookgate. Many goroutines may use it.
type Client struct {
	base    string
	options Options
	http    *http.Client
}

// New makes a Client. The error is of a Server that is no URL.
func New(o Options) (*Client, error) {
	server := cmp.Or(o.Server, DefaultServer)
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the server is no URL as http://127.0.0.1:8081: scheme, host and port, without user and query")
	}
	o.UserAgent = cmp.Or(o.UserAgent, "hookgate-client")
	o.Timeout, o.Patience, o.Tries = cmp.Or(o.Timeout, time.Minute), cmp.Or(o.Patience, 30*time.Second), cmp.Or(o.Tries, 6)
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:       http.ProxyFromEnvironment,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
		}
	}
	// A redirect is an answer, and one that is none of hookgate's: the token goes nowhere else.
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: strings.TrimRight(server, "/"), options: o, http: &http.Client{Transport: o.Transport, CheckRedirect: asIs}}, nil
}

// Server is the URL that is asked.
func (c *Client) Server() string { return c.base }

// OfTenant asks about one tenant.
type OfTenant struct {
	c  *Client
	id string
}

// Of asks about a tenant.
func (c *Client) Of(tenant string) OfTenant { return OfTenant{c, tenant} }

// at is a path below the tenant.
func (t OfTenant) at(segments ...string) string {
	return Path(append([]string{"v1", "tenants", t.id}, segments...)...)
}

// Request is one operation of the API, for those that no method here has.
type Request struct {
	Method string // "" is GET, and with a Body POST
	Path   string // as Path gives it
	Query  url.Values
	Body   any // as JSON, its secrets in the clear; nil: none
	Header http.Header
	// Key is the Idempotency-Key; with Keyed one is made up where it is "".
	Key   string
	Keyed bool
	// Hold is how long the request asks to be held before its answer begins.
	Hold time.Duration
}

// Path makes a path of its segments: Path("v1", "tenants", id).
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// Open sends a request, again where that is safe, and gives an answer that went well with
// its body still to be read, and closed. Another answer is an error, a *Problem where it is
// hookgate's own.
func (c *Client) Open(ctx context.Context, r Request) (*http.Response, error) {
	var opened *http.Response
	err := c.retried(ctx, r, func(r *ready) (err error) {
		opened, err = c.send(ctx, r)
		return err
	})
	return opened, err
}

// ready is a request that can be sent, as often as it takes.
type ready struct {
	Request
	body []byte
}

func (r Request) ready() (*ready, error) {
	body, err := encode(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Keyed && r.Key == "" {
		r.Key = "hg_" + rand.Text()
	}
	switch {
	case r.Method != "":
	case body != nil:
		r.Method = http.MethodPost
	default:
		r.Method = http.MethodGet
	}
	return &ready{r, body}, nil
}

// send sends a request once.
func (c *Client) send(ctx context.Context, r *ready) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.options.Timeout+r.Hold, func() { cancel(errNoAnswer) })
	response, err := c.exchange(ctx, r)
	if !timer.Stop() && err == nil {
		_ = response.Body.Close() // it is cut already
		err = errNoAnswer
	}
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errNoAnswer) {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	response.Body = &ending{response.Body, func() { cancel(nil) }}
	return response, nil
}

var errNoAnswer = errors.New("hookgate does not answer")

// ending ends what belongs to a body when that is closed.
type ending struct {
	io.ReadCloser
	end func()
}

func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

func (c *Client) exchange(ctx context.Context, r *ready) (*http.Response, error) {
	target := c.base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for name, values := range r.Header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	if c.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	if r.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.Key != "" {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	return nil, readProblem(response)
}
