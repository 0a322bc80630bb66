package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
)

const fullTenant = `{"name": "Acme", "account_keys": ["k1"], "headers": {"X-Auth": "canary-header"},
	"limits": {"callbacks_per_second": 5}, "retention": {"events": "3d"},
	"platform": {"url": "https://bot.example.com/", "auth": {"type": "basic", "username": "u", "password": "canary-password"},
		"sign": {"type": "standard", "secrets": ["whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LTAx"]}, "headers": {"X-P": "canary-platform"}}}`

// What a GET gave can be written back, and changes nothing.
func TestPutBack(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct{ path, body string }{
		{v1Acme, fullTenant},
		{v1Acme + "/sources/payments", payments},
		{v1Acme + "/sources/channels", `{"verify": {"type": "pusher", "key": "k", "secrets": ["a"], "tokens": [{"key": "l", "secret": "b"}]}}`},
		{v1Acme + "/sources/lark", `{"verify": {"type": "lark", "secrets": ["a"], "verification_token": "b"}}`},
		{v1Acme + "/sources/relay", `{"verify": {"type": "hookdeck", "secrets": ["a"], "check_source": true}}`},
		{v1Acme + "/sources/hmac", `{"verify": {"type": "hmac", "header": "X-Sig", "secrets": ["a", "b"], "timestamp_header": "X-T", "signed": "{timestamp}.{body}", "tolerance": "90s"},
			"match": [{"name": "m", "branch": "FAILURE", "when": [{"path": "a", "equals": "<&>"}, {"path": "b", "exists": false}],
				"variables": [{"name": "v", "path": "$.x"}]}], "early": {"ttl": 0, "again": true}, "dedupe": {"id": "header:X-Id", "window": "1h"},
			"rate_limit": {"per_second": 2, "burst": 9}, "max_body": 1000, "methods": ["POST", "PUT"], "enabled": false}`},
	} {
		created := k.want(201, "PUT", c.path, c.body)
		read := k.want(200, "GET", c.path, "")
		if created.text != read.text {
			t.Errorf("PUT answers\n%s\nGET\n%s", created.text, read.text)
		}
		if url := read.str("url"); strings.Contains(c.path, "sources/") && url != "https://hooks.example.com/hooks/acme"+c.path[strings.LastIndex(c.path, "/"):] {
			t.Errorf("callbacks are sent to %s", url)
		}
		before := k.here.Current()
		again := k.want(200, "PUT", c.path, read.text)
		delete(again.body, "updated_at")
		delete(read.body, "updated_at")
		if !reflect.DeepEqual(again.body, read.body) {
			t.Errorf("written back it is\n%s\nwas\n%s", again.text, read.text)
		}
		was, is := before.Tenant("acme"), k.here.Current().Tenant("acme")
		if !reflect.DeepEqual(was.Spec, is.Spec) && !strings.Contains(c.path, "sources") {
			t.Errorf("the tenant was %+v, is %+v", was.Spec, is.Spec)
		}
		for i, s := range is.Sources() {
			if !reflect.DeepEqual(s.Spec.Verify, was.Sources()[i].Spec.Verify) {
				t.Errorf("source %s verifies by %+v, was %+v", s.ID, s.Spec.Verify, was.Sources()[i].Spec.Verify)
			}
		}
	}
	if k.here.Current().Tenant("acme").Spec.Platform.Auth.Password.Reveal() != "canary-password" {
		t.Error("the password was lost")
	}
}

func TestSecretsAreShownToNobody(t *testing.T) {
	k := newKit(t)
	k.want(201, "PUT", v1Acme, fullTenant)
	k.want(201, "PUT", v1Acme+"/sources/payments", payments)
	k.do("PUT", v1Acme+"/sources/payments", `{"verify": {"type": "stripe", "secrets": ["canary-refused", 7]}}`)
	headers := []string{"canary-header", "canary-platform"}
	for _, c := range []struct {
		token string
		shows [2]bool // the platform's own headers are the operator's
	}{{adminToken, [2]bool{true, true}}, {k.token("platform", ""), [2]bool{}}, {k.token("tenant", "acme"), [2]bool{true, false}}} {
		for _, path := range []string{v1Acme, "/v1/tenants", v1Acme + "/sources", v1Acme + "/sources/payments"} {
			text := k.as(c.token, "GET", path, "").text
			if !strings.Contains(path, "sources") {
				for i, h := range headers {
					if shows := c.shows[i]; strings.Contains(text, h) != shows {
						t.Errorf("GET %s by %.12s… shows %s: %t, want %t", path, c.token, h, !shows, shows)
					}
					text = strings.ReplaceAll(text, h, "")
				}
			}
			if strings.Contains(text, "canary") || strings.Contains(text, "Y2FuYXJ5") {
				t.Errorf("GET %s shows a secret: %s", path, text)
			}
		}
	}
	logs := k.logged()
	if strings.Contains(logs, "canary") || strings.Contains(logs, adminToken) || strings.Contains(logs, "hg_") {
		t.Errorf("a secret is in the logs:\n%s", logs)
	}
	for _, line := range []string{`"msg":"a tenant was written","scope":"admin"`, `"tenant":"acme","source":"payments","created":true`} {
		if !strings.Contains(logs, line) {
			t.Errorf("the audit has no %s in\n%s", line, logs)
		}
	}
}

