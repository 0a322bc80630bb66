package api_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/api"
	"hookgate/gateway/audit"
	"hookgate/gateway/resources"
)

// lines gives the lines that a token is shown, the oldest first, as "action object".
func linesShown(k *kit, token, query string) (all []string, last audit.Line) {
	k.t.Helper()
	for cursor := ""; ; {
		g := k.as(token, "GET", "/v1/audit?limit=7&cursor="+cursor+query, "")
		if g.status != 200 {
			k.t.Fatalf("GET /v1/audit?%s: %d %s", query, g.status, g.text)
		}
		var page struct {
			Data       []audit.Line
			NextCursor string `json:"next_cursor"`
		}
		k.must(json.Unmarshal([]byte(g.text), &page))
		for _, l := range page.Data {
			if len(all) == 0 {
				last = l
			}
			all = append(all, string(l.Action)+" "+l.Object)
		}
		if cursor = page.NextCursor; cursor == "" {
			slices.Reverse(all)
			return all, last
		}
	}
}

// Who changed what is told of every write and of what is done by hand, in its order.
func TestAuditTellsWritesAndDeeds(t *testing.T) {
	k := withAcme(t)
	own := k.token("tenant", "acme")
	k.as(own, "PUT", crmOf, crm, "User-Agent", "hookgate-cli/1.0", "X-Request-Id", "deploy-17")
	_, last := linesShown(k, adminToken, "")
	if a := last.Actor; a.Kind != "cli" || a.Scope != "tenant" || a.Name != "test" || a.ID == "" || last.Client != "127.0.0.1" || last.RequestID != "deploy-17" ||
		last.Tenant != "acme" || last.Action != audit.Create || last.Outcome != "done" || len(last.Changes) == 0 {
		t.Errorf("the line of a PUT is %+v", last)
	}
	for _, deed := range []string{"/pause", "/resume", "/rotate-secret", "/pause", "/replay"} {
		k.as(own, "POST", crmOf+deed, "")
	}
	sent := k.as(own, "POST", crmOf+"/test", "").str("delivery_id")
	k.as(own, "POST", v1Acme+"/deliveries/"+sent+"/cancel", "")
	k.as(own, "POST", v1Acme+"/deliveries/"+sent+"/retry", "")
	k.as(own, "POST", v1Acme+"/deliveries/"+sent+"/cancel", "")
	k.as(own, "POST", v1Acme+"/deliveries/"+sent+"/cancel", "") // it is: a 409, which changes nothing
	k.want(200, "POST", "/v1/reload", "")
	k.want(204, "DELETE", crmOf, "")
	got, _ := linesShown(k, adminToken, "")
	const crm, delivery = "tenants/acme/endpoints/crm", "tenants/acme/deliveries/"
	want := []string{
		"create tenants/acme", "create tenants/acme/sources/payments", "create tokens/" + last.Actor.ID, "create " + crm,
		"pause " + crm, "resume " + crm, "rotate " + crm, "pause " + crm, "replay " + crm,
		"cancel " + delivery + sent, "replay " + delivery + sent, "cancel " + delivery + sent, "reload configuration", "delete " + crm,
	}
	if got = got[1:]; !slices.Equal(got, want) { // before it the file was loaded
		t.Errorf("the audit has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, replayed := linesShown(k, adminToken, "&action=replay&object="+crm); !slices.Equal(replayed.Changes, []audit.Change{{Path: "count", After: 0.0}}) {
		t.Errorf("a replay is told as %+v", replayed.Changes)
	}
	for query, want := range map[string][]string{
		"&action=resume": {"resume " + crm}, "&object=" + crm + "&action=delete": {"delete " + crm}, "&object=tenants/acme/deliver": nil,
		"&object=tenants/acme/sources": {"create tenants/acme/sources/payments"}, "&tenant=nobody": nil, "&actor=nobody": nil,
		"&actor=" + last.Actor.ID + "&action=rotate": {"rotate " + crm}, "&actor=test&action=replay": {"replay " + crm, "replay " + delivery + sent},
		"&actor=cli": {"create " + crm}, "&until=2020-01-01": nil, "&since=" + url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339)): nil,
		"&tenant=acme&action=create": {"create tenants/acme", "create tenants/acme/sources/payments", "create tokens/" + last.Actor.ID, "create " + crm},
	} {
		if got, _ := linesShown(k, adminToken, query); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
	for query, status := range map[string]int{
		"action=creat": 422, "since=yesterday": 422, "tenant=A": 422, "cursor=x": 422, "limit=0": 422, "actors=x": 422,
	} {
		k.want(status, "GET", "/v1/audit?"+query, "")
	}
}

