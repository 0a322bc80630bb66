package node

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/retry"
)

// whatHas says whose series a counter has, in the configuration below: the labels that
// are names of what is configured.
var whatHas = map[string][]string{
	"hookgate_auth_failures_total":     {""},
	"hookgate_budget_refused_total":    nil, // one for each budget, by its name
	"hookgate_cache_requests_total":    {"cache=rules"},
	"hookgate_callbacks_total":         {"source=payments tenant=acme"},
	"hookgate_calls_total":             {"tenant=acme webhook=stock"},
	"hookgate_config_reloads_total":    {""},
	"hookgate_deliveries_total":        lanesOfAcme,
	"hookgate_delivery_attempts_total": lanesOfAcme,
	"hookgate_events_accepted_total":   {"tenant=acme"},
	"hookgate_route_requests_total":    {"route=site", "route=wa"},
	"hookgate_job_deliveries_total":    {""},
	"hookgate_jobs_ended_total":        {""},
	"hookgate_spans_total":             {""},
	"hookgate_waits_ended_total":       {"tenant=acme"},
}

var lanesOfAcme = []string{"endpoint=_platform tenant=acme", "endpoint=_route_wa tenant=acme", "endpoint=crm tenant=acme"}

// closed has the label of each counter whose values are a closed list, and that list.
var closed = map[string]struct {
	label  string
	values []string
}{
	"hookgate_auth_failures_total":     {"where", []string{"console", "internal", "route", "source"}},
	"hookgate_cache_requests_total":    {"result", []string{"hit", "miss"}},
	"hookgate_callbacks_total":         {"outcome", words(gateway.Outcomes)},
	"hookgate_calls_total":             {"outcome", []string{"failure", "success"}},
	"hookgate_config_reloads_total":    {"result", []string{"error", "ok"}},
	"hookgate_deliveries_total":        {"state", []string{"cancelled", "dead", "succeeded"}},
	"hookgate_delivery_attempts_total": {"code", words(retry.Outcomes)},
	"hookgate_events_accepted_total": {"type",
		[]string{"assignee_change", "conversation_create", "conversation_labels", "message", "note", "other", "status", "variables"}},
	"hookgate_route_requests_total": {"code",
		[]string{"200", "400", "401", "403", "404", "405", "408", "413", "415", "429", "499", "500", "502", "503", "504"}},
	"hookgate_job_deliveries_total": {"result", []string{"done", "failed"}},
	"hookgate_jobs_ended_total":     {"state", []string{"cancelled", "done"}},
	"hookgate_spans_total":          {"result", []string{"dropped", "sent"}},
	"hookgate_waits_ended_total":    {"state", []string{"cancelled", "resumed", "timed_out"}},
}

func words[W ~string](list []W) (all []string) {
	for _, w := range list {
		all = append(all, string(w))
	}
	slices.Sort(all)
	return all
}

func withAll(c *configs.Config) {
	c.Tenants = parsed[configs.Tenants](`{"acme": {
		"platform": {"url": "http://127.0.0.1:1/"}, "sources": {"payments": {"verify": {"type": "none"}}},
		"endpoints": {"crm": {"url": "http://127.0.0.1:1/"}}, "webhooks": {"stock": {"url": "https://stock.example.com/"}}}}`)
	c.Egress.Allow = parsed[[]configs.Network](`["127.0.0.0/8"]`)
	c.Routes = parsed[configs.Routes](`{
		"site": {"match": {"path": "/"}, "mode": "proxy", "upstreams": [{"url": "http://127.0.0.1:1"}]},
		"wa": {"match": {"path": "/wa"}, "mode": "relay", "tenant": "acme", "upstreams": [{"url": "http://127.0.0.1:1"}]}}`)
}

