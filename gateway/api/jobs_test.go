package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// replayed replays, checks how many, and waits until the job has done it.
func replayed(k *kit, path, body string, count int) {
	k.t.Helper()
	g := k.want(202, "POST", path, body)
	if fmt.Sprint(g.body["count"]) != fmt.Sprint(count) {
		k.t.Errorf("%s %s answers %s, want %d", path, body, g.text, count)
	}
	awaitJob(k, g.str("job_id"), "done")
}

// awaitJob waits until a job has a state.
func awaitJob(k *kit, id, state string) (g got) {
	k.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if g = k.want(200, "GET", "/v1/jobs/"+id, ""); g.str("state") == state {
			return g
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("want the job %s: %s", state, g.text)
		}
	}
}

// crmWith makes the paused endpoint crm with so many deliveries, cancelled by hand.
func crmWith(k *kit, n int) (ids []string) {
	k.t.Helper()
	k.want(201, "PUT", crmOf, crm)
	k.want(200, "POST", crmOf+"/pause", "")
	for range n {
		id := k.want(202, "POST", crmOf+"/test", "").str("delivery_id")
		k.want(200, "POST", v1Acme+"/deliveries/"+id+"/cancel", "")
		ids = append(ids, id)
	}
	return ids
}

func TestDryRunOfAReplay(t *testing.T) {
	k := withAcme(t)
	ids := crmWith(k, 3)
	first, last := k.want(200, "GET", v1Acme+"/deliveries/"+ids[0], ""), k.want(200, "GET", v1Acme+"/deliveries/"+ids[2], "")
	g := k.want(200, "POST", crmOf+"/replay", `{"state": "cancelled", "dry_run": true, "rate": 0.5}`)
	want := fmt.Sprintf(`{"count":3,"oldest":%q,"newest":%q,"by_endpoint":{"crm":3},"seconds_at_rate":6}`, first.str("created_at"), last.str("created_at"))
	if g.text != want {
		t.Errorf("a dry run answers %s, want %s", g.text, want)
	}
	g = k.want(200, "POST", v1Acme+"/deliveries/replay", `{"endpoint": "crm", "dry_run": true}`)
	if g.text != `{"count":0,"oldest":null,"newest":null,"by_endpoint":{},"seconds_at_rate":null}` {
		t.Errorf("a dry run of nothing answers %s", g.text)
	}
	if ids := k.pages("/v1/jobs"); len(ids) != 0 {
		t.Errorf("dry runs made the jobs %q", ids)
	}
	if ids := k.pages(v1Acme + "/deliveries?state=pending"); len(ids) != 0 {
		t.Errorf("dry runs sent %q", ids)
	}
	for _, rate := range []string{"0", "-1", "10001", "0.001", `"fast"`} {
		if g := k.do("POST", crmOf+"/replay", `{"rate": `+rate+`}`); g.status != 422 || !slices.Equal(g.paths(), []string{"rate"}) {
			t.Errorf("the rate %s: %d %s", rate, g.status, g.text)
		}
	}
}

