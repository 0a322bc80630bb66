package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/requests"
)

const v1Callbacks = v1Acme + "/callbacks"

// asks gives a query to which pages can be added.
func asks(query string) string {
	if query == "" {
		return "?limit=2"
	}
	return query
}

// Callbacks of each outcome that lists show, each with what is kept of it.
func TestCallbacksAreListedAndShown(t *testing.T) {
	d := description(t)
	k := withAcme(t)
	k.want(200, "PUT", v1Acme, `{"platform": {"url": "https://bot.example.com/"}}`)
	k.want(200, "PUT", v1Acme+"/sources/payments", `{"verify": {"type": "stripe", "secrets": ["canary-stripe"]}, "match": [
		{"name": "paid", "branch": "SUCCESS", "when": [{"path": "s", "in": ["paid", "again"]}], "variables": [{"name": "amount", "path": "amount"}]}]}`)
	poll := func(key string, more string) string {
		g := k.want(201, "POST", v1Waits, `{"source": "payments", "mode": "poll", "conversation_key": "`+key+`"`+more+`}`)
		<-k.opened
		return g.str("id")
	}
	wait := poll("c", `, "aliases": ["pi_1"]`)
	ignored := k.callback("c", `{"s": "other"}`)
	resumed := k.callback("pi_1", `{"s": "paid", "amount": 5}`)
	refused := k.callback("c", `{"s": "again"}`)
	parked := k.callback("p", `{"s": "paid", "amount": [6]}`)
	ended := poll("l", "")
	k.want(200, "DELETE", v1Waits+"/"+ended, "")
	late := k.callback("l", `{"s": "paid", "amount": 7}`)
	outcomes := []gateway.Outcome{ignored.Outcome, resumed.Outcome, refused.Outcome, parked.Outcome, late.Outcome}
	if !slices.Equal(outcomes, []gateway.Outcome{"ignored", "resumed", "already_resumed", "parked", "late"}) {
		t.Fatalf("the outcomes are %q", outcomes)
	}
	k.kept.Keep(&requests.Record{Tenant: "acme", Place: "payments", At: time.Now(), Method: "POST", Path: []byte("/"), Outcome: "ignored", Status: 200, CallbackID: ignored.CallbackID})
	all := []string{late.CallbackID, parked.CallbackID, resumed.CallbackID, ignored.CallbackID}
	for query, want := range map[string][]string{
		"": all, "?source=payments": all, "?source=other": nil, "?conversation_key=c": all[2:], "?conversation_key=pi_1&outcome=resumed": {resumed.CallbackID},
		"?outcome=late": all[:1], "?outcome=parked": {parked.CallbackID}, "?until=2020-01-01": nil, "?since=2020-01-01&limit=3": all, "?limit=1&include=bodies": all,
	} {
		if got := k.pages(v1Callbacks + asks(query)); !slices.Equal(got, want) {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
		if g := k.want(200, "GET", v1Callbacks+query, ""); fits(d, "ToldCallbackList", g.body) != nil {
			t.Errorf("%s is no list as described: %v", query, fits(d, "ToldCallbackList", g.body))
		}
	}
	for id, shows := range map[string]string{
		resumed.CallbackID: `"source":"payments","outcome":"resumed","conversation_key":"pi_1","wait_id":"` + wait + `"…"body_kept":true,"content_type":"application/json",` +
			`"match":"paid","branch":"SUCCESS","body":{"s": "paid", "amount": 5},"variables":{"amount":5},"request_id":null}`,
		parked.CallbackID:  `"outcome":"parked","conversation_key":"p","wait_id":null…"parked_until":"2…"match":null,"branch":null,"body":{"s": "paid", "amount": [6]},"variables":null,`,
		late.CallbackID:    `"outcome":"late","conversation_key":"l","wait_id":"` + ended + `"…"body":{"s": "paid", "amount": 7},"variables":{"amount":7},`,
		ignored.CallbackID: `"outcome":"ignored","conversation_key":"c","wait_id":"` + wait + `"…"body_kept":false,…"body":null,"variables":null,"request_id":"req_`,
	} {
		g := k.want(200, "GET", v1Callbacks+"/"+id, "")
		for part := range strings.SplitSeq(shows, "…") {
			if !strings.Contains(g.text, part) {
				t.Errorf("it does not show %s: %s", part, g.text)
			}
		}
		if err := fits(d, "ToldCallback", g.body); err != nil {
			t.Errorf("%s: %v", g.text, err)
		}
	}
	k.want(404, "GET", v1Callbacks+"/"+refused.CallbackID, "")
	k.want(404, "GET", v1Callbacks+"/wait_1", "")
	if g := k.want(422, "GET", v1Callbacks+"?outcome=duplicate&source=A&until=x", ""); !slices.Equal(g.paths(), []string{"source", "outcome", "until"}) {
		t.Errorf("what no callback can be asked for: %s", g.text)
	}
	// Its wait takes what was parked, and both are shown so.
	taken := k.want(201, "POST", v1Waits, `{"source": "payments", "mode": "poll", "conversation_key": "p"}`).str("id")
	g := k.want(200, "GET", v1Callbacks+"/"+parked.CallbackID, "")
	if g.str("outcome") != "resumed" || g.str("wait_id") != taken || g.body["body"] == nil {
		t.Errorf("what was parked: %s", g.text)
	}
	if got := k.pages(v1Callbacks + "?outcome=resumed"); !slices.Equal(got, []string{parked.CallbackID, resumed.CallbackID}) {
		t.Errorf("%q have resumed", got)
	}
	if lines := k.want(200, "GET", v1Acme+"/conversations/p", "").text; strings.Count(lines, `"kind":"callback"`) != 1 || !strings.Contains(lines, `"outcome":"resumed"`) {
		t.Errorf("the timeline is %s", lines)
	}
}

// Calls are kept with the form of what was sent, and nothing of what an operator set.
func TestCallsAreListedAndShown(t *testing.T) {
	d := description(t)
	k, b := withLookup(t, object{"query": object{"id": "{{ id }}", "key": "canary-query"}, "headers": object{"X-Own": "canary-own", "Content-Type": "text/plain"}, "method": "POST", "body": "canary-body {{ id }}"})
	call := func(body string) string { return k.want(200, "POST", callOf, body).str("id") }
	b.answers(200, `{"a": {"balance": 1}}`)
	good := call(`{"conversation_key": "c", "variables": {"id": "x"}}`)
	b.answers(200, `{"a": {"balance": 2}, "text": "`+strings.Repeat("x", gateway.MaxKeptMember)+`"}`)
	large := call(`{"variables": {"id": "x"}}`)
	b.answers(500, `{"no": 1}`)
	failed := call(`{"conversation_key": "c", "variables": {"id": "x"}}`)
	run := k.want(200, "POST", lookup+"/run", `{"variables": {"id": "x"}}`).str("id")
	for query, want := range map[string][]string{
		"": {run, failed, large, good}, "?webhook=bank": nil, "?outcome=failure": {run, failed}, "?outcome=success&limit=1": {large, good},
		"?reason=status&conversation_key=c": {failed}, "?reason=timeout": nil, "?outcome=pending": nil, "?conversation_key=c": {failed, good}, "?include=bodies&outcome=success": {large, good},
	} {
		if got := k.pages(v1Acme + "/calls" + asks(query)); !slices.Equal(got, want) {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
		g := k.want(200, "GET", v1Acme+"/calls"+query, "")
		if err := fits(d, "KeptCallList", g.body); err != nil {
			t.Errorf("%s is no list as described: %v", query, err)
		}
		if strings.Contains(g.text, "canary") {
			t.Errorf("a list shows what an operator set: %s", g.text)
		}
	}
	for id, shows := range map[string][]string{
		good: {`"outcome":"success"`, `"variables":{"balance":1}`, `"body":{"a": {"balance": 1}}`, `"left_out":[]`,
			`"method":"POST"`, `/x?id=***&key=***"`, `"X-Own":"***"`, `"X-Auth":"***"`, `"body_bytes":13`},
		large:  {`"variables":{"balance":2}`, `"body":null`, `"left_out":["body"]`},
		failed: {`"outcome":"failure","reason":"status","status":500`, `"body":{"no": 1}`},
	} {
		g := k.want(200, "GET", v1Acme+"/calls/"+id, "")
		for _, part := range shows {
			if !strings.Contains(g.text, part) {
				t.Errorf("it does not show %s: %s", part, g.text)
			}
		}
		if err := fits(d, "KeptCall", g.body); err != nil || strings.Contains(g.text, "canary") {
			t.Errorf("%s: %v", g.text, err)
		}
	}
	k.want(404, "GET", v1Acme+"/calls/call_1", "")
	if g := k.want(422, "GET", v1Acme+"/calls?outcome=done&reason=x&webhook=A", ""); !slices.Equal(g.paths(), []string{"webhook", "outcome", "reason"}) {
		t.Errorf("what no call can be asked for: %s", g.text)
	}
}

// Each sees what changed in its own tree; what is nobody's is the operator's.
func TestChangesOfTheTree(t *testing.T) {
	d := description(t)
	k, c := withTree(t)
	start := time.Now().Truncate(time.Millisecond).Add(time.Minute) // behind the making of the tenants
	put := func(kind, tenant string, shown ...string) string {
		start = start.Add(time.Second)
		id := gateway.NewID(gateway.PrefixChange, start)
		of := "null"
		if tenant != "" {
			of = `"` + tenant + `"`
		}
		k.must(k.store.PutChanges([]gateway.AuditLine{{ID: id, Tenants: shown, Value: []byte(`{"id":"` + id + `","at":"2026-01-31T12:00:00.000Z","kind":"` + kind +
			`","state":"opened","tenant":` + of + `,"object":"x","detail":null,"until":null,"skipped":0}`)}}))
		return id
	}
	ofAcme, ofShop := put("breaker", "acme", "acme", "agency"), put("endpoint", "shop", "shop", "acme", "agency")
	ofNobody, ofRival := put("reload", ""), put("breaker", "rival", "rival")
	for token, want := range map[string][]string{
		c.admin: {ofRival, ofNobody, ofShop, ofAcme}, c.platform: {ofRival, ofNobody, ofShop, ofAcme}, c.own: {ofShop, ofAcme}, c.parent: {ofShop, ofAcme}, c.child: {ofShop}, c.stranger: {ofRival},
	} {
		g := k.as(token, "GET", "/v1/changes", "")
		var ids []string
		for _, one := range gjson.Get(g.text, "data.#.id").Array() {
			ids = append(ids, one.Str)
		}
		if err := fits(d, "ChangeList", g.body); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%.20s is shown %q, want %q: %v", token, ids, want, err)
		}
	}
	for query, want := range map[string][]string{
		"?kind=breaker": {ofRival, ofAcme}, "?tenant=shop": {ofShop}, "?tenant=acme&limit=1": {ofAcme}, "?limit=1": {ofRival, ofNobody, ofShop, ofAcme},
		"?since=" + start.UTC().Format(time.RFC3339Nano): {ofRival}, "?kind=disk": nil,
	} {
		if got := k.pages("/v1/changes" + query); !slices.Equal(got, want) {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	if g := k.as(c.own, "GET", "/v1/changes?tenant=rival", ""); g.status != 404 {
		t.Errorf("a stranger's: %d %s", g.status, g.text)
	}
	if g := k.want(422, "GET", "/v1/changes?kind=all&since=x", ""); !slices.Equal(g.paths(), []string{"kind", "since"}) {
		t.Errorf("what cannot be asked for: %s", g.text)
	}
}

// A late callback is shown with what its notice says, however long after its receipt that was
// made, up to ten seconds; not with another's, and not past what may be looked at.
func TestLateCallbackIsFoundInItsNotice(t *testing.T) {
	k := withAcme(t)
	at := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	put := func(key string, received, noticed time.Duration, body string) string {
		c := gateway.TakenCallback{ID: gateway.NewID(gateway.PrefixCallback, at.Add(received)), ReceivedAt: at.Add(received), ContentType: "application/json", Body: gateway.Raw(body)}
		w := &gateway.Wait{ID: gateway.NewID(gateway.PrefixWait, at), Tenant: "acme", Source: "payments", ConversationKey: key, State: gateway.StateTimedOut, Context: gateway.Raw(`{"names": "` + c.ID + `"}`)}
		change := gateway.Change{Callbacks: []gateway.Callback{{
			ID: c.ID, Tenant: "acme", Source: "payments", Outcome: gateway.OutcomeLate, ConversationKey: key, WaitID: w.ID, ReceivedAt: c.ReceivedAt,
		}}}
		if noticed > 0 {
			change.Notice = gateway.LateNotice(w, &c, gateway.Raw(`{"of": "`+key+`"}`), at.Add(received+noticed))
		}
		k.must(k.store.Commit(&change))
		return c.ID
	}
	body := func(id string) string { return k.want(200, "GET", v1Callbacks+"/"+id, "").text }
	for key, after := range map[string]time.Duration{"soon": time.Millisecond, "edge": 20 * time.Millisecond, "late": 3 * time.Second, "last": 9 * time.Second} {
		other := put(key, 0, after, `"another"`)
		id := put(key, 0, after, `"`+key+`"`)
		if got := body(id); !strings.Contains(got, `"body":"`+key+`","variables":{"of": "`+key+`"}`) || !strings.Contains(got, `"body_kept":true`) {
			t.Errorf("noticed after %s: %s", after, got)
		}
		if got := body(other); !strings.Contains(got, `"body":"another"`) {
			t.Errorf("beside it: %s", got)
		}
	}
	for why, id := range map[string]string{"has no notice": put("none", 0, 0, "1"), "was noticed too late": put("over", 0, 11*time.Second, "1")} {
		if got := body(id); !strings.Contains(got, `"body_kept":false`) || !strings.Contains(got, `"body":null`) {
			t.Errorf("one that %s: %s", why, got)
		}
	}
	// Of one conversation much comes at a time: so much is looked at, the newest first.
	large := `"` + strings.Repeat("x", 1<<20-100) + `"`
	first := put("many", 0, 2*time.Second, `"first"`)
	for range 17 {
		put("many", 0, 3*time.Second, large)
	}
	last := put("many", 0, 4*time.Second, `"last"`)
	if got := body(last); !strings.Contains(got, `"body":"last"`) {
		t.Errorf("the newest of many: %s", got)
	}
	if got := body(first); !strings.Contains(got, `"body_kept":false`) {
		t.Errorf("behind 17 MiB: %s", got)
	}
}
