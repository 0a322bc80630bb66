package tracing_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"hookgate/gateway"
	"hookgate/gateway/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector takes spans as a collector does. Its bytes are decoded with the messages of
// OTLP: the collector's own module would bring some 200 others into go.mod.
type collector struct {
	*httptest.Server
	answers atomic.Int32  // the status of the next requests; 0: 200
	asked   chan struct{} // has something once it was asked

	mu     sync.Mutex
	spans  []*tracepb.Span
	header http.Header
	path   string
	of     map[string]string // attributes of the resource
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{asked: make(chan struct{}, 1)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var all tracepb.TracesData
		if err == nil {
			err = proto.Unmarshal(body, &all)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		select {
		case c.asked <- struct{}{}:
		default:
		}
		if status := c.answers.Load(); status != 0 {
			w.WriteHeader(int(status))
			return
		}
		if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		c.header, c.path, c.of = r.Header, r.Method+" "+r.URL.Path, map[string]string{}
		for _, of := range all.ResourceSpans {
			for _, a := range of.Resource.Attributes {
				c.of[a.Key] = a.Value.GetStringValue()
			}
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

type counted struct{ sent, dropped atomic.Int64 }

func open(t *testing.T, c *collector, o tracing.Options) (*tracing.Tracer, *counted, *strings.Builder) {
	t.Helper()
	n, log := &counted{}, &strings.Builder{}
	if o.Endpoint == "" {
		o.Endpoint = c.URL
	}
	o.Service, o.Version = "edge", "1.2.3"
	o.Sent, o.Dropped = func(i int) { n.sent.Add(int64(i)) }, func(i int) { n.dropped.Add(int64(i)) }
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	tracer, err := tracing.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return tracer, n, log
}

func end(t *testing.T, tracer *tracing.Tracer) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err := tracer.Close(ctx); err != nil {
		t.Error(err)
	}
}

func place(n byte, flags byte) *gateway.SpanContext {
	return &gateway.SpanContext{Trace: [16]byte{n}, Span: [8]byte{n}, Flags: flags, State: "congo=t61rcWkgMzE"}
}

func TestSpansReachTheCollector(t *testing.T) {
	c := newCollector(t)
	tracer, n, log := open(t, c, tracing.Options{Sample: 1, Endpoint: c.URL + "/otlp/", Headers: map[string]string{"api-key": "k"}})
	at := time.Unix(1_770_000_000, 0)
	span := tracer.Start(tracing.Serves, "callback", place(1, 1), at, place(2, 0), nil)
	span.Text("tenant", "acme")
	span.Text("none", "")
	span.Number("http.response.status_code", 503)
	span.Part("verify", at, at.Add(time.Millisecond))
	span.Part("never", at, time.Time{})
	child := span.Child(tracing.Asks, "attempt", at.Add(time.Millisecond))
	inner := child.Context()
	child.End(at.Add(2*time.Millisecond), "")
	own := span.Context()
	span.End(at.Add(time.Second), "unavailable")
	end(t, tracer)

	if c.path != "POST /otlp/v1/traces" || c.header.Get("api-key") != "k" || c.of["service.name"] != "edge" || c.of["service.version"] != "1.2.3" {
		t.Errorf("%s with %v, of %v", c.path, c.header, c.of)
	}
	if len(c.spans) != 3 || n.sent.Load() != 3 || n.dropped.Load() != 0 || log.String() != "" {
		t.Fatalf("%d spans, %d sent, %d dropped, logged %s", len(c.spans), n.sent.Load(), n.dropped.Load(), log)
	}
	byName := map[string]*tracepb.Span{}
	for _, s := range c.spans {
		byName[s.Name] = s
	}
	got := byName["callback"]
	if [16]byte(got.TraceId) != place(1, 1).Trace || [8]byte(got.ParentSpanId) != place(1, 1).Span || [8]byte(got.SpanId) != own.Span ||
		own.Trace != place(1, 1).Trace || own.Flags != 1 || own.State != "congo=t61rcWkgMzE" || got.Kind != tracepb.Span_SPAN_KIND_SERVER {
		t.Errorf("the span is %v, its place %+v", got, own)
	}
	if len(got.Links) != 1 || [16]byte(got.Links[0].TraceId) != place(2, 0).Trace {
		t.Errorf("links %v", got.Links)
	}
	if got.StartTimeUnixNano != uint64(at.UnixNano()) || got.EndTimeUnixNano != uint64(at.Add(time.Second).UnixNano()) ||
		got.Status.Code != tracepb.Status_STATUS_CODE_ERROR || got.Status.Message != "unavailable" || len(got.Attributes) != 2 {
		t.Errorf("the span is %v", got)
	}
	for _, below := range []string{"verify", "attempt"} {
		if s := byName[below]; [8]byte(s.ParentSpanId) != own.Span || [16]byte(s.TraceId) != own.Trace {
			t.Errorf("%s is not below: %v", below, s)
		}
	}
	if [8]byte(byName["attempt"].SpanId) != inner.Span || span.Trace() != "01000000000000000000000000000000" {
		t.Errorf("places %+v, %s", inner, span.Trace())
	}
}

// The parent decides; where there is none the part that sample says.
func TestSample(t *testing.T) {
	c := newCollector(t)
	for sample, want := range map[float64][3]bool{0: {false, true, false}, 1: {true, true, false}} {
		tracer, n, _ := open(t, c, tracing.Options{Sample: sample})
		for i, parent := range []*gateway.SpanContext{nil, place(1, 1), place(1, 0)} {
			span := tracer.Start(tracing.Serves, "x", parent, time.Now())
			place := span.Context()
			if span.Records() != want[i] || place == nil || (place.Flags&1 == 1) != want[i] || (span.Trace() != "") != want[i] {
				t.Errorf("sample %v, parent %v: recorded %v, place %+v", sample, parent, span.Records(), place)
			}
			if parent != nil && (place.Trace != parent.Trace || place.Span == parent.Span) {
				t.Errorf("parent %+v, place %+v", parent, place)
			}
			span.End(time.Now(), "")
		}
		end(t, tracer)
		if got := n.sent.Load(); got != map[float64]int64{0: 1, 1: 2}[sample] {
			t.Errorf("sample %v: %d spans were sent", sample, got)
		}
	}
}

// A collector that takes nothing costs nobody anything: spans are dropped and counted, and
// the log has one line.
func TestCollectorThatFails(t *testing.T) {
	c := newCollector(t)
	c.answers.Store(http.StatusBadRequest)
	tracer, n, log := open(t, c, tracing.Options{Sample: 1, Headers: map[string]string{"api-key": "canary-of-otel"}})
	const spans = 20_000 // more than the queue and all batches under way
	began := time.Now()
	for range spans {
		tracer.Start(tracing.Serves, "x", nil, began).End(began, "")
	}
	end(t, tracer)
	if got := n.sent.Load() + n.dropped.Load(); got != spans || n.sent.Load() != 0 {
		t.Errorf("of %d spans %d were sent, %d dropped", spans, n.sent.Load(), n.dropped.Load())
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "otel.endpoint answers 400") || strings.Contains(text, "canary") {
		t.Errorf("logged %s", text)
	}
	tracer.Start(tracing.Serves, "x", nil, began).End(began, "") // nobody takes it any more, and nothing is at fault
}

// One that asks to come again is asked again, within the time of the stop.
func TestCollectorThatIsBusy(t *testing.T) {
	c := newCollector(t)
	c.answers.Store(http.StatusServiceUnavailable)
	tracer, n, _ := open(t, c, tracing.Options{Sample: 1})
	tracer.Start(tracing.Serves, "x", nil, time.Now()).End(time.Now(), "")
	over := make(chan struct{})
	go func() { defer close(over); end(t, tracer) }()
	<-c.asked
	c.answers.Store(0)
	if <-over; n.sent.Load() != 1 || n.dropped.Load() != 0 || len(c.spans) != 1 {
		t.Errorf("%d sent, %d dropped", n.sent.Load(), n.dropped.Load())
	}
}

// Off there is no tracer: every call is nothing, and no place is made up.
func TestOff(t *testing.T) {
	tracer, err := tracing.Open(tracing.Options{})
	if tracer != nil || err != nil {
		t.Fatal(tracer, err)
	}
	said := place(1, 1)
	if n := testing.AllocsPerRun(100, func() { use(tracer, said) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := tracer.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func use(tracer *tracing.Tracer, said *gateway.SpanContext) {
	span := tracer.Start(tracing.Serves, "callback", nil, time.Time{}, said)
	span.Text("tenant", "acme")
	span.Part("verify", time.Time{}, time.Time{})
	span.Child(tracing.Asks, "attempt", time.Time{}).End(time.Time{}, "")
	if span.On() || span.Records() || span.Trace() != "" || span.Context() != nil || span.Or(said) != said {
		panic("it is on")
	}
	span.End(time.Time{}, "")
}

func BenchmarkOff(b *testing.B) {
	said := place(1, 1)
	b.ReportAllocs()
	for b.Loop() {
		use(nil, said)
	}
}
