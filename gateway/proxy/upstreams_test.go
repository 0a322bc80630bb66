package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/retry/breaker"
)

// refusing is an address at which nobody listens, nor will in this test: it is taken, by the end
// of a connection.
func refusing(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), ln.Close() })
	return "http://" + c.LocalAddr().String()
}

func TestFailuresAreProblems(t *testing.T) {
	silent := rawUpstream(t, func(c *client) { _, _ = io.Copy(io.Discard, c.r) })
	for name, c := range map[string]struct {
		route, up  string
		status     int
		code, wait string
	}{
		"refused":      {"", refusing(t), 502, "upstream_failed", ""},
		"no such name": {"", "http://nobody.invalid", 502, "upstream_failed", ""},
		"hangs up":     {"", rawUpstream(t, func(*client) {}), 502, "upstream_failed", ""},
		"no TLS":       {"", strings.Replace(rawUpstream(t, func(c *client) { _, _ = io.WriteString(c, "nonsense"); c.head() }), "http", "https", 1), 502, "upstream_failed", ""},
		"silent":       {`"timeout":"100ms"`, silent, 504, "upstream_timeout", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, routed(c.route, c.up), siteOptions{})
			a, body := s.ask(t, "GET", "/", nil)
			if a.StatusCode != c.status || !strings.Contains(body, `"code":"`+c.code+`"`) || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Retry-After") != c.wait {
				t.Errorf("%d %q %s", a.StatusCode, a.Header, body)
			}
			until(t, "it is counted", func() bool { return s.counted(t, "bot", fmt.Sprint(c.status)) == 1 })
		})
	}
}

// A route that leads back to us would go in circles: it is refused where it is dialled.
func TestOwnListenerIsNoUpstream(t *testing.T) {
	s := newSite(t, routed("", refusing(t)), siteOptions{})
	s.route(t, routed("", "http://"+s.addr))
	if a, body := s.ask(t, "GET", "/", nil); a.StatusCode != 502 {
		t.Errorf("%d %s", a.StatusCode, body)
	}
	if !strings.Contains(s.log.String(), "is a listener of this gateway") {
		t.Error("the log does not say why")
	}
}

func TestLeastInFlight(t *testing.T) {
	var asked [3]atomic.Int32
	release := make(chan struct{})
	var ups []string
	for i := range asked {
		ups = append(ups, upstreamServer(t, func(_ http.ResponseWriter, r *http.Request) {
			asked[i].Add(1)
			if r.URL.Path == "/held" {
				<-release
			}
		}).URL)
	}
	s := newSite(t, routed("", ups...), siteOptions{})
	total := func() (n int32) { return asked[0].Load() + asked[1].Load() + asked[2].Load() }
	var wait sync.WaitGroup
	for n := range int32(9) { // one after the other, each held
		wait.Go(func() { s.ask(t, "GET", "/held", nil) })
		until(t, "it has arrived", func() bool { return total() == n+1 })
	}
	for i := range asked {
		if n := asked[i].Load(); n != 3 {
			t.Errorf("upstream %d has %d of 9 in flight", i, n)
		}
	}
	close(release)
	wait.Wait()
	for range 9 { // equals take turns
		s.ask(t, "GET", "/", nil)
	}
	for i := range asked {
		if n := asked[i].Load(); n < 4 {
			t.Errorf("upstream %d got %d of 9 that were alone", i, n-3)
		}
	}
}

