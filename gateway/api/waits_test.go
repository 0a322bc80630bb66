package api_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

const v1Waits = v1Acme + "/waits"

func TestWaitBodiesAreCheckedFieldByField(t *testing.T) {
	k := withAcme(t)
	long := strings.Repeat("k", gateway.MaxKey+1)
	many := strings.Repeat(`"a",`, 15) + `"a"`
	for body, want := range map[string][]string{
		`{}`: {"conversation_key", "source"},
		`{"source": "payments", "conversation_key": "", "timeout_seconds": 0, "mode": "sync"}`:                      {"conversation_key", "timeout_seconds", "mode"},
		`{"source": "payments", "conversation_key": "c", "timeout_seconds": 301}`:                                   {"timeout_seconds"},
		`{"source": "payments", "conversation_key": "c", "timeout_seconds": 1.5}`:                                   {"timeout_seconds"},
		`{"source": "payments", "conversation_key": "c", "timeout_seconds": "60"}`:                                  {"timeout_seconds"},
		`{"source": "payments", "conversation_key": 5}`:                                                             {"conversation_key"},
		`{"source": "payments", "conversation_key": "a b"}`:                                                         {"conversation_key"},
		`{"source": "payments", "conversation_key": "` + long + `"}`:                                                {"conversation_key"},
		`{"source": "payments", "conversation_url": "https://x.example"}`:                                           {"conversation_url"},
		`{"source": "payments", "conversation_key": "c", "aliases": [` + many + `]}`:                                {"aliases"},
		`{"source": "payments", "conversation_key": "c", "aliases": ["ok", "", 7]}`:                                 {"aliases[1]", "aliases[2]"},
		`{"source": "payments", "conversation_key": "c", "contxt": {}}`:                                             {"contxt"},
		`{"source": "payments", "conversation_key": "c", "context": "` + strings.Repeat("x", 16<<10) + `"}`:         {"context"},
		`{"source": "payments", "conversation_key": "c", "variables": [{"name": "v", "path": "a", "type": "odd"}]}`: {"variables[0].type"},
		// What is there very often is refused for its number: each fault was compared with each.
		`{"source": "payments", "conversation_key": "c", "aliases": [` + strings.Repeat(`"",`, 20000) + `"a"]}`: {"aliases"},
		`{"source": "payments", "conversation_key": "c", "match": [{"name": "m", "branch": "SUCCESS", "when": [{"path": "a", "in": ["` +
			strings.Repeat(strings.Repeat("x", 10<<10)+`", "`, 7) + `"]}]}]}`: {"match"},
		`{"source": "payments", "conversation_key": "c", "variables": {}}`:                                         {"variables"},
		`{"source": "payments", "conversation_key": "c", "match": [{"name": "m", "branch": "MAYBE", "when": []}]}`: {"match[0].branch"},
	} {
		g := k.do("POST", v1Waits, body)
		got := g.paths()
		slices.Sort(got)
		slices.Sort(want)
		if g.status != 422 || g.code() != "invalid_field" || !slices.Equal(got, want) {
			t.Errorf("%.100s: %d, faults at %q, want %q\n%s", body, g.status, got, want, g.text)
		}
	}
	if g := k.do("POST", v1Waits, `{"source": "none", "conversation_key": "c"}`); g.status != 404 {
		t.Errorf("an unknown source: %d %s", g.status, g.text)
	}
	if g := k.do("POST", v1Waits, `{"source": "payments", "conversation_key": "c", "mode": "notify"}`); g.status != 422 || g.code() != "platform_not_configured" {
		t.Errorf("notify without a platform: %d %s", g.status, g.text)
	}
	for _, key := range []string{strings.Repeat("k", 256), "käse"} {
		if g := k.do("POST", v1Waits, `{}`, "Idempotency-Key", key); g.code() != "idempotency_key_invalid" {
			t.Errorf("Idempotency-Key %.10q: %d %s", key, g.status, g.text)
		}
	}
	if g := k.want(200, "GET", v1Waits, ""); g.text != `{"data":[],"next_cursor":null}` {
		t.Errorf("a refused request left a wait: %s", g.text)
	}
}