// counters gives, for each counter and each of whose it is, its values by the closed
// label.
func (k *kit) counters(t *testing.T) map[string]map[string]map[string]float64 {
	t.Helper()
	families, err := k.metrics.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]map[string]float64{}
	for _, f := range families {
		if f.GetType() != dto.MetricType_COUNTER || !strings.HasPrefix(f.GetName(), "hookgate_") {
			continue
		}
		of := map[string]map[string]float64{}
		all[f.GetName()] = of
		for _, m := range f.GetMetric() {
			value, names := "", []string(nil)
			for _, l := range m.GetLabel() {
				if l.GetName() == closed[f.GetName()].label {
					value = l.GetValue()
				} else {
					names = append(names, l.GetName()+"="+l.GetValue())
				}
			}
			whose := strings.Join(names, " ")
			if of[whose] == nil {
				of[whose] = map[string]float64{}
			}
			of[whose][value] = m.GetCounter().GetValue()
		}
	}
	return all
}

// c22: the first of anything is an increase, for its counter has stood at 0 since the
// start: every counter, with every value that its closed label can have.
func TestCountersExistFromTheStart(t *testing.T) {
	k := newKit(t, io.Discard, withAll)
	counters := k.counters(t)
	if have, want := slices.Sorted(maps.Keys(counters)), slices.Sorted(maps.Keys(whatHas)); !slices.Equal(have, want) {
		t.Errorf("the counters are\n%q, and the rows above are of\n%q", have, want)
	}
	for name, of := range counters {
		if whatHas[name] == nil {
			continue
		}
		if have := slices.Sorted(maps.Keys(of)); !slices.Equal(have, whatHas[name]) {
			t.Errorf("%s has series of %q, want %q", name, have, whatHas[name])
		}
		for whose, values := range of {
			if have := slices.Sorted(maps.Keys(values)); !slices.Equal(have, closed[name].values) {
				t.Errorf("%s{%s} has %s %q, want %q", name, whose, closed[name].label, have, closed[name].values)
			}
		}
	}
	if n := len(counters["hookgate_budget_refused_total"]); n < 10 {
		t.Errorf("%d budgets have a counter", n)
	}
}

// Of a lane of the platform and of a relay route no series is left when what it is for
// goes, and they begin anew when it comes back.
func TestCountersOfLanesComeAndGo(t *testing.T) {
	k := newKit(t, io.Discard, withAll)
	lanes := func() []string {
		return slices.Sorted(maps.Keys(k.counters(t)["hookgate_delivery_attempts_total"]))
	}
	count := func(endpoint string) {
		counts{&k.parts}.observeLane(gateway.LaneKey{Tenant: "acme", Endpoint: endpoint}).Attempt(retry.Connect, 0, "")
	}
	count(gateway.PlatformEndpoint)
	for _, change := range []func(*configs.Config){
		func(c *configs.Config) {
			withAll(c)
			acme := c.Tenants["acme"]
			acme.Platform = nil
			c.Tenants["acme"] = acme
			delete(c.Routes, "wa")
		},
		func(c *configs.Config) {
			withAll(c)
			wa := c.Routes["wa"]
			wa.Tenant = "beta"
			c.Tenants, c.Routes["wa"] = configs.Tenants{"beta": {}}, wa
		},
	} {
		k.change = change
		if _, err := k.Reload(); err != nil {
			t.Fatal(err)
		}
		count(gateway.PlatformEndpoint)
		count("_route_wa")
		for _, gone := range lanesOfAcme[:2] {
			if slices.Contains(lanes(), gone) {
				t.Errorf("%s is left", gone)
			}
		}
		k.change = withAll
		if _, err := k.Reload(); err != nil || !slices.Equal(lanes(), lanesOfAcme) {
			t.Errorf("back again: %q, %v", lanes(), err)
		}
		count("_route_wa")
		of := k.counters(t)["hookgate_delivery_attempts_total"]
		if of[lanesOfAcme[0]]["connect"] != 0 || of[lanesOfAcme[1]]["connect"] != 1 {
			t.Errorf("counted anew: %v", of)
		}
	}
}