// What may be repeated goes to another upstream when the first gives no answer.
func TestRetryElsewhere(t *testing.T) {
	for _, c := range []struct {
		name, route, method, body string
		bad                       func(c *client) // nil: refuses
		want                      int
	}{
		{"GET", "", "GET", "", func(c *client) { c.head() }, 200},
		{"HEAD", "", "HEAD", "", func(c *client) { c.head() }, 200},
		{"OPTIONS", "", "OPTIONS", "", func(c *client) { c.head() }, 200},
		{"DELETE", "", "DELETE", "", func(c *client) { c.head() }, 200},
		{"PUT with a small body", "", "PUT", "hello", func(c *client) { c.head() }, 200},
		{"PUT with a streamed body", `"max_body":"1MiB"`, "PUT", strings.Repeat("x", 100<<10), func(c *client) { c.head() }, 502},
		{"POST", "", "POST", "hello", func(c *client) { c.head() }, 502},
		{"PATCH", "", "PATCH", "hello", func(c *client) { c.head() }, 502},
		{"POST, nothing sent", "", "POST", "hello", nil, 200},
		{"a streamed body, nothing sent", `"max_body":"1MiB"`, "POST", strings.Repeat("x", 100<<10), nil, 200},
		{"an answer began", "", "GET", "", func(c *client) { c.head(); _, _ = io.WriteString(c, "HTTP/1.1 ") }, 502},
		{"an interim answer came", "", "GET", "", func(c *client) { c.head(); _, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\n") }, 502},
		{"once only", `"retry":{"max_attempts":1}`, "GET", "", func(c *client) { c.head() }, 502},
		{"never", `"retry":{"schedule":[]}`, "GET", "", nil, 502},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bad := refusing(t)
			if c.bad != nil {
				bad = rawUpstream(t, c.bad)
			}
			good := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); string(body) != c.body {
					w.WriteHeader(400)
				}
			})
			s := newSite(t, routed(join(`"breaker":{"enabled":false}`, c.route), bad, good.URL), siteOptions{})
			seen := map[int]bool{}
			for range 2 { // each upstream is first once
				a, _ := s.ask(t, c.method, "/", strings.NewReader(c.body))
				seen[a.StatusCode] = true
			}
			if !seen[200] || len(seen) != 1 && c.want == 200 || !seen[c.want] {
				t.Errorf("answered %v, want %d of the bad one", seen, c.want)
			}
		})
	}
}

// Time that is up is up: nothing is tried after it.
func TestDeadlineIsNotRetried(t *testing.T) {
	var asked atomic.Int32
	hang := func(c *client) {
		c.head()
		asked.Add(1)
		_, _ = c.r.ReadByte()
	}
	s := newSite(t, routed(`"timeout":"1s"`, rawUpstream(t, hang), rawUpstream(t, hang)), siteOptions{})
	if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 504 || asked.Load() != 1 {
		t.Errorf("%d after %d upstreams", a.StatusCode, asked.Load())
	}
}

// The timeout ends with the answer's head: what is sent slowly afterwards may be.
func TestTimeoutIsForTheHead(t *testing.T) {
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		timer := time.NewTimer(2500 * time.Millisecond)
		defer timer.Stop()
		<-timer.C
		_, _ = io.WriteString(w, "late")
	})
	s := newSite(t, routed(`"timeout":"2s"`, up.URL), siteOptions{})
	if a, body := s.ask(t, "GET", "/", nil); a.StatusCode != 200 || body != "late" {
		t.Errorf("%d %q", a.StatusCode, body)
	}
}

// A kept connection that the upstream closed is no failure, for any method.
func TestClosedKeptConnection(t *testing.T) {
	var conns atomic.Int32
	hangUp := make(chan struct{})
	up := rawUpstream(t, func(c *client) {
		conns.Add(1)
		c.head()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		<-hangUp
	})
	s := newSite(t, routed("", up), siteOptions{})
	for i, method := range []string{"GET", "POST", "GET", "PUT"} {
		if a, body := s.ask(t, method, "/", nil); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", method, a.StatusCode, body)
		}
		hangUp <- struct{}{}
		u := s.table.Load().byPath["/"][0].upstreams[0]
		until(t, "the end has arrived", func() bool {
			u.conns.mu.Lock()
			defer u.conns.mu.Unlock()
			return len(u.conns.idle) == 1 && !u.conns.idle[0].alive.look()
		})
		if n := conns.Load(); n != int32(i+1) {
			t.Errorf("%d connections after %d requests", n, i+1)
		}
	}
}