// What is done to a wait is told with what was asked of it.
func TestAuditTellsWhatADeedAsked(t *testing.T) {
	k := withAcme(t)
	wait := v1Acme + "/waits/" + k.want(201, "POST", v1Acme+"/waits", `{"source":"payments","conversation_key":"c","mode":"poll"}`).str("id")
	k.want(200, "POST", wait+"/extend", `{"timeout_seconds":90}`)
	if _, last := linesShown(k, adminToken, ""); last.Action != audit.Extend || !slices.Equal(last.Changes, []audit.Change{{Path: "timeout_seconds", After: 90.0}}) {
		t.Errorf("an extension is told as %+v", last)
	}
	k.want(200, "POST", wait+"/resolve", `{"branch":"FAILURE","match":"called"}`)
	if _, last := linesShown(k, adminToken, ""); last.Action != audit.Resolve || !slices.Equal(last.Changes, []audit.Change{{Path: "branch", After: "FAILURE"}, {Path: "match", After: "called"}}) {
		t.Errorf("a resolution is told as %+v", last)
	}
}

// A tenant's token is shown its own tree, and nothing of a tenant that had its id before.
func TestAuditOfATree(t *testing.T) {
	k, c := withTree(t)
	k.want(201, "PUT", "/v1/tenants/shop/sources/s", payments)
	k.want(201, "PUT", "/v1/tenants/rival/sources/s", payments)
	stranger, _ := linesShown(k, c.stranger, "")
	for _, line := range stranger {
		if !strings.Contains(line, "rival") && !strings.Contains(line, "tokens/") {
			t.Errorf("rival is shown %q", line)
		}
	}
	for token, sees := range map[string]bool{c.own: true, c.parent: true, c.child: true, c.stranger: false} {
		got, _ := linesShown(k, token, "")
		if slices.Contains(got, "create tenants/shop/sources/s") != sees || slices.Contains(got, "create tenants/rival/sources/s") == sees {
			t.Errorf("%.20s is shown %q", token, got)
		}
		if of, _ := linesShown(k, token, "&tenant=rival"); len(of) > 0 && sees {
			t.Errorf("%.20s is shown rival's: %q", token, of)
		}
	}
	if got, _ := linesShown(k, c.child, ""); slices.ContainsFunc(got, func(l string) bool { return strings.HasSuffix(l, "/crm") }) {
		t.Errorf("a child is shown what is above it: %q", got)
	}
	k.want(204, "DELETE", "/v1/tenants/shop", "")
	if got, _ := linesShown(k, c.own, "&tenant=shop"); !slices.Contains(got, "delete tenants/shop") {
		t.Errorf("who lay above a deleted tenant is shown %q", got)
	}
	time.Sleep(2 * time.Millisecond) // moments are whole milliseconds
	k.want(201, "PUT", "/v1/tenants/shop", `{"parent": "rival"}`)
	next := k.token("tenant", "shop")
	if got, _ := linesShown(k, next, ""); len(got) != 2 || got[0] != "create tenants/shop" {
		t.Errorf("the next of the id is shown %q", got)
	}
}

// Refused attempts are there, folded, and as bounded as their paths are.
func TestAuditHasRefusals(t *testing.T) {
	var res *resources.Resources
	k := withAcme(t, func(o *api.Options) { res = o.Resources })
	own := k.token("tenant", "acme")
	for range 20 {
		k.as("hg_admin_wrong", "GET", v1Acme, "")
		k.as(own, "DELETE", "/v1/tokens/tok_x", "")
		k.as(own, "GET", "/v1/tenants/nobody", "") // no refusal: it is not there
	}
	res.Audit.Close() // rather than wait for a minute
	got, _ := linesShown(k, adminToken, "&action=refuse")
	slices.Sort(got)
	if want := []string{"refuse tenants/acme", "refuse tokens/tok_x"}; !slices.Equal(got, want) {
		t.Fatalf("refusals are %q, want %q", got, want)
	}
	got, last := linesShown(k, own, "&action=refuse")
	if len(got) != 1 || last.Count != 20 || last.Reason != "forbidden" || last.Outcome != "refused" || last.FirstAt.IsZero() || last.Actor.Name != "test" {
		t.Errorf("its own are %q, the last %+v", got, last)
	}
	if err := fits(description(t), "AuditList", k.want(200, "GET", "/v1/audit", "").body); err != nil {
		t.Errorf("GET /v1/audit is no AuditList: %v", err)
	}
}