func TestPollWaitFromOpenToEnd(t *testing.T) {
	k := withAcme(t)
	opened := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_url": "https://chat.example/c/abc%2D1/?x=1", "mode": "poll",
		"timeout_seconds": 120, "aliases": ["pi_1"], "variables": [{"name": "cents", "path": "amount"}], "context": {"b":1, "a" : [1.50]}}`)
	if opened.str("conversation_key") != "abc-1" || opened.str("state") != "waiting" || !strings.Contains(opened.text, `"context":{"b":1, "a" : [1.50]}`) {
		t.Errorf("opened %s", opened.text)
	}
	if g := k.do("POST", v1Waits, `{"source": "payments", "conversation_key": "pi_1", "mode": "poll"}`); g.status != 409 || g.code() != "wait_exists" || g.str("wait_id") != opened.str("id") {
		t.Errorf("a second wait by an alias: %d %s", g.status, g.text)
	}
	if taken := k.callback("pi_1", `{"amount": 1200}`); taken.Outcome != gateway.OutcomeResumed {
		t.Fatalf("the callback is %s", taken.Outcome)
	}
	path := v1Waits + "/" + opened.str("id")
	ended := k.want(200, "GET", path+"?hold=300", "") // has ended: no need to hold
	if ended.str("state") != "resumed" || ended.str("branch") != "SUCCESS" || !strings.Contains(ended.text, `"variables":{"cents":1200}`) {
		t.Errorf("ended %s", ended.text)
	}
	if g := k.do("DELETE", path, ""); g.status != 409 || g.code() != "wait_ended" {
		t.Errorf("cancelling it now: %d %s", g.status, g.text)
	}
	for _, key := range []string{"abc-1", "pi_1"} {
		line := k.want(200, "GET", v1Acme+"/conversations/"+key, "").text
		if !strings.Contains(line, `"kind":"callback"`) || !strings.Contains(line, `"kind":"wait","id":"`+opened.str("id")+`"`) {
			t.Errorf("the timeline of %s is %s", key, line)
		}
	}
	if g := k.want(200, "GET", v1Acme+"/conversations/nobody", ""); g.text != `{"data":[],"next_cursor":null}` {
		t.Errorf("the timeline of nobody is %s", g.text)
	}
}

func TestCancel(t *testing.T) {
	k := withAcme(t)
	opened := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "c", "mode": "poll"}`)
	path := v1Waits + "/" + opened.str("id")
	if g := k.want(200, "DELETE", path, ""); g.str("state") != "cancelled" || g.str("branch") != "FAILURE" || g.str("reason") != "cancelled" {
		t.Errorf("cancelled %s", g.text)
	}
	k.want(409, "DELETE", path, "")
	k.want(404, "DELETE", v1Waits+"/wait_x", "")
	k.want(404, "GET", v1Waits+"/wait_00000000000000000000000000", "")
	k.want(404, "GET", "/v1/tenants/filed/waits/"+opened.str("id"), "") // another tenant's
}

// held runs a call that does not end by itself.
func (k *kit) held(method, path, body string, header ...string) <-chan got {
	k.t.Helper()
	answer := make(chan got, 1)
	go func() {
		g, err := k.try(adminToken, method, path, body, header...)
		if err != nil {
			g.text = err.Error()
		}
		answer <- g
	}()
	return answer
}

// openID waits until the wait of a held call is registered, and gives its id.
func (k *kit) openID(key string) string {
	k.t.Helper()
	select {
	case <-k.opened:
	case <-time.After(10 * time.Second):
		k.t.Fatalf("no wait of %s was opened", key)
	}
	ids := k.pages(v1Waits + "?state=waiting&conversation_key=" + key)
	if len(ids) != 1 {
		k.t.Fatalf("open waits of %s are %q", key, ids)
	}
	return ids[0]
}

func TestHoldEndsWithTheOutcome(t *testing.T) {
	k := withAcme(t)
	const body = `{"source": "payments", "conversation_key": "c", "timeout_seconds": 60}`
	first := k.held("POST", v1Waits, body, "Idempotency-Key", "once")
	id := k.openID("c")
	again := k.held("POST", v1Waits, body, "Idempotency-Key", "once") // attaches again
	view := k.held("GET", v1Waits+"/"+id+"?hold=300", "")
	if g := k.do("POST", v1Waits, `{"source": "payments", "conversation_key": "other"}`, "Idempotency-Key", "once"); g.status != 422 || g.code() != "idempotency_key_reused" {
		t.Errorf("the key with another body: %d %s", g.status, g.text)
	}
	if g := k.want(200, "GET", v1Waits+"/"+id+"?hold=0", ""); g.str("state") != "waiting" {
		t.Errorf("held by three it is %s", g.text)
	}
	k.callback("c", `{"amount": 7}`)
	for name, held := range map[string]<-chan got{"first": first, "again": again, "view": view} {
		g := <-held
		if g.status != 200 || g.str("id") != id || g.str("state") != "resumed" {
			t.Errorf("%s: %d %s", name, g.status, g.text)
		}
		if name != "view" && (g.header.Get("Idempotency-Replayed") == "true") != (name == "again") {
			t.Errorf("%s has Idempotency-Replayed %q", name, g.header.Get("Idempotency-Replayed"))
		}
	}
	late := k.want(200, "POST", v1Waits, body, "Idempotency-Key", "once")
	if late.str("id") != id || late.str("state") != "resumed" {
		t.Errorf("a repeat after the end: %s", late.text)
	}
}

