package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// run is a server on loopback with a client for each side.
type run struct {
	*Server
	public, internal string
	served           chan error
}

// answerHandlers answer with what they were asked.
func answerHandlers() Handlers {
	return Handlers{
		Hook: func(ctx *fasthttp.RequestCtx, tenant, source, key []byte) {
			body, err := edge.ReadBody(ctx, 1<<20)
			if err != nil {
				edge.WriteProblem(ctx, err)
				return
			}
			fmt.Fprintf(ctx, "hook %s %s %q %d", tenant, source, key, len(body))
		},
		API:     func(ctx *fasthttp.RequestCtx) { fmt.Fprintf(ctx, "api %s %d", edge.Path(ctx), len(ctx.PostBody())) },
		Metrics: func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("metrics") },
		Ready:   func(string) error { return nil },
	}
}

func start(t *testing.T, o Options, h Handlers) *run {
	t.Helper()
	o.PublicAddr, o.InternalAddr = "127.0.0.1:0", "127.0.0.1:0"
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(o, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	public, internal := s.Addrs()
	r := &run{Server: s, public: public.String(), internal: internal.String(), served: make(chan error, 1)}
	go func() { r.served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Drain(ctx); err != nil {
			t.Errorf("Drain: %v", err)
		}
		if err := <-r.served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// ask sends one request on a connection of its own and returns the answer.
func ask(t *testing.T, addr, method, path, body string) (*http.Response, string) {
	t.Helper()
	c := dial(t, addr)
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body)
	return read(t, c, method)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, c net.Conn, method string) (*http.Response, string) {
	t.Helper()
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(text)
}

func TestRoutes(t *testing.T) {
	r := start(t, Options{}, answerHandlers())
	for _, c := range []struct {
		addr, method, path string
		status             int
		body               string // or a part of it
	}{
		{r.public, "POST", "/hooks/acme/payments", 200, `hook acme payments "" 2`},
		{r.public, "DELETE", "/hooks/acme/payments?a=/b", 200, `hook acme payments "" 2`},
		{r.public, "POST", "/hooks/acme/payments/42%2B1", 200, `hook acme payments "42+1" 2`},
		{r.public, "POST", "/hooks/acme/payments/a%252fb", 200, `hook acme payments "a%2fb" 2`},
		{r.public, "POST", "/hooks/acme/payments/a/b", 404, "not_found"},
		{r.public, "POST", "/hooks/acme/payments/", 200, `hook acme payments "" 2`},
		{r.public, "POST", "/hooks/acme/payments/42/", 200, `hook acme payments "42" 2`},
		{r.public, "POST", "/hooks/acme/", 404, "not_found"},
		{r.public, "POST", "/hooks/acme", 404, "not_found"},
		{r.public, "POST", "/hooks/Acme/payments", 404, "not_found"},
		{r.public, "POST", "/hooks/ac%6de/payments", 404, "not_found"},
		{r.public, "POST", "/hooks/" + strings.Repeat("a", 64) + "/payments", 404, "not_found"},
		{r.public, "POST", "/hooks/acme//payments", 400, "bad_request"},
		{r.public, "GET", "/", 404, "not_found"},
		{r.public, "GET", "/healthz", 404, "not_found"},
		{r.public, "GET", "/readyz", 404, "not_found"},
		{r.public, "GET", "/metrics", 404, "not_found"},
		{r.public, "GET", "/v1/tenants", 404, "not_found"},
		{r.public, "GET", "/HOOKS/acme/payments", 404, "not_found"},
		{r.internal, "GET", "/healthz", 200, `{"status":"ok"}`},
		{r.internal, "HEAD", "/healthz", 200, ""},
		{r.internal, "POST", "/healthz", 405, "method_not_allowed"},
		{r.internal, "GET", "/readyz", 200, `{"status":"ok"}`},
		{r.internal, "GET", "/metrics", 200, "metrics"},
		{r.internal, "PUT", "/metrics", 405, "method_not_allowed"},
		{r.internal, "PUT", "/v1/tenants/acme?x=1", 200, "api /v1/tenants/acme 2"},
		{r.internal, "GET", "/v1", 200, "api /v1 2"},
		{r.internal, "GET", "/v1x", 404, "not_found"},
		{r.internal, "GET", "/v2/integrations/webhook", 200, "api /v2/integrations/webhook 2"},
		{r.internal, "GET", "/v2", 200, "api /v2 2"},
		{r.internal, "GET", "/v20", 404, "not_found"},
		{r.public, "GET", "/v2/integrations/webhook", 404, "not_found"},
		{r.internal, "POST", "/hooks/acme/payments", 404, "not_found"},
		{r.internal, "GET", "/v1/../healthz", 400, "bad_request"},
	} {
		answer, body := ask(t, c.addr, c.method, c.path, "{}")
		if answer.StatusCode != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, answer.StatusCode, body, c.status, c.body)
		}
		if allow := answer.Header.Get("Allow"); (c.status == 405) != (allow == "GET, HEAD") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
		if server := answer.Header.Get("Server"); server != "" {
			t.Errorf("%s %s: names its server, %q", c.method, c.path, server)
		}
	}
}

func TestReadySaysWhyNot(t *testing.T) {
	h := answerHandlers()
	h.Ready = func(string) error { return gateway.Unavailable("the store cannot write", 1500*time.Millisecond) }
	answer, body := ask(t, start(t, Options{}, h).internal, "GET", "/readyz", "")
	if answer.StatusCode != 503 || answer.Header.Get("Retry-After") != "2" || !strings.Contains(body, "the store cannot write") {
		t.Errorf("%d %v %s", answer.StatusCode, answer.Header, body)
	}
}

