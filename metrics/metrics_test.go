package metrics_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"hookgate/metrics"
)

var update = flag.Bool("update", false, "write testdata/names.golden anew")

// full is a Set in which every family has a child of tenant acme.
func full(t *testing.T) *metrics.Set {
	t.Helper()
	s := metrics.New("v0.0.0-test")
	addTenant(s, "acme")
	s.AuthFailures("internal").Inc()
	s.Cache("rules").Hit.Inc()
	s.Reloads().Error.Inc()
	s.Peak("publish", 100_000).Saw(7)
	s.Budget("bodies", func() metrics.Budget { return metrics.Budget{Limit: 4, Used: 3, Largest: 2, Refused: 1} })
	s.Route("bot", nil).Answered(200)
	s.Clock(func() time.Duration { return 90 * time.Minute })
	s.Database(func() metrics.Database { return metrics.Database{OldestTransaction: time.Second, DeadRows: 9} }).Observe(0.001)
	metrics.Forwarded(s, []string{"api"}, []string{"answered"})("api", "answered", 0.001)
	metrics.Cluster(s, func() (nodes, slots int) { return 3, 85 })
	return s
}

func addTenant(s *metrics.Set, tenant string) {
	t := s.Tenant(tenant, []string{"resumed"}, []string{"message"})
	t.WaitsOpen(1)
	t.EventsAccepted("message", 2)
	t.EventsAccepted("made up by a publisher", 1)
	s.Source(tenant, "payments", []string{"resumed", "late"}).Callback("late")
	s.Source(tenant, "calendar", []string{"resumed"}).WaitEnded(1)
	s.Endpoint(tenant, "_platform", []string{"dead"}, []string{"2xx"}).Breaker(2)
	s.Endpoint(tenant, "crm", []string{"dead"}, []string{"2xx"}).Queue(7, time.Time{})
	s.Webhook(tenant, "stock", []string{"success", "failure"}).Called("failure")
	s.Webhook(tenant, "price", []string{"success"}).Called("success")
}

func gather(t *testing.T, s *metrics.Set) []*dto.MetricFamily {
	t.Helper()
	families, err := s.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// What dashboards and alerts name must not change unseen.
func TestNames(t *testing.T) {
	var got strings.Builder
	for _, family := range gather(t, full(t)) {
		if !strings.HasPrefix(family.GetName(), "hookgate_") {
			continue // go_ and process_: theirs to name
		}
		labels := []string{}
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		fmt.Fprintf(&got, "%s{%s} %s\n", family.GetName(), strings.Join(labels, ","), strings.ToLower(family.GetType().String()))
	}
	const golden = "testdata/names.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("names differ from %s (-update writes it):\n%s", golden, got.String())
	}
}

