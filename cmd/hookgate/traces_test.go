package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"hookgate/gateway/gatewaytest/program"
)

// traceWorld is all that a program with traces speaks with: an endpoint, the platform, a
// backend, an upstream, and the collector.
type traceWorld struct {
	*httptest.Server
	heads chan traceHead // what was asked for, but of the collector

	mu    sync.Mutex
	spans []*tracepb.Span
}

type traceHead struct {
	path   string
	header http.Header
}

func newTraceWorld(t *testing.T) *traceWorld {
	t.Helper()
	w := &traceWorld{heads: make(chan traceHead, 100)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if r.URL.Path != "/v1/traces" {
			w.heads <- traceHead{r.URL.Path, r.Header}
			_, _ = io.WriteString(answer, "{}")
			return
		}
		var all tracepb.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &all)
		}
		if err != nil || r.Header.Get("api-key") != "canary-of-otel" {
			t.Errorf("the collector got %v: %v", r.Header, err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, of := range all.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				w.spans = append(w.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// config is of a program in this world.
func (w *traceWorld) config(otel string) string {
	return toLoopback + otel + strings.ReplaceAll(`
tenants:
  acme:
    platform: { url: "URL/platform" }
    sources: { pay: { verify: { type: none } } }
    endpoints: { crm: { url: "URL/crm", headers: { Tracestate: "own=1" }, event_types: [status] }, till: { mode: pull, event_types: [sold] } }
    webhooks: { lookup: { url: "URL/lookup" } }
routes:
  bot: { match: { path: /bot }, mode: proxy, upstreams: [ { url: "URL" } ] }
  wa: { match: { path: /wa }, mode: relay, tenant: acme, upstreams: [ { url: "URL/relayed" } ] }
`, "URL", w.URL)
}

// next gives the next request, which is to this path.
func (w *traceWorld) next(t *testing.T, path string) http.Header {
	t.Helper()
	head := <-w.heads
	if head.path != path {
		t.Fatalf("%s was asked for, want %s", head.path, path)
	}
	return head.header
}

// traceOf makes a traceparent of a trace, which all digits of its ids name.
func traceOf(digit string) string {
	return "00-" + strings.Repeat(digit, 32) + "-" + strings.Repeat(digit, 16) + "-01"
}

// said is what somebody sends who stands in a trace.
func said(digit string) []string {
	return []string{"traceparent: " + traceOf(digit), "tracestate: congo=" + digit, "X-Request-Id: request-" + digit}
}

// drive has everything happen once that can stand in a trace, and gives what each was told.
func (w *traceWorld) drive(t *testing.T, p *program.Program) map[string]http.Header {
	t.Helper()
	admin, sender, told := p.Admin(), p.Sender(), map[string]http.Header{}
	admin.Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"status"}}]}`, said("1")...)
	told["attempt"] = w.next(t, "/crm")
	admin.Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", `{"source":"pay","conversation_key":"c","mode":"notify"}`, said("2")...)
	if a := sender.Must(t, []int{200}, "POST", "/hooks/acme/pay", `{"conversation_key":"c"}`, said("9")...); len(a.Header.Get("X-Request-Id")) != 32 {
		t.Errorf("a stranger's request has the id %q", a.Header.Get("X-Request-Id"))
	}
	told["notice"] = w.next(t, "/platform")
	admin.Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/lookup/call", `{}`, said("3")...)
	told["call"] = w.next(t, "/lookup")
	sender.Must(t, []int{200}, "GET", "/bot/x", nil, said("9")...)
	told["route"] = w.next(t, "/bot/x")
	sender.Must(t, []int{200}, "POST", "/wa", `{}`, said("9")...)
	told["relay"] = w.next(t, "/relayed/wa")
	return told
}

// Without a collector what internal callers say goes on as it came, with what is sent of it,
// and what strangers say goes nowhere (O4, O10).
func TestTracesGoOnAsTheyCame(t *testing.T) {
	t.Parallel()
	w := newTraceWorld(t)
	told := w.drive(t, program.Start(t, program.Options{Config: w.config("")}))
	for what, digit := range map[string]string{"attempt": "1", "notice": "2", "call": "3", "route": "", "relay": ""} {
		parent, state := "", ""
		if digit != "" {
			parent, state = traceOf(digit), "congo="+digit
		}
		if got := told[what]; got.Get("traceparent") != parent || got.Get("tracestate") != state || len(got["Traceparent"]) > 1 {
			t.Errorf("%s: told %q, %q, want %q, %q", what, got["Traceparent"], got["Tracestate"], parent, state)
		}
	}
}

// What a trusted proxy says is believed.
func TestTracesOfATrustedProxy(t *testing.T) {
	t.Parallel()
	w := newTraceWorld(t)
	told := w.drive(t, program.Start(t, program.Options{Config: w.config("public: { trusted_proxies: [203.0.113.0/24] }\n")}))
	if told["route"].Get("traceparent") != "" {
		t.Errorf("a stranger is believed: %v", told["route"])
	}
	p := program.Start(t, program.Options{Config: w.config("public: { trusted_proxies: [127.0.0.0/8] }\n")})
	a := p.Sender().Must(t, []int{200}, "GET", "/bot/x", nil, said("5")...)
	if got := w.next(t, "/bot/x"); got.Get("traceparent") != traceOf("5") || got.Get("tracestate") != "congo=5" ||
		got.Get("X-Request-Id") != "request-5" || a.Header.Get("X-Request-Id") != "request-5" {
		t.Errorf("the upstream is told %v, the client %v", got, a.Header)
	}
	p.Sender().Must(t, []int{200}, "POST", "/wa", `{}`, said("6")...)
	if got := w.next(t, "/relayed/wa"); got.Get("traceparent") != traceOf("6") || len(got["Traceparent"]) != 1 || got.Get("tracestate") != "congo=6" {
		t.Errorf("the upstream of a relay is told %v", got)
	}
}

// With a collector each of them is a span of its own below that, and the spans of one thing
// hang together.
func TestSpans(t *testing.T) {
	t.Parallel()
	w := newTraceWorld(t)
	otel := fmt.Sprintf("otel: { endpoint: %q, headers: { api-key: canary-of-otel }, service_name: edge }\n", w.URL)
	dir := t.TempDir()
	p := program.Start(t, program.Options{Config: w.config(otel), Dir: dir})
	told := w.drive(t, p)
	pullInTrace(t, p, "7")
	metrics := string(p.Admin().As("").Must(t, []int{200}, "GET", "/metrics", nil).Body)
	if !strings.Contains(metrics, `hookgate_spans_total{result="dropped"} 0`) {
		t.Error("spans were dropped, or nobody counts them")
	}
	program.Eventually(t, time.Minute, func() error { // some are counted behind their answer
		open := string(p.Admin().As("").Must(t, []int{200}, "GET", "/metrics", nil, "Accept: application/openmetrics-text;version=1.0.0").Body)
		for _, what := range []string{"callback_duration", "delivery_attempt_duration", "call_duration", "route_duration"} {
			if !strings.Contains(open, "hookgate_"+what+"_seconds_bucket") || !regexp.MustCompile("hookgate_"+what+`_seconds_bucket\S+ \d+ # \{trace_id="[0-9a-f]{32}"\}`).MatchString(open) {
				return fmt.Errorf("%s has no exemplar", what)
			}
		}
		return nil
	})
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for what, digit := range map[string]string{"attempt": "1", "notice": "2", "call": "3"} {
		parent := told[what].Get("traceparent")
		if !strings.HasPrefix(parent, traceOf(digit)[:36]) || !strings.HasSuffix(parent, "-01") || parent == traceOf(digit) || len(told[what]["Traceparent"]) != 1 {
			t.Errorf("%s: told %q", what, told[what]["Traceparent"])
		}
	}
	for _, what := range []string{"route", "relay"} {
		if parent := told[what].Get("traceparent"); len(parent) != len(traceOf("9")) || parent[3:35] == traceOf("9")[3:35] {
			t.Errorf("%s: told %q", what, parent)
		}
	}
	found := map[string][]*tracepb.Span{}
	for _, s := range w.spans {
		found[s.Name] = append(found[s.Name], s)
	}
	one := func(name string, fits func(*tracepb.Span) bool) *tracepb.Span {
		t.Helper()
		for _, s := range found[name] {
			if fits(s) {
				return s
			}
		}
		t.Fatalf("of the spans %v none is the %s that is meant", w.spans, name)
		return nil
	}
	in := func(digit string) func(*tracepb.Span) bool {
		return func(s *tracepb.Span) bool { return fmt.Sprintf("%x", s.TraceId) == strings.Repeat(digit, 32) }
	}
	linked := func(digit string) func(*tracepb.Span) bool {
		return func(s *tracepb.Span) bool {
			return len(s.ParentSpanId) == 0 && len(s.Links) == 1 && fmt.Sprintf("%x", s.Links[0].TraceId) == strings.Repeat(digit, 32)
		}
	}
	below := func(of *tracepb.Span) func(*tracepb.Span) bool {
		return func(s *tracepb.Span) bool { return string(s.ParentSpanId) == string(of.SpanId) }
	}
	publish := one("publish", in("1"))
	attempt := one("attempt", below(publish))
	if len(attempt.Links) != 1 || string(attempt.Links[0].SpanId) != string(publish.SpanId) || !strings.Contains(told["attempt"].Get("traceparent"), fmt.Sprintf("%x", attempt.SpanId)) {
		t.Errorf("the attempt %v of %v, told %v", attempt, publish, told["attempt"])
	}
	sold := one("publish", in("7"))
	for why, state := range map[string]string{"": "succeeded", "nack": "retrying", "lease": "retrying"} {
		lent := one("attempt", func(s *tracepb.Span) bool { return below(sold)(s) && s.GetStatus().GetMessage() == why })
		if len(lent.Links) != 1 || string(lent.Links[0].SpanId) != string(sold.SpanId) || !strings.Contains(lent.String(), `"`+state+`"`) || lent.StartTimeUnixNano >= lent.EndTimeUnixNano {
			t.Errorf("what was lent is told as %v, want it to end as %s", lent, state)
		}
	}
	callback := one("callback", linked("9"))
	for _, step := range []string{"edge", "verify", "take"} {
		one(step, below(callback))
	}
	notice := one("notice", in("2"))
	if len(notice.Links) != 2 || string(notice.Links[1].SpanId) != string(callback.SpanId) {
		t.Errorf("the notice %v of the callback %v", notice, callback)
	}
	call := one("call", in("3"))
	if try := one("attempt", below(call)); !strings.Contains(told["call"].Get("traceparent"), fmt.Sprintf("%x", try.SpanId)) {
		t.Errorf("the attempt %v of the call, told %v", try, told["call"])
	}
	proxied := one("proxy", linked("9"))
	if !strings.Contains(told["route"].Get("traceparent"), fmt.Sprintf("%x-%x", proxied.TraceId, proxied.SpanId)) {
		t.Errorf("the upstream is told %v of %v", told["route"], proxied)
	}
	one("attempt", below(one("relay", linked("9"))))
	one("publish", func(s *tracepb.Span) bool { return strings.Contains(s.String(), "request-1") })
	secret := canaries{"a header of otel": "canary-of-otel"}
	secret.lookIntoFolder(t, dir, "")
	secret.look(t, "the log", []byte(p.Log.Text()))
	secret.look(t, "the metrics", []byte(metrics))
}

