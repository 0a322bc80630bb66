package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"hookgate/metrics"
)

func newRecorder() http.ResponseWriter { return httptest.NewRecorder() }
func newRequest() *http.Request        { return httptest.NewRequest(http.MethodGet, "/metrics", nil) }

// nowhere counts what is written to it.
type nowhere struct {
	header http.Header
	n      int
}

func (w *nowhere) Header() http.Header { return w.header }
func (w *nowhere) WriteHeader(int)     {}
func (w *nowhere) Write(p []byte) (int, error) {
	w.n += len(p)
	return len(p), nil
}

func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkScrape reads metrics of tenants that have five endpoints, a platform, a source
// and a webhook each. It says how many bytes an answer has, and what of the heap is taken
// by what they are counted with.
func BenchmarkScrape(b *testing.B) {
	for _, c := range []struct {
		name         string
		tenants, few int // few of them live; 0: all
		query, coded string
	}{
		{"idle/10000x5", 10_000, 10, "", ""},
		{"idle/10000x5/gzip", 10_000, 10, "", "gzip"},
		{"alive/1000x5", 1000, 0, "", ""},
		{"alive/1000x5/gzip", 1000, 0, "", "gzip"},
		{"alive/1000x5/zstd", 1000, 0, "", "zstd"},
		{"alive/1000x5/waits", 1000, 0, "?name[]=hookgate_waits_open", ""},
		{"alive/10000x5", 10_000, 0, "", ""},
		{"alive/10000x5/gzip", 10_000, 0, "", "gzip"},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := heap()
			s := metrics.New("test")
			all := addCrowd(s, c.tenants)
			if c.few == 0 {
				c.few = len(all)
			}
			for _, p := range all[len(all)-c.few:] {
				p.live()
			}
			taken := heap() - before
			h, n := s.Handler(), 0
			r := httptest.NewRequest(http.MethodGet, "/metrics"+c.query, nil)
			r.Header.Set("Accept-Encoding", c.coded)
			b.ReportAllocs()
			for b.Loop() {
				w := &nowhere{header: http.Header{}}
				h.ServeHTTP(w, r)
				n = w.n
			}
			b.ReportMetric(float64(n), "bytes/answer")
			b.ReportMetric(taken, "MB-heap")
			runtime.KeepAlive(all)
		})
	}
}

// BenchmarkCount counts what one callback, event, delivery, call and proxied request
// count, apart from what the process counts in histograms.
func BenchmarkCount(b *testing.B) {
	s := metrics.New("test")
	p := addCrowd(s, 1)[0]
	p.live()
	route, took := s.Route("bot", []int{200}), s.CallbackDuration()
	route.Answered(200)
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"Callback", func() { p.source.Callback("resumed") }},
		{"WaitEnded", func() { p.source.WaitEnded(3) }},
		{"TenantWaitEnded", func() { p.tenant.WaitEnded("resumed") }},
		{"WaitsOpen", func() { p.tenant.WaitsOpen(1) }},
		{"EventsAccepted", func() { p.tenant.EventsAccepted("message", 1) }},
		{"Attempted", func() { p.endpoints[0].Attempted("2xx") }},
		{"Ended", func() { p.endpoints[0].Ended("succeeded") }},
		{"Called", func() { p.webhook.Called("success") }},
		{"Answered", func() { route.Answered(200) }},
		{"Histogram", func() { took.Observe(.003) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.do()
			}
		})
	}
}
