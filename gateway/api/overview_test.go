package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// counted has a callback of a tenant counted.
func (k history) counted(tenant string, o gateway.Outcome, times int) {
	for range times {
		k.stats.Count(gateway.Happening{Kind: gateway.HappenedCallback, Tenant: tenant, Target: "pay", Outcome: string(o)})
	}
}

func tenantsIn(g got) (ids []string) {
	for _, one := range gjson.Get(g.text, "data.#.tenant").Array() {
		ids = append(ids, one.Str)
	}
	return ids
}

// Each sees how its own tree is, the worst first.
func TestOverviewOfTheTree(t *testing.T) {
	d := description(t)
	k, c := withTree(t)
	history{k}.counted("acme", gateway.OutcomeResumed, 5)
	history{k}.counted("shop", gateway.OutcomeUnauthenticated, 1)
	history{k}.counted("rival", gateway.OutcomeResumed, 1)
	history{k}.counted("rival", gateway.OutcomeLate, 3)
	for token, want := range map[string][]string{
		c.admin: {"shop", "rival", "acme", "agency", "filed"}, c.platform: {"shop", "rival", "acme", "agency", "filed"},
		c.own: {"shop", "acme"}, c.parent: {"shop", "acme", "agency"}, c.child: {"shop"}, c.stranger: {"rival"},
	} {
		for _, span := range []string{"", "?span=1h", "?span=24h", "?span=30d"} {
			g := k.as(token, "GET", "/v1/overview"+span, "")
			if err := fits(d, "Overview", g.body); err != nil || !slices.Equal(tenantsIn(g), want) {
				t.Errorf("%.20s is shown %q, want %q: %v\n%s", token, tenantsIn(g), want, err, g.text)
			}
		}
	}
	g := k.want(200, "GET", "/v1/overview?tenant=rival", "")
	for path, want := range map[string]string{
		"span": "1h", "step": "1m", "data.#": "1", "data.0.callbacks_per_minute": "0.8", "data.0.success_share": "0.25", "data.0.waits_open": "0",
		"data.0.series.callbacks.#": "60", "data.0.series.callbacks.59": "4", "data.0.series.success_share.59": "0.25", "data.0.series.success_share.0": "",
		"data.0.backlog_oldest_seconds": "", "left_out": "0",
	} {
		if got := gjson.Get(g.text, path).String(); got != want {
			t.Errorf("%s is %q, want %q: %s", path, got, want, g.text)
		}
	}
	if g := k.want(200, "GET", "/v1/overview?limit=2&span=30d", ""); !slices.Equal(tenantsIn(g), []string{"shop", "rival"}) || g.body["left_out"] != 3.0 {
		t.Errorf("the worst two: %s", g.text)
	}
	if g := k.as(c.own, "GET", "/v1/overview?tenant=rival", ""); g.status != 404 {
		t.Errorf("a stranger's: %d %s", g.status, g.text)
	}
	pages, next := []string{}, ""
	for range 5 {
		g := k.want(200, "GET", "/v1/overview?limit=2&cursor="+next, "")
		if err := fits(d, "Overview", g.body); err != nil {
			t.Fatalf("%v\n%s", err, g.text)
		}
		if pages = append(pages, tenantsIn(g)...); g.body["next_cursor"] == nil {
			break
		}
		next = g.str("next_cursor")
	}
	if want := []string{"shop", "rival", "acme", "agency", "filed"}; !slices.Equal(pages, want) {
		t.Errorf("page by page: %q, want %q", pages, want)
	}
	for _, odd := range []string{"MA", "LTE", "MDE", "eA", "x"} { // 0, -1, 01, x, and what is no cursor
		if g := k.do("GET", "/v1/overview?cursor="+odd, ""); g.code() != "invalid_cursor" {
			t.Errorf("the cursor %s: %s", odd, g.text)
		}
	}
	if g := k.want(422, "GET", "/v1/overview?span=2h&limit=0", ""); !slices.Equal(g.paths(), []string{"limit", "span"}) {
		t.Errorf("what cannot be asked for: %s", g.text)
	}
}

// An overview of many busy tenants shows each; how long that takes measures BenchmarkOverviews.
func TestOverviewOfManyTenants(t *testing.T) {
	k := newKit(t)
	const tenants = 200
	for i := range tenants {
		id := fmt.Sprintf("t%04d", i)
		k.want(201, "PUT", "/v1/tenants/"+id, `{}`)
		history{k}.counted(id, gateway.OutcomeResumed, 1+i%7)
	}
	for _, span := range []string{"1h", "24h", "30d"} {
		if n := strings.Count(k.want(200, "GET", "/v1/overview?span="+span, "").text, `"tenant":`); n != tenants+1 { // and that of the file
			t.Errorf("%s shows %d", span, n)
		}
	}
}
