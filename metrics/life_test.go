package metrics_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"hookgate/metrics"
)

var (
	outcomes = []string{"late", "parked", "resumed"}
	ends     = []string{"cancelled", "dead", "succeeded"}
	codes    = []string{"2xx", "3xx", "4xx", "5xx", "blocked", "connect", "dns", "protocol", "timeout", "tls"}
	states   = []string{"cancelled", "resumed", "timed_out"}
	types    = []string{"conversation_create", "message", "status", "assignee_change", "variables", "conversation_labels", "note"}
)

// tenantParts is what is counted of a tenant and its parts.
type tenantParts struct {
	tenant    *metrics.Tenant
	source    *metrics.Source
	endpoints []*metrics.Endpoint
	webhook   *metrics.Webhook
}

// addCrowd adds tenants of five endpoints, a platform, a source and a webhook each.
func addCrowd(s *metrics.Set, n int) (all []tenantParts) {
	for i := range n {
		id := fmt.Sprintf("tenant-%05d", i)
		p := tenantParts{tenant: s.Tenant(id, states, types), source: s.Source(id, "payments", outcomes)}
		for j := range 5 {
			p.endpoints = append(p.endpoints, s.Endpoint(id, fmt.Sprintf("endpoint-%d", j), ends, codes))
		}
		p.endpoints = append(p.endpoints, s.Endpoint(id, "_platform", ends, codes))
		p.webhook = s.Webhook(id, "stock", []string{"failure", "success"})
		all = append(all, p)
	}
	return all
}

// live lets everything of a tenant do something.
func (p tenantParts) live() {
	p.tenant.EventsAccepted("message", 1)
	p.source.Callback("resumed")
	p.source.WaitEnded(3)
	p.webhook.Called("success")
	for _, e := range p.endpoints {
		e.Attempted("2xx")
		e.Ended("succeeded")
	}
}