func TestLint(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(gather(t, full(t))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// series lists every series of hookgate's as name and label values.
func series(t *testing.T, s *metrics.Set) []string {
	t.Helper()
	var all []string
	for _, family := range gather(t, s) {
		for _, metric := range family.GetMetric() {
			line := family.GetName()
			for _, pair := range metric.GetLabel() {
				line += " " + pair.GetName() + "=" + pair.GetValue()
			}
			all = append(all, line)
		}
	}
	return all
}

func TestForget(t *testing.T) {
	s := full(t)
	addTenant(s, "other")
	having := func(parts ...string) int {
		return len(slices.DeleteFunc(series(t, s), func(line string) bool {
			for _, part := range parts {
				if !strings.Contains(line+" ", " "+part+" ") {
					return true
				}
			}
			return false
		}))
	}
	others := having("tenant=other")
	if having("tenant=acme") != others || others == 0 {
		t.Fatalf("acme has %d series, other %d", having("tenant=acme"), others)
	}
	s.ForgetSource("acme", "payments")
	if n := having("tenant=acme", "source=payments"); n != 0 {
		t.Errorf("%d series of a forgotten source", n)
	}
	if having("tenant=acme", "source=calendar") == 0 {
		t.Error("another source was forgotten with it")
	}
	s.ForgetEndpoint("acme", "crm")
	if n := having("tenant=acme", "endpoint=crm"); n != 0 {
		t.Errorf("%d series of a forgotten endpoint", n)
	}
	if having("tenant=acme", "endpoint=_platform") == 0 {
		t.Error("another endpoint was forgotten with it")
	}
	s.ForgetWebhook("acme", "stock")
	if n := having("tenant=acme", "webhook=stock"); n != 0 {
		t.Errorf("%d series of a forgotten webhook", n)
	}
	if having("tenant=acme", "webhook=price") == 0 {
		t.Error("another webhook was forgotten with it")
	}
	s.ForgetTenant("acme")
	if n := having("tenant=acme"); n != 0 {
		t.Errorf("%d series of a forgotten tenant", n)
	}
	if having("tenant=other") != others {
		t.Error("another tenant lost series")
	}
}

func value(t *testing.T, s *metrics.Set, name string) float64 {
	t.Helper()
	for _, family := range gather(t, s) {
		if family.GetName() == name {
			m := family.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	t.Fatalf("%s is not there", name)
	return 0
}

func TestOldestGrowsByItself(t *testing.T) {
	s := metrics.New("test")
	lane := s.Endpoint("acme", "_platform", nil, nil)
	if again := s.Endpoint("acme", "_platform", nil, nil); again != lane {
		t.Error("the same endpoint counts twice")
	}
	const name = "hookgate_queue_oldest_seconds"
	if got := value(t, s, name); got != 0 {
		t.Errorf("age of nothing is %v", got)
	}
	lane.Queue(1, time.Now().Add(-time.Hour))
	if got := value(t, s, name); got < 3600 || got > 3700 {
		t.Errorf("age after an hour is %v s", got)
	}
	lane.Queue(1, time.Now().Add(time.Hour)) // a clock that was set back
	if got := value(t, s, name); got != 0 {
		t.Errorf("age of something from the future is %v", got)
	}
	lane.Queue(1, time.Time{})
	if got := value(t, s, name); got != 0 {
		t.Errorf("age of nothing is %v", got)
	}
}

func TestStoreBytes(t *testing.T) {
	s := metrics.New("test")
	const name = "hookgate_store_bytes"
	if got := value(t, s, name); got != 0 {
		t.Errorf("a store that is not open has %v bytes", got)
	}
	s.StoreBytes(func() int64 { return 4096 })
	if got := value(t, s, name); got != 4096 {
		t.Errorf("store has %v bytes, want 4096", got)
	}
	s.StoreBytes(nil)
	if got := value(t, s, name); got != 0 {
		t.Errorf("a closed store has %v bytes", got)
	}
}

func TestHandler(t *testing.T) {
	answer := httptest.NewRecorder()
	full(t).Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d", answer.Code)
	}
	for _, want := range []string{
		`hookgate_callbacks_total{outcome="late",source="payments",tenant="acme"} 1`,
		`hookgate_build_info{goversion="go`, `version="v0.0.0-test"`, "go_goroutines ", "process_open_fds ",
	} {
		if !strings.Contains(answer.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

// Counting on the way of a callback and of a call makes no garbage.
func TestAllocations(t *testing.T) {
	set := full(t)
	source, webhook, took := set.Source("acme", "payments", []string{"resumed"}), set.Webhook("acme", "stock", []string{"success"}), set.CallDuration()
	if n := testing.AllocsPerRun(100, func() {
		source.Callback("resumed")
		source.WaitEnded(.5)
		webhook.Called("success")
		took.Observe(.01)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// A publisher that makes up types makes no series.
func TestEventTypesAreCountedFromAClosedList(t *testing.T) {
	var got []string
	for _, family := range gather(t, full(t)) {
		if family.GetName() != "hookgate_events_accepted_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			got = append(got, fmt.Sprintf("%s %v", m.GetLabel()[1].GetValue(), m.GetCounter().GetValue()))
		}
	}
	if want := []string{"message 2", "other 1"}; !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}

func TestRouteCountsByStatus(t *testing.T) {
	s := metrics.New("v0.0.0-test")
	bot := s.Route("bot", []int{200, 503})
	for _, status := range []int{200, 200, 502, 99, 600, -1} {
		bot.Answered(status)
	}
	s.Route("site", nil).Answered(200)
	got := map[string]float64{}
	count := func() {
		clear(got)
		for _, family := range gather(t, s) {
			if family.GetName() == "hookgate_route_requests_total" {
				for _, m := range family.GetMetric() {
					got[m.GetLabel()[1].GetValue()+" "+m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
				}
			}
		}
	}
	count()
	if len(got) != 4 || got["bot 200"] != 2 || got["bot 502"] != 1 || got["bot 503"] != 0 || got["site 200"] != 1 {
		t.Errorf("counted %v", got)
	}
	s.ForgetRoute("bot")
	if count(); len(got) != 1 || got["site 200"] != 1 {
		t.Errorf("after bot is forgotten: %v", got)
	}
}

// A request that is under way when its route goes leaves no series of it.
func TestStragglersOfARoute(t *testing.T) {
	s := metrics.New("test")
	series := func() (n int) {
		families, err := s.Gatherer().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "hookgate_route_requests_total" {
				n += len(f.GetMetric())
			}
		}
		return n
	}
	r := s.Route("bot", []int{200})
	r.Answered(200)
	s.ForgetRoute("bot")
	r.Answered(200)
	r.Answered(404)
	if n := series(); n != 0 {
		t.Errorf("%d series are left", n)
	}
	s.Route("bot", nil).Answered(404)
	if n := series(); n != 1 {
		t.Errorf("made anew it has %d series", n)
	}
}