func TestBodyLimitOfASource(t *testing.T) {
	h := answerHandlers()
	h.HookBody = func(tenant, source []byte) int64 {
		if string(tenant) == "acme" && string(source) == "small" {
			return 3
		}
		return 0
	}
	r := start(t, Options{PublicBody: 10, InternalBody: 20}, h)
	for _, c := range []struct {
		addr, path string
		size, want int
	}{
		{r.public, "/hooks/acme/small", 3, 200}, {r.public, "/hooks/acme/small", 4, 413},
		{r.public, "/hooks/acme/other", 10, 200}, {r.public, "/hooks/acme/other", 11, 413},
		{r.internal, "/v1/events", 20, 200}, {r.internal, "/v1/events", 21, 413},
	} {
		if answer, body := ask(t, c.addr, "POST", c.path, strings.Repeat("x", c.size)); answer.StatusCode != c.want {
			t.Errorf("%s with %d bytes: %d %s, want %d", c.path, c.size, answer.StatusCode, body, c.want)
		}
	}
}

func TestDrainFinishesWhatIsInFlight(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := answerHandlers()
	h.Hook = func(ctx *fasthttp.RequestCtx, _, _, _ []byte) {
		close(entered)
		<-leave
		ctx.SetBodyString("done")
	}
	r := start(t, Options{}, h)
	busy, silent := dial(t, r.public), dial(t, r.internal)
	kept := dial(t, r.internal)
	fmt.Fprint(kept, "GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n")
	read(t, kept, "GET")
	fmt.Fprint(busy, "GET /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\n\r\n")
	<-entered
	drained := make(chan error, 1)
	go func() { drained <- r.Drain(context.Background()) }()
	for _, c := range []net.Conn{silent, kept} { // nothing is owed on these
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("an idle connection: %v, want its end", err)
		}
	}
	if c, err := net.Dial("tcp", r.public); err == nil {
		_ = c.Close()
		t.Error("a new connection was accepted while draining")
	}
	select {
	case err := <-drained:
		t.Fatalf("Drain ended, with %v, before the request did", err)
	default:
	}
	close(leave)
	if answer, body := read(t, busy, "GET"); body != "done" || !answer.Close {
		t.Errorf("answered %q, close %v", body, answer.Close)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func TestDrainCutsOffWhatIsTooLong(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := answerHandlers()
	h.API = func(*fasthttp.RequestCtx) {
		close(entered)
		<-leave
	}
	r := start(t, Options{}, h)
	c := dial(t, r.internal)
	fmt.Fprint(c, "GET /v1/waits HTTP/1.1\r\nHost: a.test\r\n\r\n")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain: %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	close(leave)
}

func TestListenNamesTheSetting(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	s, err := New(Options{PublicAddr: "127.0.0.1:0", InternalAddr: taken.Addr().String()}, answerHandlers())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Listen()
	if err == nil || !strings.Contains(err.Error(), "internal.addr: "+taken.Addr().String()+" is in use") {
		t.Errorf("Listen: %v", err)
	}
	public, _ := s.public.listener.Addr(), s.internal
	if c, err := net.Dial("tcp", public.String()); err == nil {
		_ = c.Close()
		t.Error("the public port stays bound")
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	_, err := New(Options{PublicAddr: "8080", InternalAddr: "a:b:c", PublicBody: -1}, answerHandlers())
	for _, name := range []string{"public.addr", "internal.addr", "public.max_body"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New: %v, want it to name %s", err, name)
		}
	}
}

func TestPanicIsAnAnswer(t *testing.T) {
	var panics atomic.Int32
	h := answerHandlers()
	h.API = func(ctx *fasthttp.RequestCtx) {
		ctx.SetBodyString("half an answer")
		panic("the token hg_admin_x")
	}
	r := start(t, Options{Panicked: func(listener string) {
		if listener == Internal {
			panics.Add(1)
		}
	}}, h)
	answer, body := ask(t, r.internal, "GET", "/v1/x", "")
	if answer.StatusCode != 500 || !strings.Contains(body, `"code":"internal"`) || strings.Contains(body, "hg_admin") {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
	if answer, _ := ask(t, r.internal, "GET", "/healthz", ""); answer.StatusCode != 200 || panics.Load() != 1 {
		t.Errorf("afterwards: %d, %d panics counted", answer.StatusCode, panics.Load())
	}
}

func TestSlowHeadIsCut(t *testing.T) {
	var refusals atomic.Int32
	r := start(t, Options{PublicRead: time.Second, InternalRead: time.Second, Refused: func(string, *gateway.Error) { refusals.Add(1) }}, answerHandlers())
	for _, addr := range []string{r.public, r.internal} {
		c := dial(t, addr)
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: a.te")
		if answer, body := read(t, c, "GET"); answer.StatusCode != 408 || !strings.Contains(body, "request_timeout") {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
	}
	if refusals.Load() != 2 {
		t.Errorf("%d refusals were told, want 2", refusals.Load())
	}
}

func TestNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if err := Notify(NotifyReady); err != nil {
		t.Errorf("without a manager: %v", err)
	}
	path := t.TempDir() + "/notify"
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Notify(NotifyReady); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, 64)
	n, err := manager.Read(heard)
	if err != nil || string(heard[:n]) != "READY=1" {
		t.Errorf("heard %q, %v", heard[:n], err)
	}
}

func TestSplitHookAllocatesNothing(t *testing.T) {
	path := []byte("/hooks/acme/payments/42bb83")
	if allocs := testing.AllocsPerRun(100, func() {
		if _, _, key, found := SplitHook(path); !found || string(key) != "42bb83" {
			t.Fatal("not found")
		}
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