// What is read has a tag, by which a write depends on what was read.
func TestETagAndIfMatch(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, crm)
	k.want(201, "PUT", lookup, `{"url": "https://bank.example.com/"}`)
	for path, body := range map[string]string{
		v1Acme: `{"name": "Acme", "headers": {"X-Auth": "canary-2"}}`, v1Acme + "/sources/payments": strings.Replace(payments, "stripe\"]", "2\"]", 1),
		crmOf: `{"url": "https://crm.example.com/other"}`, lookup: `{"url": "https://bank.example.com/other"}`,
	} {
		read := k.want(200, "GET", path, "").header.Get("ETag")
		if read == "" {
			t.Errorf("GET %s has no ETag", path)
		}
		wrote := k.want(200, "PUT", path, body, "If-Match", read).header.Get("ETag")
		if now := k.want(200, "GET", path, "").header.Get("ETag"); now != wrote || now == read {
			t.Errorf("%s had %s, PUT gives %s, and then it is %s", path, read, wrote, now)
		}
		for _, method := range []string{"PUT", "DELETE"} {
			if g := k.want(412, method, path, body, "If-Match", read); g.code() != "changed_meanwhile" {
				t.Errorf("%s %s with an old tag: %s", method, path, g.text)
			}
		}
		for _, not := range []string{"*", wrote, `"other", ` + wrote} {
			if g := k.want(412, "PUT", path, body, "If-None-Match", not); g.code() != "changed_meanwhile" || !strings.Contains(g.text, "there already") {
				t.Errorf("PUT %s with If-None-Match %s: %s", path, not, g.text)
			}
		}
		k.want(200, "PUT", path, body, "If-None-Match", read) // it is not that one any more
		if path != v1Acme {
			k.want(204, "DELETE", path, "", "If-Match", wrote)
			k.want(412, "PUT", path, body, "If-Match", "*")
			k.want(201, "PUT", path, body, "If-None-Match", "*")
		}
	}
}

// A token ends at its moment, and shows when it was used.
func TestTokenEndsAndShowsItsUse(t *testing.T) {
	var later atomic.Int64
	k := newKit(t, func(o *api.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	ends := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	made := k.want(201, "POST", "/v1/tokens", `{"scope": "platform", "expires_at": "`+ends+`"}`)
	if made.str("expires_at") != ends || made.body["last_used_at"] != nil {
		t.Errorf("made: %s", made.text)
	}
	if g := k.as(made.str("token"), "GET", "/v1/tenants", ""); g.status != 200 {
		t.Errorf("before its end: %d %s", g.status, g.text)
	}
	later.Store(int64(time.Hour))
	wrong := k.as("hg_platform_wrong", "GET", "/v1/tenants", "")
	if g := k.as(made.str("token"), "GET", "/v1/tenants", ""); g.status != 401 || g.text != wrong.text {
		t.Errorf("after its end: %d %s", g.status, g.text)
	}
	for _, bad := range []string{`"2020-01-01T00:00:00Z"`, `"tomorrow"`, `5`} {
		if g := k.want(422, "POST", "/v1/tokens", `{"scope": "platform", "expires_at": `+bad+`}`); !slices.Equal(g.paths(), []string{"expires_at"}) {
			t.Errorf("expires_at %s: %s", bad, g.text)
		}
	}
}

// A dry run tells what a PUT would make, with the tag that it would have, and makes nothing:
// no thing, no line of the audit, no handshake.
func TestDryRun(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", crmOf, crm)
	k.want(201, "PUT", lookup, `{"url": "https://bank.example.com/"}`)
	lines := k.want(200, "GET", "/v1/audit", "").text
	for path, body := range map[string]string{
		v1Acme: `{"name": "Acme", "headers": {"X-Auth": "canary-2"}}`, v1Acme + "/sources/payments": strings.Replace(payments, "stripe\"]", "2\"]", 1),
		crmOf: `{"url": "https://crm.example.com/other"}`, lookup: `{"url": "https://bank.example.com/other"}`,
	} {
		before := k.want(200, "GET", path, "")
		told := k.want(200, "PUT", path+"?dry_run=true", body)
		if after := k.want(200, "GET", path, ""); after.text != before.text {
			t.Errorf("%s was %s and is %s", path, before.text, after.text)
		}
		k.want(422, "PUT", path+"?dry_run=true", `{"nothing": 1}`)
		k.want(422, "PUT", path+"?dry_run=maybe", body)
		k.want(412, "PUT", path+"?dry_run=true", body, "If-Match", `"other"`)
		if now := k.want(200, "GET", "/v1/audit", "").text; now != lines {
			t.Errorf("%s: the audit has more", path)
		}
		wrote := k.want(200, "PUT", path+"?dry_run=false", body)
		if tag := told.header.Get("ETag"); tag == "" || tag != wrote.header.Get("ETag") || tag == before.header.Get("ETag") {
			t.Errorf("%s: told %s, wrote %s, was %s", path, tag, wrote.header.Get("ETag"), before.header.Get("ETag"))
		}
		if same := k.want(200, "PUT", path+"?dry_run=true", body).header.Get("ETag"); same != wrote.header.Get("ETag") {
			t.Errorf("%s, written again as it was, would have the tag %s", path, same)
		}
		lines = k.want(200, "GET", "/v1/audit", "").text
	}
	for path, body := range map[string]string{"/v1/tenants/nobody": `{}`, v1Acme + "/sources/new": payments, v1Acme + "/endpoints/new": crm, v1Acme + "/webhooks/new": `{"url": "https://bank.example.com/"}`} {
		if told := k.want(200, "PUT", path+"?dry_run=true", body).text; strings.Contains(told, `"secret":`) {
			t.Errorf("%s tells a secret: %s", path, told)
		}
		k.want(404, "GET", path, "")
	}
}