// A wait can be held for minutes: whose token has ended meanwhile is told nothing of its end.
func TestHeldWaitEndsWithItsToken(t *testing.T) {
	k := withAcme(t)
	made := k.want(201, "POST", "/v1/tokens", `{"scope": "tenant", "tenant": "acme", "name": "holder"}`)
	first, view := make(chan got, 1), make(chan got, 1)
	go func() {
		first <- k.as(made.str("token"), "POST", v1Waits, `{"source": "payments", "conversation_key": "c"}`)
	}()
	id := k.openID("c")
	go func() { view <- k.as(made.str("token"), "GET", v1Waits+"/"+id+"?hold=300", "") }()
	known := k.held("GET", v1Waits+"/"+id+"?hold=300", "")
	k.eventually("all are held", func() bool { return k.waits.Holders(id) == 3 }) // and not just about to be
	k.want(204, "DELETE", "/v1/tokens/"+made.str("id"), "")
	k.callback("c", `{"amount": 7}`)
	for name, held := range map[string]<-chan got{"who opened it": first, "who looks": view} {
		if g := <-held; g.status != 401 || g.code() != "unauthenticated" {
			t.Errorf("%s is told %d %s", name, g.status, g.text)
		}
	}
	if g := <-known; g.status != 200 || g.str("state") != "resumed" {
		t.Errorf("who has a token is told %d %s", g.status, g.text)
	}
}

func TestHoldEndsAtItsTime(t *testing.T) {
	k := withAcme(t)
	started := time.Now()
	if g := k.want(200, "POST", v1Waits, `{"source": "payments", "conversation_key": "c", "timeout_seconds": 1}`); g.str("state") != "timed_out" || g.str("reason") != "timeout" {
		t.Errorf("after its timeout it is %s", g.text)
	}
	if time.Since(started) < time.Second {
		t.Error("the hold ended before the timeout")
	}
	opened := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "d", "mode": "poll"}`)
	if g := k.want(200, "GET", v1Waits+"/"+opened.str("id")+"?hold=1", ""); g.str("state") != "waiting" {
		t.Errorf("after a hold of a second it is %s", g.text)
	}
	for _, hold := range []string{"301", "-1", "x", "1.5", ""} {
		if g := k.do("GET", v1Waits+"/"+opened.str("id")+"?hold="+hold, ""); g.status != 422 || !slices.Equal(g.paths(), []string{"hold"}) {
			t.Errorf("hold=%s: %d %s", hold, g.status, g.text)
		}
	}
}

func TestIdempotentRepeatHasTheFirstStatus(t *testing.T) {
	k := withAcme(t)
	const body = `{"source": "payments", "conversation_key": "c", "mode": "poll"}`
	first := k.want(201, "POST", v1Waits, body, "Idempotency-Key", "k")
	if again := k.want(201, "POST", v1Waits, body, "Idempotency-Key", "k"); again.str("id") != first.str("id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeat is %v %s", again.header, again.text)
	}
}

func TestDrainSendsHoldersAway(t *testing.T) {
	k := withAcme(t)
	held := k.held("POST", v1Waits, `{"source": "payments", "conversation_key": "c"}`)
	id := k.openID("c")
	k.waits.Drain()
	if g := <-held; g.status != 503 || g.code() != "draining" || g.header.Get("Retry-After") == "" {
		t.Errorf("on drain the holder gets %d %s", g.status, g.text)
	}
	if g := k.want(200, "GET", v1Waits+"/"+id, ""); g.str("state") != "waiting" {
		t.Errorf("the wait is %s", g.text)
	}
}

// A holder that goes away leaves the wait open, and its connection is freed.
func TestHolderThatLeavesLosesNothing(t *testing.T) {
	k := withAcme(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(k.url, "http://"))
	k.must(err)
	body := `{"source": "payments", "conversation_key": "c"}`
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", v1Waits, adminToken, len(body), body)
	k.must(err)
	id := k.openID("c")
	k.must(conn.Close())
	if g := k.want(200, "GET", v1Waits+"/"+id+"?hold=1", ""); g.str("state") != "waiting" {
		t.Errorf("the wait is %s", g.text)
	}
	k.callback("c", `{"amount": 1}`)
	if g := k.want(200, "GET", v1Waits+"/"+id, ""); g.str("state") != "resumed" {
		t.Errorf("the wait is %s", g.text)
	}
}

func TestWaitsAreListedNewestFirst(t *testing.T) {
	k := withAcme(t)
	var want []string
	for i := range 5 {
		opened := k.want(201, "POST", v1Waits, fmt.Sprintf(`{"source": "payments", "conversation_key": "c%d", "mode": "poll"}`, i))
		want = append([]string{opened.str("id")}, want...)
	}
	if seen := k.pages(v1Waits + "?limit=2"); !slices.Equal(seen, want) {
		t.Errorf("listed %q, want %q", seen, want)
	}
	k.want(200, "DELETE", v1Waits+"/"+want[0], "")
	if seen := k.pages(v1Waits + "?state=cancelled"); !slices.Equal(seen, want[:1]) {
		t.Errorf("cancelled are %q", seen)
	}
	if seen := k.pages(v1Waits + "?source=other&limit=5"); len(seen) != 0 {
		t.Errorf("of another source are %q", seen)
	}
	if g := k.do("GET", v1Waits+"?state=odd", ""); g.status != 422 {
		t.Errorf("an odd state: %d", g.status)
	}
	if g := k.do("GET", v1Waits+"?cursor=YWNtZQ", ""); g.code() != "invalid_cursor" {
		t.Errorf("a tenant's cursor: %s", g.text)
	}
}
