package main

import (
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// figured is the part of an answer with figures that the tests look at.
type figured struct {
	Step string
	Data []struct {
		Callbacks map[string]int
		Waits     map[string]int
		Events    int
		Backlog   int
		Attempts  map[string]int
	}
}

// total adds up what all points have.
func (f *figured) total() (resumed, opened, events int) {
	for _, p := range f.Data {
		resumed, opened, events = resumed+p.Callbacks["resumed"], opened+p.Waits["opened"], events+p.Events
	}
	return resumed, opened, events
}

// Figures are there at once, are those of the caller's tree, and outlive a restart.
func TestStatsOfTheTree(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	api := p.Admin()
	for _, tenant := range []string{"acme", "rival"} {
		api.Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant, `{}`)
	}
	api.Must(t, []int{201}, "PUT", "/v1/tenants/shop", `{"parent":"acme"}`)
	for _, tenant := range []string{"acme", "shop", "rival"} {
		of := "/v1/tenants/" + tenant
		api.Must(t, []int{201}, "PUT", of+"/sources/pay", `{"verify":{"type":"none"},"conversation_key":{"path":"key"}}`)
		api.Must(t, []int{201}, "PUT", of+"/endpoints/crm", `{"url":"https://crm.example.com/"}`)
		api.Must(t, []int{200}, "POST", of+"/endpoints/crm/pause", nil)
		api.Must(t, []int{201}, "POST", of+"/waits", `{"source":"pay","conversation_key":"42","mode":"poll"}`)
		p.Sender().Must(t, []int{200}, "POST", "/hooks/"+tenant+"/pay", `{"key":"42"}`)
		api.Must(t, []int{202}, "POST", of+"/events", `{"events":[{"event":{"type":"note"}}]}`)
	}
	token := api.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme"}`).Field("token")
	look := func(c *program.Client, path string) *figured {
		t.Helper()
		var f figured
		c.Must(t, []int{200}, "GET", path, nil).Decode(t, &f)
		return &f
	}
	check := func(when string) {
		t.Helper()
		for _, step := range []string{"1m", "1h", "1d"} {
			for _, c := range []struct {
				name, path string
				client     *program.Client
				each       [3]int
			}{
				{"all", "/v1/stats?", api, [3]int{3, 3, 3}}, {"acme's tree", "/v1/stats?", api.As(token), [3]int{2, 2, 2}},
				{"acme", "/v1/tenants/acme/stats?", api, [3]int{1, 1, 1}}, {"acme's source", "/v1/tenants/acme/stats?source=pay&", api, [3]int{1, 1, 0}},
				{"acme's endpoint", "/v1/tenants/acme/stats?endpoint=crm&", api, [3]int{}},
			} {
				f := look(c.client, c.path+"step="+step)
				resumed, opened, events := f.total()
				if got := [3]int{resumed, opened, events}; got != c.each || f.Step != step {
					t.Errorf("%s, %s by %s: %v by %s, want %v", when, c.name, step, got, f.Step, c.each)
				}
				if n := len(f.Data); c.name == "acme's endpoint" && (n == 0 || f.Data[n-1].Backlog != 1) {
					t.Errorf("%s, the backlog by %s: %+v", when, step, f.Data)
				}
			}
		}
	}
	check("at once")
	dir := p.Dir
	if code := p.Terminate(t); code != 0 {
		t.Fatalf("it ends with %d", code)
	}
	p = program.Start(t, program.Options{Dir: dir})
	api = p.Admin()
	check("after a restart")

	for path, want := range map[string]int{
		"/v1/tenants/acme/stats?endpoint=nobody": 404, "/v1/tenants/acme/stats?source=nobody": 404, "/v1/tenants/acme/stats?webhook=nobody": 404,
		"/v1/tenants/nobody/stats": 404, "/v1/stats?step=5m": 422, "/v1/stats?endpoint=crm": 422, "/v1/stats?since=long-ago": 422,
		"/v1/tenants/acme/stats?endpoint=crm&source=pay": 422,
	} {
		api.Must(t, []int{want}, "GET", path, nil)
	}
	if f := look(api, "/v1/stats?since=2020-01-01"); f.Step != "1d" {
		t.Errorf("of years the step is %s", f.Step)
	}
}