// pullInTrace has three deliveries of one publish pulled: one arrives, one does not, and of
// one nobody says anything.
func pullInTrace(t *testing.T, p *program.Program, digit string) {
	t.Helper()
	admin := p.Admin()
	admin.Must(t, []int{202}, "POST", "/v1/tenants/acme/events",
		`{"events":[{"event":{"type":"sold"}},{"event":{"type":"sold"}},{"event":{"type":"sold"}}]}`, said(digit)...)
	var pulled struct {
		Deliveries []struct {
			ID, Lease string
			Headers   map[string]string
		}
	}
	const till = "/v1/tenants/acme/endpoints/till/"
	admin.Must(t, []int{200}, "POST", till+"pull", `{"hold":30,"lease":"1s"}`).Decode(t, &pulled)
	if len(pulled.Deliveries) != 3 {
		t.Fatalf("pulled %+v", pulled)
	}
	admin.Must(t, []int{200}, "POST", till+"ack", map[string]any{"leases": []string{pulled.Deliveries[0].Lease}})
	admin.Must(t, []int{200}, "POST", till+"nack", map[string]any{"leases": []string{pulled.Deliveries[1].Lease}, "error": "no paper", "retry_after": "1h"})
	program.Eventually(t, time.Minute, func() error {
		answer := admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries/"+pulled.Deliveries[2].ID, nil)
		if answer.Field("state") != "retrying" {
			return fmt.Errorf("the lease has not run out: %s", answer.Body)
		}
		return nil
	})
}

// A collector that is not there slows nothing down, and a stop does not wait for it long.
func TestCollectorThatIsAway(t *testing.T) {
	t.Parallel()
	w := newTraceWorld(t)
	away := httptest.NewServer(nil)
	away.Close()
	p := program.Start(t, program.Options{Config: w.config(fmt.Sprintf("otel: { endpoint: %q }\n", away.URL))})
	w.drive(t, p)
	if code := p.Terminate(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(p.Log.Text(), "takes no spans"); n > 1 {
		t.Errorf("the log has %d lines of it", n)
	}
}

// What was kept is told after a kill -9, too.
func TestTracesOutliveAKill(t *testing.T) {
	t.Parallel()
	w := newTraceWorld(t)
	o := program.Options{Config: w.config(""), Dir: t.TempDir()}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", `{"source":"pay","conversation_key":"c","mode":"notify"}`, said("2")...)
	p.Kill9()
	p = program.Start(t, o)
	p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/pay", `{"conversation_key":"c"}`)
	if got := w.next(t, "/platform"); got.Get("traceparent") != traceOf("2") || got.Get("tracestate") != "congo=2" {
		t.Errorf("the platform is told %v", got)
	}
}