func TestBadBodiesChangeNothing(t *testing.T) {
	k := withAcme(t)
	before := k.here.Current()
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		``:                           {400, "invalid_body"},
		`{"name": `:                  {400, "invalid_body"},
		`[]`:                         {422, "invalid_field"},
		`{"nam": "x"}`:               {422, "invalid_field"},
		`{"name": "a", "name": "b"}`: {422, "invalid_field"},
		`{"parent": "nobody"}`:       {422, "invalid_field"},
		"{\"name\": \"\xff\"}":       {400, "invalid_body"},
	} {
		g := k.do("PUT", v1Acme, body)
		if g.status != want.status || g.code() != want.code {
			t.Errorf("PUT of %q: %d %s", body, g.status, g.text)
		}
		if want.status == 422 && len(g.paths()) == 0 && g.body["errors"] == nil {
			t.Errorf("PUT of %q names no fault: %s", body, g.text)
		}
	}
	if g := k.do("PUT", v1Acme+"/sources/new", `{}`); !slices.Equal(g.paths(), []string{"verify.type"}) || !strings.Contains(g.text, "{type: none}") {
		t.Errorf("a source without verify: %s", g.text)
	}
	if k.here.Current() != before {
		t.Error("a refused write changed the snapshot")
	}
	if g := k.do("PUT", v1Acme, `{"name": "typed"}`, "Content-Type", "application/x-www-form-urlencoded"); g.status != 200 {
		t.Errorf("curl's default Content-Type is refused: %s", g.text)
	}
}

func TestManagedByFile(t *testing.T) {
	k := newKit(t)
	const path = "/v1/tenants/filed"
	if g := k.want(200, "GET", path, ""); g.str("managed_by") != "file" {
		t.Errorf("it is shown as %s", g.text)
	}
	for _, c := range [][2]string{{"PUT", path}, {"DELETE", path}, {"PUT", path + "/sources/s"}, {"DELETE", path + "/sources/s"}} {
		if g := k.do(c[0], c[1], `{}`); g.status != 409 || g.code() != "managed_by_file" {
			t.Errorf("%s %s: %d %s", c[0], c[1], g.status, g.text)
		}
	}
	k.want(201, "PUT", path+"/sources/mine", payments)
	k.want(204, "DELETE", path+"/sources/mine", "")
}

func TestConflictsHaveTheirCodes(t *testing.T) {
	k := newKit(t)
	k.want(201, "PUT", v1Acme, `{"account_keys": ["k"]}`)
	k.want(201, "PUT", "/v1/tenants/below", `{"parent": "acme"}`)
	if g := k.do("PUT", "/v1/tenants/other", `{"account_keys": ["k"]}`); g.status != 409 || g.code() != "account_key_taken" {
		t.Errorf("a taken account key: %d %s", g.status, g.text)
	}
	if g := k.do("DELETE", v1Acme, ""); g.status != 409 || g.code() != "tenant_has_children" {
		t.Errorf("deleting a parent: %d %s", g.status, g.text)
	}
	k.want(204, "DELETE", "/v1/tenants/below", "")
	k.want(204, "DELETE", v1Acme, "")
	k.want(404, "GET", v1Acme, "")
}