// One that closes as the request arrives is asked once more on a fresh connection,
// where that is safe.
func TestKeptConnectionClosesUnderRequest(t *testing.T) {
	for method, want := range map[string]int{"GET": 200, "POST": 502} {
		t.Run(method, func(t *testing.T) {
			up := rawUpstream(t, func(c *client) {
				c.head()
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				c.head() // and closes without a word
			})
			s := newSite(t, routed("", up), siteOptions{})
			for i, status := range []int{200, want} {
				if a, _ := s.ask(t, method, "/", nil); a.StatusCode != status {
					t.Errorf("request %d: %d, want %d", i, a.StatusCode, status)
				}
				u := s.table.Load().byPath["/"][0].upstreams[0]
				until(t, "the connection is kept", func() bool { // its answer may be quicker
					u.conns.mu.Lock()
					defer u.conns.mu.Unlock()
					return len(u.conns.idle) == 1 || i > 0
				})
			}
		})
	}
}

// An upstream that fails is left out, and finds its way back by itself.
func TestBreaker(t *testing.T) {
	var well atomic.Bool
	var asked atomic.Int32
	up := rawUpstream(t, func(c *client) {
		for c.head() != "" {
			asked.Add(1)
			if !well.Load() {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
		}
	})
	s := newSite(t, routed(`"breaker":{"failures":3,"open":"3s","max_open":"3s"}`, up), siteOptions{})
	for range 3 {
		if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 502 {
			t.Fatalf("%d", a.StatusCode)
		}
	}
	a, body := s.ask(t, "GET", "/", nil)
	if again := a.Header.Get("Retry-After"); a.StatusCode != 503 || again < "1" || again > "3" || len(again) != 1 || !strings.Contains(body, `"upstream_unavailable"`) {
		t.Errorf("%d %q %s", a.StatusCode, a.Header, body)
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the upstream was asked %d times", n)
	}
	well.Store(true)
	until(t, "it is asked again", func() bool { a, _ := s.ask(t, "GET", "/", nil); return a.StatusCode == 500 })
	var wait sync.WaitGroup
	for range 20 { // there is no ramp: nobody pays for the recovery
		wait.Go(func() {
			if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 500 {
				t.Errorf("after it recovered: %d", a.StatusCode)
			}
		})
	}
	wait.Wait()
	if log := s.log.String(); strings.Count(log, "an upstream fails\"") < 1 || !strings.Contains(log, "level=WARN msg=\"an upstream rests") || !strings.Contains(log, "answers again") {
		t.Errorf("the log does not tell the story:\n%s", log)
	}
}

// A reload keeps what is known of an upstream that it names as before.
func TestRefreshKeepsUpstreams(t *testing.T) {
	one, two := upstreamServer(t, func(http.ResponseWriter, *http.Request) {}), upstreamServer(t, func(http.ResponseWriter, *http.Request) {})
	s := newSite(t, routed("", one.URL, two.URL), siteOptions{})
	ups := func() []*upstream { return s.table.Load().byPath["/"][0].upstreams }
	before := ups()
	s.route(t, routed(`"timeout":"3s"`, two.URL))
	if after := ups(); len(after) != 1 || after[0] != before[1] || !before[0].conns.closed {
		t.Error("the upstream that stayed is a new one, or that which left is kept")
	}
	s.route(t, routed(`"breaker":{"failures":7}`, two.URL))
	if after := ups(); after[0] == before[1] || after[0].breaker.Settings().Failures != 7 || !before[1].conns.closed {
		t.Error("other settings, and the same breaker")
	}
	s.route(t, `{}`)
	if a, _ := s.ask(t, "GET", "/", nil); a.StatusCode != 404 {
		t.Errorf("without routes: %d", a.StatusCode)
	}
}

func TestHealthCheck(t *testing.T) {
	var status atomic.Int32
	var asked atomic.Pointer[http.Request]
	status.Store(200)
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/bot/well") {
			asked.Store(r)
			w.WriteHeader(int(status.Load()))
		}
	})
	s := newSite(t, routed(`"health":{"path":"/well?deep=1","interval":"100ms","timeout":"10s"}`, up.URL+"/bot"), siteOptions{})
	is := func(want int) func() bool {
		return func() bool { a, _ := s.ask(t, "GET", "/", nil); return a.StatusCode == want }
	}
	until(t, "a check came", func() bool { return asked.Load() != nil })
	if r := asked.Load(); r.Method != "GET" || r.RequestURI != "/bot/well?deep=1" || r.UserAgent() != "hookgate-check" {
		t.Errorf("asked with %s %s, %q", r.Method, r.RequestURI, r.Header)
	}
	if !is(200)() {
		t.Error("it is well, and gets nothing")
	}
	status.Store(503)
	until(t, "it is left out", is(503))
	status.Store(302)
	until(t, "it is back", is(200))
	until(t, "the log tells it", func() bool { return strings.Contains(s.log.String(), "well again") }) // once it is back
	if log := s.log.String(); !strings.Contains(log, "is left out") || !strings.Contains(log, "answered 503") {
		t.Errorf("the log does not tell the story:\n%s", log)
	}
}