// asks gives the answer to a request as a server of this address makes it; "" is somebody
// who looks once.
func asks(t testing.TB, s http.Handler, server, query string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics"+query, nil)
	if server != "" {
		r.RemoteAddr = server + ":1234"
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func textOf(t testing.TB, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v: %s", r.StatusCode, err, text)
	}
	return string(text)
}

// valueIn gives what stands behind a series; "" where it is not there.
func valueIn(text, series string) string {
	for line := range strings.Lines(text) {
		if rest, is := strings.CutPrefix(line, series+" "); is {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

const (
	resumedOfLast = `hookgate_callbacks_total{outcome="resumed",source="payments",tenant="tenant-00499"}`
	lateOfLast    = `hookgate_callbacks_total{outcome="late",source="payments",tenant="tenant-00499"}`
	deadOfLast    = `hookgate_deliveries_total{endpoint="endpoint-3",state="dead",tenant="tenant-00499"}`
)

// With many tenants a series comes to be with the first sign of life of its tenant, with
// all its kin; and whoever comes again sees the first event as an increase.
func TestFirstLifeIsAnIncrease(t *testing.T) {
	s := metrics.New("test")
	all := addCrowd(s, 500)
	last, h := all[len(all)-1], s.Handler()
	steps := []struct {
		do            func()
		once, scraped [3]string // resumed, late, dead: for who looks once, and for a server
	}{
		{func() {}, [3]string{"", "", ""}, [3]string{"", "", ""}},
		{func() { last.source.Callback("resumed") }, [3]string{"1", "0", "0"}, [3]string{"0", "0", "0"}},
		{func() {}, [3]string{"1", "0", "0"}, [3]string{"1", "0", "0"}},
		{func() { last.source.Callback("resumed"); last.endpoints[3].Ended("dead") }, [3]string{"2", "0", "1"}, [3]string{"2", "0", "1"}},
	}
	for i, step := range steps {
		step.do()
		for server, want := range map[string][3]string{"": step.once, "10.0.0.1": step.scraped, "10.0.0.2": step.scraped} {
			text := textOf(t, asks(t, h, server, ""))
			if got := [3]string{valueIn(text, resumedOfLast), valueIn(text, lateOfLast), valueIn(text, deadOfLast)}; got != want {
				t.Errorf("step %d, server %q: %q, want %q", i, server, got, want)
			}
		}
	}
}

// Gauges are never held back, and buckets are.
func TestWhatIsHeldBack(t *testing.T) {
	s := metrics.New("test")
	h := s.Handler()
	asks(t, h, "10.0.0.1", "")
	p := addCrowd(s, 1)[0]
	p.tenant.WaitsOpen(3)
	p.source.WaitEnded(2)
	s.Route("bot", []int{200}).Answered(201)
	const wait = `hookgate_wait_duration_seconds_bucket{source="payments",tenant="tenant-00000",le="2.5"}`
	for i, want := range []string{"0", "0", "1", "1"} { // the second comes for the first time, to a young gateway
		text := textOf(t, asks(t, h, fmt.Sprint("10.0.0.", 1+i%2), ""))
		if got := valueIn(text, `hookgate_waits_open{tenant="tenant-00000"}`); got != "3" {
			t.Errorf("scrape %d: %s waits are open", i, got)
		}
		for _, series := range []string{wait, `hookgate_route_requests_total{code="201",route="bot"}`} {
			if got := valueIn(text, series); got != want {
				t.Errorf("scrape %d: %s is %q, want %s", i, series, got, want)
			}
		}
	}
}

// A gateway with few tenants shows all of them from the start; with many, no more than
// there is room for, until they live.
func TestIdleSeriesAreBounded(t *testing.T) {
	few, many := metrics.New("test"), metrics.New("test")
	addCrowd(few, 10)
	all := addCrowd(many, 2000)
	count := func(s *metrics.Set) int { return strings.Count(textOf(t, asks(t, s.Handler(), "", "")), "tenant=\"") }
	if n := count(few); n < 10*100 {
		t.Errorf("ten tenants have %d series", n)
	}
	before := count(many)
	if before > 12_000 || before < 9_000 {
		t.Errorf("2,000 idle tenants have %d series", before)
	}
	for _, p := range all[:50] {
		p.tenant.WaitsOpen(1)
	}
	many.Tenant("newcomer", states, types)
	if text := textOf(t, asks(t, many.Handler(), "", "")); valueIn(text, `hookgate_waits_open{tenant="newcomer"}`) != "0" {
		t.Error("those that live have left no room for a new one")
	}
}

// What is made under the name of what was deleted begins anew, whatever stragglers do.
func TestForgottenLivesNoMore(t *testing.T) {
	s := metrics.New("test")
	h := s.Handler()
	old := addCrowd(s, 1)[0]
	old.live()
	s.ForgetSource("tenant-00000", "payments")
	s.ForgetEndpoint("tenant-00000", "endpoint-3")
	old.live()
	text := textOf(t, asks(t, h, "", ""))
	if strings.Contains(text, `source="payments"`) || strings.Contains(text, "endpoint-3") || !strings.Contains(text, "endpoint-2") {
		t.Error("forgotten parts are left, or others went")
	}
	s.ForgetTenant("tenant-00000")
	old.live()
	if strings.Contains(textOf(t, asks(t, h, "", "")), "tenant-0") {
		t.Error("series of a forgotten tenant are left")
	}
	addCrowd(s, 1)
	old.live()
	if got := valueIn(textOf(t, asks(t, h, "", "")), `hookgate_callbacks_total{outcome="resumed",source="payments",tenant="tenant-00000"}`); got != "0" {
		t.Errorf("made anew it begins with %q", got)
	}
}

func TestNamesAreFiltered(t *testing.T) {
	s := full(t)
	looked := 0
	s.Queues(func() { looked++ })
	for query, want := range map[string]string{
		"?name[]=hookgate_waits_open":                               "hookgate_waits_open",
		"?name[]=hookgate_waits_open&name%5B%5D=go_goroutines":      "go_goroutines hookgate_waits_open",
		"?name[]=hookgate_callback_duration_seconds&name[]=nothing": "hookgate_callback_duration_seconds",
		"?name[]=nothing": "", "?name[]=": "", "?name[]=go_*": "",
		"?name[]=hookgate_budget_used": "hookgate_budget_used",
	} {
		var got []string
		for line := range strings.Lines(textOf(t, asks(t, s.Handler(), "", query))) {
			if name, is := strings.CutPrefix(line, "# TYPE "); is {
				got = append(got, strings.Fields(name)[0])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
	if looked != 0 {
		t.Errorf("the queues were looked at %d times, and nobody asked for them", looked)
	}
	textOf(t, asks(t, s.Handler(), "", "?name[]=hookgate_queue_depth"))
	if looked != 1 {
		t.Errorf("asked for the queues, they were looked at %d times", looked)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	s := metrics.New("test")
	addCrowd(s, 10)
	plain := textOf(t, asks(t, s.Handler(), "", "?name[]=hookgate_queue_depth"))
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "gzip, zstd": "zstd", "gzip;q=1, zstd;q=0.5": "gzip", "gzip;q=0": "", "GZIP ; q=0.2": "gzip",
		"identity": "", "br, *": "", "zstd;q=nonsense": "", "deflate, gzip;q=0.1": "gzip",
	} {
		for range 2 { // the second time with what the first has used
			r := asks(t, s.Handler(), "", "?name[]=hookgate_queue_depth", "Accept-Encoding", accept)
			if got := r.Header.Get("Content-Encoding"); got != want {
				t.Fatalf("%q gives %q, want %q", accept, got, want)
			}
			var body io.Reader = r.Body
			var err error
			switch want {
			case "gzip":
				body, err = gzip.NewReader(r.Body)
			case "zstd":
				body, err = zstd.NewReader(r.Body)
			}
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(body); err != nil || string(text) != plain {
				t.Errorf("%q: %v, %d bytes of %d", accept, err, len(text), len(plain))
			}
		}
	}
}

// Whoever makes, counts, deletes and reads does so at once.
func TestAtOnce(t *testing.T) {
	s := metrics.New("test")
	all := addCrowd(s, 200)
	h := s.Handler()
	var done sync.WaitGroup
	for g := range 4 {
		done.Go(func() {
			for i := g; i < len(all); i += 2 { // each by two
				all[i].live()
			}
		})
	}
	done.Go(func() {
		for i := range 50 {
			s.ForgetTenant(fmt.Sprintf("tenant-%05d", i))
		}
	})
	done.Go(func() {
		for i := 150; i < 200; i++ {
			s.ForgetEndpoint(fmt.Sprintf("tenant-%05d", i), "endpoint-3")
			s.Endpoint(fmt.Sprintf("tenant-%05d", i), "endpoint-9", ends, codes)
			s.Route(fmt.Sprint("r", i), []int{200}).Answered(i)
		}
	})
	for _, server := range []string{"", "10.0.0.1"} {
		done.Go(func() {
			for range 20 {
				textOf(t, asks(t, h, server, ""))
			}
		})
	}
	done.Wait()
	text := textOf(t, asks(t, h, "", ""))
	if got := valueIn(text, `hookgate_callbacks_total{outcome="resumed",source="payments",tenant="tenant-00100"}`); got != "2" {
		t.Errorf("counted %q times, want 2", got)
	}
	if strings.Contains(text, "tenant-00049") || strings.Contains(text, `endpoint="endpoint-3",state="dead",tenant="tenant-00150"`) {
		t.Error("what was forgotten is left")
	}
}