func TestListsPageThrough(t *testing.T) {
	k := newKit(t)
	want := []string{"filed"}
	for i := range 7 {
		id := fmt.Sprintf("t%d", i)
		k.want(201, "PUT", "/v1/tenants/"+id, `{}`)
		want = append(want, id)
	}
	if seen := k.pages("/v1/tenants?limit=3"); !slices.Equal(seen, want) {
		t.Errorf("pages of 3 have %q, want %q", seen, want)
	}
	for query, want := range map[string]struct {
		status int
		code   string
	}{
		"limit=0": {422, "invalid_field"}, "limit=1001": {422, "invalid_field"}, "limit=x": {422, "invalid_field"},
		"cursor=%21": {0, "invalid_cursor"}, "cursor=QUJD": {0, "invalid_cursor"}, "limit=1000": {200, ""},
	} {
		if g := k.do("GET", "/v1/tenants?"+query, ""); g.code() != want.code || want.status != 0 && g.status != want.status {
			t.Errorf("%s: %d %s", query, g.status, g.text)
		}
	}
	if g := k.want(200, "GET", "/v1/tenants/t0/sources", ""); g.text != `{"data":[],"next_cursor":null}` {
		t.Errorf("an empty list is %s", g.text)
	}
}

// pages follows next_cursor to the end, and gives the ids it saw.
func (k *kit) pages(path string) (ids []string) {
	k.t.Helper()
	for next := path; next != ""; {
		var page struct {
			Data []struct{ ID string }
			Next *string `json:"next_cursor"`
		}
		k.must(json.Unmarshal([]byte(k.want(200, "GET", next, "").text), &page))
		for _, one := range page.Data {
			ids = append(ids, one.ID)
		}
		if next = ""; page.Next != nil {
			next = path + "&cursor=" + *page.Next
		}
		if len(ids) > 1000 {
			k.t.Fatal("the list has no end")
		}
	}
	return ids
}

func TestTokensOverTheAPI(t *testing.T) {
	k := withAcme(t)
	made := k.want(201, "POST", "/v1/tokens", `{"scope": "tenant", "tenant": "acme", "name": "ci"}`)
	if made.str("scope") != "tenant" || made.str("tenant") != "acme" || made.str("name") != "ci" || made.str("created_at") == "" {
		t.Errorf("made %s", made.text)
	}
	path := "/v1/tokens/" + made.str("id")
	if shown := k.want(200, "GET", path, ""); shown.body["token"] != nil || strings.Contains(shown.text, made.str("token")) {
		t.Errorf("the token is shown again: %s", shown.text)
	}
	if g := k.as(made.str("token"), "GET", v1Acme, ""); g.status != 200 {
		t.Errorf("the token is refused: %s", g.text)
	}
	for range 3 {
		k.token("platform", "")
	}
	if ids := k.pages("/v1/tokens?limit=2"); len(ids) != 4 || !slices.IsSorted(ids) {
		t.Errorf("listed %q", ids)
	}
	k.want(204, "DELETE", path, "")
	k.want(404, "DELETE", path, "")
	if g := k.as(made.str("token"), "GET", v1Acme, ""); g.status != 401 {
		t.Errorf("a deleted token is still good: %d", g.status)
	}
	if g := k.do("POST", "/v1/tokens", `{"scope": "root", "tenant": "x", "nmae": ""}`); g.status != 422 {
		t.Errorf("a bad token: %s", g.text)
	}
}

func TestReload(t *testing.T) {
	k := newKit(t)
	for _, restarts := range [][]string{nil, {"bounds.bodies", "drain"}} {
		k.restarts = restarts
		want := strings.ReplaceAll(`{"result":"ok","needs_restart":["`+strings.Join(restarts, `","`)+`"]}`, `[""]`, "[]")
		if g := k.do("POST", "/v1/reload", ""); g.status != 200 || g.text != want {
			t.Errorf("a good file of which %q takes a restart: %d %s, want %s", restarts, g.status, g.text, want)
		}
	}
	k.reload = gateway.Invalid([]gateway.Fault{{Path: "tenants.x", Message: "is odd"}})
	if g := k.do("POST", "/v1/reload", ""); g.status != 422 || g.code() != "reload_failed" || !slices.Equal(g.paths(), []string{"tenants.x"}) {
		t.Errorf("a faulty file: %d %s", g.status, g.text)
	}
	k.reload = errors.New("hookgate.yaml: no such file; inner detail")
	if g := k.do("POST", "/v1/reload", ""); g.status != 422 || g.code() != "reload_failed" || strings.Contains(g.text, "inner detail") {
		t.Errorf("no file: %d %s", g.status, g.text)
	}
}