// Without an endpoint a replay is of all endpoints of the tenant: a plan says how many of
// each, the newest of all where there is a limit, and one job sends them.
func TestReplayOfAllEndpoints(t *testing.T) {
	k := withAcme(t)
	ids := crmWith(k, 3)
	k.want(201, "PUT", v1Acme+"/endpoints/erp", `{"url": "https://erp.example.com/", "rate_limit": 0.5}`)
	k.want(200, "POST", v1Acme+"/endpoints/erp/pause", "")
	for range 2 {
		id := k.want(202, "POST", v1Acme+"/endpoints/erp/test", "").str("delivery_id")
		k.want(200, "POST", v1Acme+"/deliveries/"+id+"/cancel", "")
		ids = append(ids, id)
	}
	of := func(i int) string { return k.want(200, "GET", v1Acme+"/deliveries/"+ids[i], "").str("created_at") }
	const all = v1Acme + "/deliveries/replay"
	for body, want := range map[string]string{
		`{"state": "cancelled", "dry_run": true, "rate": 0.25}`: fmt.Sprintf(`{"count":5,"oldest":%q,"newest":%q,"by_endpoint":{"crm":3,"erp":2},"seconds_at_rate":12}`, of(0), of(4)),
		`{"state": "cancelled", "dry_run": true, "limit": 3}`:   fmt.Sprintf(`{"count":3,"oldest":%q,"newest":%q,"by_endpoint":{"crm":1,"erp":2},"seconds_at_rate":null}`, of(2), of(4)),
		`{"state": "cancelled", "dry_run": true, "limit": 2}`:   fmt.Sprintf(`{"count":2,"oldest":%q,"newest":%q,"by_endpoint":{"erp":2},"seconds_at_rate":4}`, of(3), of(4)),
		`{"dry_run": true}`: `{"count":0,"oldest":null,"newest":null,"by_endpoint":{},"seconds_at_rate":null}`,
	} {
		if g := k.want(200, "POST", all, body); g.text != want {
			t.Errorf("%s answers %s, want %s", body, g.text, want)
		}
	}
	g := k.want(202, "POST", all, `{"state": "cancelled", "limit": 4}`)
	if fmt.Sprint(g.body["count"]) != "4" {
		t.Errorf("made %s", g.text)
	}
	j := awaitJob(k, g.str("job_id"), "done")
	if !strings.Contains(j.text, `"endpoint":null`) || !strings.Contains(j.text, `"rate":null`) || fmt.Sprint(j.body["done"]) != "4" {
		t.Errorf("the job is %s", j.text)
	}
	for i, want := range []string{"cancelled", "pending", "pending", "pending", "pending"} {
		if d := k.want(200, "GET", v1Acme+"/deliveries/"+ids[i], ""); d.str("state") != want {
			t.Errorf("delivery %d is %s, want %s", i, d.str("state"), want)
		}
	}
	if lines := k.want(200, "GET", "/v1/audit?action=replay", "").text; !strings.Contains(lines, `"object":"tenants/acme/deliveries"`) {
		t.Errorf("the audit tells %s", lines)
	}
	k.want(422, "POST", all, `{"endpoint": "nope"}`)
}

func TestJobs(t *testing.T) {
	k, c := withTree(t)
	k.want(204, "DELETE", crmOf, "")
	ids := crmWith(k, 3)
	slow := k.want(202, "POST", crmOf+"/replay", `{"state": "cancelled", "rate": 0.01}`)
	if fmt.Sprint(slow.body["count"]) != "3" {
		t.Errorf("made %s", slow.text)
	}
	path := "/v1/jobs/" + slow.str("job_id")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		g := k.want(200, "GET", path, "")
		if fmt.Sprint(g.body["done"]) == "1" {
			if err := fits(description(t), "Job", g.body); err != nil {
				t.Error(err)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("its first step was not made: %s", g.text)
		}
	}
	if seen := k.pages(v1Acme + "/deliveries?state=pending"); !slices.Equal(seen, ids[:1]) {
		t.Errorf("it has made %q due, want the oldest of %q", seen, ids)
	}
	if g := k.as(c.child, "POST", path+"/cancel", ""); g.status != 404 {
		t.Errorf("a child cancels it: %d %s", g.status, g.text)
	}
	if g := k.as(c.own, "POST", path+"/cancel", ""); g.status != 200 || g.str("state") != "cancelled" || g.str("ended_at") == "" {
		t.Errorf("cancelled: %d %s", g.status, g.text)
	}
	if g := k.do("POST", path+"/cancel", ""); g.status != 409 || g.code() != "job_ended" {
		t.Errorf("cancelled twice: %d %s", g.status, g.text)
	}
	if seen := k.pages(v1Acme + "/deliveries?state=cancelled"); len(seen) != 2 {
		t.Errorf("the rest is %q", seen)
	}
	replayed(k, crmOf+"/replay", `{"state": "cancelled"}`, 2)
	all := k.pages("/v1/jobs?limit=1")
	if len(all) != 2 || all[1] != slow.str("job_id") {
		t.Errorf("listed %q", all)
	}
	for query, want := range map[string][]string{"?state=done": all[:1], "?state=cancelled": all[1:], "?state=running": nil} {
		if seen := k.pages("/v1/jobs" + query); !slices.Equal(seen, want) {
			t.Errorf("%s lists %q, want %q", query, seen, want)
		}
	}
	for token, n := range map[string]int{c.platform: 2, c.own: 2, c.parent: 2, c.child: 0, c.stranger: 0} {
		if g := k.as(token, "GET", "/v1/jobs", ""); len(idsOf(g)) != n {
			t.Errorf("%.20s sees %s", token, g.text)
		}
	}
	for _, bad := range []string{"/v1/jobs/job_x", "/v1/jobs/job_00000000000000000000000000", "/v1/jobs/" + strings.Replace(all[0], "job_", "dlv_", 1)} {
		k.want(404, "GET", bad, "")
	}
}
