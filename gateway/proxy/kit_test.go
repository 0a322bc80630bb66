package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/server"
	"hookgate/gateway/transport"
	"hookgate/metrics"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"), // lives as long as the process
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("hookgate/gateway/edge.(*Watcher).sweep")) // ends at its next round
}

// site is the public listener with routes, as hookgate runs it.
type site struct {
	*Proxy
	addr    string
	server  *server.Server
	metrics *metrics.Set
	log     *logBuffer
	tenants []*directory.Tenant
}

type siteOptions struct {
	trusted  []string
	tenants  []*directory.Tenant
	relay    func(RelayRequest) (id string, duplicate bool, err error)
	relayAll func([]RelayRequest) ([]Relayed, error)
	server   server.Options
	roots    *x509.CertPool
	public   string // public.url
	kept     Kept
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newSite(t testing.TB, routes string, o siteOptions) *site {
	t.Helper()
	s := &site{metrics: metrics.New("test"), log: &logBuffer{}, tenants: o.tenants}
	out := transport.New(transport.Options{RootCAs: o.roots})
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Proxy = New(Options{
		Transport: out, Watcher: edge.NewWatcher(), Log: log, Relay: o.relay, RelayAll: o.relayAll, PublicURL: o.public, Kept: o.kept,
		Observer: Observer{Took: metrics.Traced(s.metrics.RouteDuration()), AuthFailed: s.metrics.AuthFailures("route").Inc},
	})
	var trusted []netip.Prefix
	for _, text := range o.trusted {
		trusted = append(trusted, netip.MustParsePrefix(text))
	}
	s.Trust(trusted)
	s.route(t, routes)
	o.server.Trusts = s.Trusts
	o.server.PublicAddr, o.server.InternalAddr, o.server.Log = "127.0.0.1:0", "127.0.0.1:0", log
	none := func(ctx *fasthttp.RequestCtx) {}
	var err error
	s.server, err = server.New(o.server, server.Handlers{
		Hook: func(ctx *fasthttp.RequestCtx, _, _, _ []byte) { ctx.SetBodyString("callback") },
		API:  none, Metrics: none, Ready: func(string) error { return nil },
		Route: s.Handle, RouteBody: s.BodyLimit, RouteTooLarge: s.TooLarge,
	})
	if err == nil {
		err = s.server.Listen()
	}
	if err != nil {
		t.Fatal(err)
	}
	public, internal := s.server.Addrs()
	out.SetListeners(public, internal)
	s.addr = public.String()
	served := make(chan error, 1)
	go func() { served <- s.server.Serve() }()
	t.Cleanup(func() {
		s.Drain()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.server.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		s.Close()
		out.Close()
	})
	return s
}

func compile(t testing.TB, text string) []*directory.Route {
	t.Helper()
	var routes map[string]gateway.Route
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&routes); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	compiled, faults := directory.CompileRoutes(routes, directory.Options{
		MaxBody: 1 << 20, CheckHeader: transport.CheckHeader, CheckURL: transport.Egress{}.CheckURL,
	})
	if len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	return compiled
}

// route makes the routes those of text, as a reload does.
func (s *site) route(t testing.TB, text string) {
	t.Helper()
	snapshot := directory.Build(s.metrics, s.tenants, nil).WithRoutes(compile(t, text))
	if err := s.Refresh(snapshot); err != nil {
		t.Fatal(err)
	}
}

// routed is a file with one route, at / unless the members say otherwise.
func routed(members string, upstreams ...string) string {
	list, _ := json.Marshal(urls(upstreams))
	if !strings.Contains(members, `"match"`) {
		members = join(`"match":{"path":"/"}`, members)
	}
	return `{"bot":{` + join(`"mode":"proxy","upstreams":`+string(list), members) + `}}`
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "," + b
}

func urls(list []string) (all []gateway.Upstream) {
	for _, u := range list {
		all = append(all, gateway.Upstream{URL: u})
	}
	return all
}

// dial gives a raw connection to the site.
func (s *site) dial(t testing.TB) *client {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{Conn: c, r: bufio.NewReader(c)}
}

type client struct {
	net.Conn
	r *bufio.Reader
}

func (c *client) send(t testing.TB, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// raw reads a head in its bytes.
func (c *client) raw(t testing.TB) string {
	t.Helper()
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", head.String(), err)
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String()
		}
	}
}

// answer reads one answer to a request of that method.
func (c *client) answer(t testing.TB, method string) (*http.Response, string) {
	t.Helper()
	a, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("after %q: %v", body, err)
	}
	return a, string(body)
}

// ended asserts that the site closes the connection.
func (c *client) ended(t testing.TB) {
	t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		t.Errorf("the connection does not end: %q, %v", rest, err)
	}
}

// ask makes one request with net/http's client.
func (s *site) ask(t testing.TB, method, path string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.addr+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	a, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatalf("after %d bytes: %v", len(text), err)
	}
	return a, string(text)
}

// counted gives how many requests of a route were answered with a status.
func (s *site) counted(t testing.TB, route, status string) float64 {
	t.Helper()
	families, err := s.metrics.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "hookgate_route_requests_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == status && m.GetLabel()[1].GetValue() == route {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// until waits for something that another goroutine brings about and nothing tells.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after 30 s: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// upstreamServer is net/http as the platform.
func upstreamServer(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

// rawUpstream is a platform that answers in bytes: script gets each connection.
func rawUpstream(t testing.TB, script func(c *client)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				script(&client{Conn: c, r: bufio.NewReader(c)})
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		wait.Wait()
	})
	return "http://" + ln.Addr().String()
}

// head reads the head of a request in its bytes; "" at the connection's end.
func (c *client) head() string {
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String()
		}
	}
}

// once answers the first request of each connection with text, and closes.
func once(text string) func(*client) {
	return func(c *client) {
		if c.head() != "" {
			_, _ = io.WriteString(c, text)
		}
	}
}

// always answers every request with text.
func always(text string) func(*client) {
	return func(c *client) {
		for c.head() != "" {
			_, _ = io.WriteString(c, text)
		}
	}
}
