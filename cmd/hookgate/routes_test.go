package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// platformServer answers with its name and what it was asked.
func platformServer(t *testing.T, name string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s for %s", name, r.Method, r.RequestURI, r.Header.Get("X-Acme-Auth"))
	}))
	t.Cleanup(s.Close)
	return s
}

// routed is a file with one proxy route.
func routed(members string) string {
	return strings.Replace(oneSource, "  acme:\n", "  acme:\n    headers: { X-Acme-Auth: a-secret-of-the-tenant }\n", 1) +
		"routes:\n  bot: { mode: proxy, tenant: acme, " + members + " }\n"
}

// A platform on one port is behind hookgate by a few lines of the file, and
// another one by a reload; callbacks go their own way.
func TestRoutes(t *testing.T) {
	t.Parallel()
	one, two := platformServer(t, "one"), platformServer(t, "two")
	p := program.Start(t, program.Options{Config: routed("match: { path: / }, upstreams: [{ url: " + one.URL + " }]")})
	is := func(want, path string) {
		t.Helper()
		if a := p.Sender().Must(t, []int{200}, "GET", path, nil); string(a.Body) != want {
			t.Errorf("%s is answered %s, want %q", path, a, want)
		}
	}
	is("one GET /x?y=1 for a-secret-of-the-tenant", "/x?y=1")
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)

	p.Configure(t, routed("match: { path: /api }, strip_prefix: true, upstreams: [{ url: "+two.URL+"/bot }]"))
	p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	is("two GET /bot/x for a-secret-of-the-tenant", "/api/x")
	p.Sender().Must(t, []int{404}, "GET", "/x", nil)

	// A bad file changes nothing, and names the place.
	p.Configure(t, routed("match: { path: /hooks/acme }, upstreams: [{ url: "+one.URL+" }]"))
	a := p.Admin().Must(t, nil, "POST", "/v1/reload", nil)
	if a.Status/100 != 4 || !strings.Contains(string(a.Body), "routes.bot.match.path: is where callbacks arrive") {
		t.Errorf("a bad file: %s", a)
	}
	is("two GET /bot/x for a-secret-of-the-tenant", "/api/x")

	two.Close()
	if a := p.Sender().Must(t, []int{502}, "GET", "/api/x", nil); a.Field("code") != "upstream_failed" {
		t.Errorf("without its upstream: %s", a)
	}
	program.Eventually(t, time.Minute, func() error { // a request is counted behind its answer
		metrics := p.Admin().Must(t, []int{200}, "GET", "/metrics", nil)
		for _, want := range []string{`hookgate_route_requests_total{code="200",route="bot"} 3`, `hookgate_route_requests_total{code="502",route="bot"} 1`, "hookgate_route_duration_seconds_count 4"} {
			if !bytes.Contains(metrics.Body, []byte(want)) {
				return fmt.Errorf("/metrics has no %s", want)
			}
		}
		return nil
	})
	if log := p.Log.Text(); strings.Contains(log, "a-secret-of-the-tenant") {
		t.Error("the log shows a secret")
	}
}

// The end of the process waits for what is in flight, not for streams of another protocol.
func TestRoutesDrain(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = io.WriteString(w, "done")
	}))
	defer up.Close()
	p := program.Start(t, program.Options{Config: routed("match: { path: / }, upstreams: [{ url: " + up.URL + " }]")})
	got := make(chan string, 1)
	go func() {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.Public+"/", nil)
		if err != nil {
			got <- err.Error()
			return
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			got <- err.Error()
			return
		}
		defer func() { _ = a.Body.Close() }()
		body, err := io.ReadAll(a.Body)
		got <- fmt.Sprint(a.StatusCode, " ", string(body), " ", err)
	}()
	<-asked
	ended := make(chan int, 1)
	go func() { ended <- p.Terminate(t) }()
	if _, err := p.Log.Await(t.Context(), func(l program.Line) bool { return l.Message() == "draining" }); err != nil {
		t.Fatal(err)
	}
	close(answer)
	if text := <-got; text != "200 done <nil>" {
		t.Error(text)
	}
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