// What checks leave out does not come in by a retry, and its neighbours do.
func TestSickUpstreamIsLeftOut(t *testing.T) {
	var sick, sound atomic.Int32
	answer := func(n *atomic.Int32, well int) *httptest.Server {
		return upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/well" {
				w.WriteHeader(well)
				return
			}
			n.Add(1)
		})
	}
	one, two := answer(&sick, 500), answer(&sound, 204)
	s := newSite(t, routed(`"health":{"path":"/well","interval":"100ms"}`, one.URL, two.URL), siteOptions{})
	ups := s.table.Load().byPath["/"][0].upstreams
	until(t, "the sick one is found", func() bool { return ups[0].sick.Load() })
	before := sick.Load()
	for range 10 {
		s.ask(t, "GET", "/", nil)
	}
	if sick.Load() != before || sound.Load() != 10 {
		t.Errorf("the sick one got %d, the other %d", sick.Load()-before, sound.Load())
	}
}

func TestChooseSkipsHalfOpen(t *testing.T) {
	s := newSite(t, routed("", refusing(t), refusing(t)), siteOptions{})
	r := s.table.Load().byPath["/"][0]
	l := leg{route: r}
	r.upstreams[0].breaker = breaker.Restored(breaker.Default(), nil, time.Now(), 1)
	probe, _, ok := r.upstreams[0].breaker.Allow(1)
	for !ok { // it is open for a millisecond
		probe, _, ok = r.upstreams[0].breaker.Allow(1)
	}
	var got []*upstream
	for range 4 {
		if _, ok := l.choose(nil); !ok {
			t.Fatal("there is one that is well")
		}
		got = append(got, l.upstream)
		l.permit.Done(breaker.Succeeded)
	}
	if slices.Contains(got, r.upstreams[0]) {
		t.Error("a second request goes to an upstream whose probe is under way")
	}
	if _, ok := l.choose(r.upstreams[1]); ok {
		t.Error("there is none but the one that failed")
	}
	probe.Done(breaker.Succeeded)
}

func TestConnsAreBoundedAndSwept(t *testing.T) {
	var p conns
	ends := make([]net.Conn, 0, mostIdle+10)
	for range mostIdle + 10 {
		one, other := net.Pipe()
		ends = append(ends, other)
		p.give(&conn{Conn: one})
	}
	if len(p.idle) != mostIdle {
		t.Errorf("%d are kept", len(p.idle))
	}
	p.mu.Lock()
	for _, c := range p.idle[:mostIdle-1] {
		c.used = c.used.Add(-2 * idleTime)
	}
	p.mu.Unlock()
	p.closeIdle()
	if len(p.idle) != 1 {
		t.Errorf("%d are kept after the sweep", len(p.idle))
	}
	p.close()
	one, other := net.Pipe()
	p.give(&conn{Conn: one})
	for _, end := range append(ends, other) {
		if _, err := end.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("one is open still: %v", err)
		}
	}
}
