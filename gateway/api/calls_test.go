package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const callOf = lookup + "/call"

// withLookup makes the tenant acme with the webhook lookup of a backend.
func withLookup(t *testing.T, more object) (*kit, *backend) {
	k, b := withAcme(t), newBackend(t)
	spec := object{"url": b.url + "/{{ id }}", "response": object{"variables": []object{{"name": "balance", "path": "a.balance", "type": "number"}}}}
	for name, value := range more {
		spec[name] = value
	}
	k.want(201, "PUT", lookup, jsonOf(t, spec))
	return k, b
}

func TestCallAnswersEveryOutcome(t *testing.T) {
	k, b := withLookup(t, nil)
	for _, c := range []struct {
		status          int
		body            string
		outcome, reason string
		shows           []string
	}{
		{200, `{"a": {"balance": "12.50"}}`, "success", "", []string{`"variables":{"balance":12.50}`, `"status":200`, `"body":{"a": {"balance": "12.50"}}`, `"context":{"step" : 7}`}},
		{404, `{"no": 1}`, "failure", "status", []string{`"status":404`, `"body":{"no": 1}`}},
		{200, `<html>`, "failure", "invalid_response", []string{`"status":200`}},
	} {
		b.answers(c.status, c.body)
		g := k.want(200, "POST", callOf, `{"conversation_key": "c1", "variables": {"id": "x"}, "context": {"step" : 7}}`)
		if g.str("outcome") != c.outcome || g.str("reason") != c.reason || g.str("conversation_key") != "c1" || g.body["attempts"] != 1.0 {
			t.Errorf("answered %d %s: %s", c.status, c.body, g.text)
		}
		for _, text := range c.shows {
			if !strings.Contains(g.text, text) {
				t.Errorf("it does not show %s: %s", text, g.text)
			}
		}
		if got := b.next(t); got.method != "GET" || got.url != "/x" || got.header.Get("Idempotency-Key") != g.str("id") || got.header.Get("X-Auth") != "canary-header" {
			t.Errorf("the backend was asked %+v", got)
		}
	}
	lines := k.want(200, "GET", v1Acme+"/conversations/c1", "").text
	if strings.Count(lines, `"kind":"call"`) != 3 || !strings.Contains(lines, `"reason":"invalid_response"`) {
		t.Errorf("the timeline is %s", lines)
	}
}

func TestCallBodiesAreChecked(t *testing.T) {
	k, b := withLookup(t, nil)
	for body, want := range map[string][]string{
		`{"variables": []}`:                        {"variables"},
		`{"conversation_key": "a b"}`:              {"conversation_key"},
		`{"variabels": {}}`:                        {"variabels"},
		`{"wait": {"source": "payments"}}`:         {"conversation_key"},
		`{"conversation_key": "c", "wait": {}}`:    {"wait.source"},
		`{"conversation_key": "c", "wait": "yes"}`: {"wait"},
		`{"conversation_key": "c", "wait": {"source": "payments", "timeout_seconds": 0, "mode": "sync", "alias_path": "a", "x": 1}}`:                   {"wait.mode", "wait.timeout_seconds", "wait.x"},
		`{"conversation_key": "c", "wait": {"source": "payments", "conversation_key": "d"}}`:                                                           {"wait.conversation_key"},
		`{"conversation_key": "c", "wait": {"source": "payments", "variables": [{"name": "v", "path": "a", "type": "odd"}]}}`:                          {"wait.variables[0].type"},
		`{"conversation_key": "c", "wait": {"source": "payments", "alias_path": 5}}`:                                                                   {"wait.alias_path"},
		`{"conversation_key": "c", "wait": {"source": "payments", "alias_path": "a[", "match": [{"name": "m", "branch": "SUCCESS", "when": [{}]}]}}`:   {"wait.alias_path"},
		`{"conversation_key": "c", "wait": {"source": "payments", "match": [{"name": "m", "branch": "MAYBE", "when": [{"path": "a", "equals": 1}]}]}}`: {"wait.match[0].branch"},
	} {
		g := k.do("POST", callOf, body)
		paths := g.paths()
		slices.Sort(paths)
		if g.status != 422 || g.code() != "invalid_field" || !slices.Equal(paths, want) {
			t.Errorf("%s: %d, faults at %q, want %q: %s", body, g.status, paths, want, g.text)
		}
	}
	for body, want := range map[string]string{
		`{"conversation_key": "c", "wait": {"source": "none"}}`:                       "not_found",
		`{"conversation_key": "c", "wait": {"source": "payments", "mode": "notify"}}`: "platform_not_configured",
		`{"conversation_key": "c"`: "invalid_body",
	} {
		if g := k.do("POST", callOf, body); g.code() != want {
			t.Errorf("%s: %d %s, want %s", body, g.status, g.text, want)
		}
	}
	b.nothing(t)
	if left := k.pages(v1Waits); len(left) != 0 {
		t.Errorf("refused calls left waits %q", left)
	}
}

// The wait is there when the backend is asked, and not before the call is sound.
func TestWaitIsOpenBeforeTheCall(t *testing.T) {
	k, b := withLookup(t, nil)
	token := k.token("platform", "")
	b.does(func(w http.ResponseWriter, _ *http.Request) {
		g, err := k.try(token, "GET", v1Waits+"?state=waiting&conversation_key=c", "")
		if err != nil || strings.Count(g.text, `"wait_`) != 1 {
			t.Errorf("as the backend is asked there are %s, %v", g.text, err)
		}
		_, _ = io.WriteString(w, `{"payment": {"id": "pi_9"}}`)
	})
	const body = `{"conversation_key": "c", "wait": {"source": "payments", "timeout_seconds": 120, "aliases": ["c2"], "context": {"x" : 1}, "alias_path": "payment.id"}}`
	g := k.want(200, "POST", callOf, body)
	b.next(t)
	wait, _ := g.body["wait"].(object)
	if g.str("outcome") != "success" || g.str("wait_id") == "" || wait["id"] != g.str("wait_id") || wait["state"] != "waiting" || wait["mode"] != "poll" || !strings.Contains(g.text, `"context":{"x" : 1}`) {
		t.Errorf("answered %s", g.text)
	}
	again := k.do("POST", callOf, body)
	if again.status != 409 || again.code() != "wait_exists" || again.str("wait_id") != g.str("wait_id") {
		t.Errorf("a second one: %d %s", again.status, again.text)
	}
	b.nothing(t)
	if taken := k.callback("pi_9", `{"amount": 7}`); string(taken.Outcome) != "resumed" { // by the alias of the answer
		t.Errorf("the callback is %s", taken.Outcome)
	}
}

func TestFailedCallEndsItsWait(t *testing.T) {
	k, b := withLookup(t, nil)
	b.answers(500, `{}`)
	g := k.want(200, "POST", callOf, `{"conversation_key": "c", "wait": {"source": "payments", "mode": "hold"}}`)
	wait, _ := g.body["wait"].(object)
	if g.str("outcome") != "failure" || wait["state"] != "cancelled" || wait["reason"] != "call_failed" {
		t.Errorf("answered %s", g.text)
	}
}

// A call that is refused opens no wait, and leaves what is parked for the call that is
// made (SPEC 16, "Promises").
func TestCallThatIsNotMadeLeavesNoWait(t *testing.T) {
	for name, refuse := range map[string]func(k *kit) (status int){
		"the tenant's rate": func(k *kit) int {
			k.want(200, "PUT", v1Acme, `{"limits": {"calls_per_second": {"per_second": 0.001, "burst": 1}}}`)
			k.want(200, "POST", callOf, `{}`)
			return 429
		},
		"no platform": func(k *kit) int {
			k.want(200, "PUT", lookup, `{"url": "https://crm.example.com/", "mode": "async"}`)
			return 422
		},
	} {
		t.Run(name, func(t *testing.T) {
			k, _ := withLookup(t, nil)
			parked := k.callback("c", `{"amount": 7}`)
			status := refuse(k)
			paths := []string{callOf}
			if name != "no platform" { // of what is answered at its end nothing goes there
				paths = append(paths, lookup+"/run")
			}
			for _, path := range paths {
				if g := k.do("POST", path, `{"conversation_key": "c", "wait": {"source": "payments"}}`); g.status != status {
					t.Errorf("%s: %d %s", path, g.status, g.text)
				}
			}
			if waits := k.pages(v1Waits); len(waits) > 0 {
				t.Errorf("waits were opened: %q", waits)
			}
			g := k.want(201, "POST", v1Waits, `{"conversation_key": "c", "source": "payments", "mode": "poll"}`)
			if g.str("state") != "resumed" || !strings.Contains(g.text, parked.CallbackID) {
				t.Errorf("the next wait does not take what was parked: %s", g.text)
			}
		})
	}
}

// concluded waits until the call of a conversation has ended, and only its wait goes on.
func (k *kit) concluded(key string) {
	k.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(k.want(200, "GET", v1Acme+"/conversations/"+key, "").text, `"kind":"call"`); {
		if time.Now().After(deadline) {
			k.t.Fatal("no call has ended")
		}
	}
}

func TestCallHoldsForItsWait(t *testing.T) {
	for path, outcome := range map[string]func(got) object{
		callOf:          func(g got) object { return g.body },
		lookup + "/run": func(g got) object { return g.body },
	} {
		k, b := withLookup(t, nil)
		b.answers(200, `{"a": {"balance": 3}}`)
		held := k.held("POST", path, `{"conversation_key": "c", "variables": {"id": "x"}, "context": {"step" : 7}, "wait": {"source": "payments", "mode": "hold"}}`)
		id := k.openID("c")
		b.next(t)
		k.concluded("c")
		k.callback("c", `{"amount": 7}`)
		g := <-held
		shown := outcome(g)
		wait, _ := shown["wait"].(object)
		if g.status != 200 || shown["outcome"] != "success" || wait["id"] != id || wait["state"] != "resumed" || g.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", path, g.status, g.text)
		}
		for _, text := range []string{`"variables":{"balance":3}`, `"context":{"step" : 7}`, `"variables":{"amount":7}`} {
			if !strings.Contains(g.text, text) {
				t.Errorf("%s does not show %s: %s", path, text, g.text)
			}
		}
	}
}

// A process that stops tells what became of the call: it must not be made again.
func TestDrainAnswersAHeldCall(t *testing.T) {
	k, b := withLookup(t, nil)
	held := k.held("POST", callOf, `{"conversation_key": "c", "wait": {"source": "payments", "mode": "hold"}}`)
	id := k.openID("c")
	b.next(t)
	k.concluded("c")
	k.waits.Drain()
	g := <-held
	wait, _ := g.body["wait"].(object)
	if g.status != 200 || g.str("outcome") != "success" || wait["id"] != id || wait["state"] != "waiting" {
		t.Errorf("on drain the holder gets %d %s", g.status, g.text)
	}
}

func TestRunShowsWhatWasSent(t *testing.T) {
	k, b := withLookup(t, object{"auth": object{"type": "bearer", "token": "canary-bearer"}, "headers": object{"X-Own": "canary-{{ id }}"}})
	b.answers(200, `{"a": {"balance": "none"}}`)
	g := k.want(200, "POST", lookup+"/run", `{"variables": {"id": "x"}}`)
	if strings.Contains(g.text, "canary") || !strings.Contains(g.text, b.url+"/x") || !strings.Contains(g.text, `"balance"`) || g.str("outcome") != "success" {
		t.Errorf("run shows %s", g.text)
	}
	if got := b.next(t); got.header.Get("Authorization") != "Bearer canary-bearer" || got.header.Get("X-Own") != "canary-x" {
		t.Errorf("the backend was asked %+v", got)
	}
}

// A webhook runs as somebody writes it, before it is written: with the secret that is kept, as
// long as it goes where it went, and counting against no breaker.
func TestRunBeforeItIsWritten(t *testing.T) {
	breaks := object{"failures": 1, "open": "1h"}
	k, b := withLookup(t, object{"auth": object{"type": "bearer", "token": "canary-bearer"}, "breaker": breaks})
	before := k.want(200, "GET", lookup, "").text
	edited := func(url string) string {
		return jsonOf(t, object{"variables": object{"id": "x"}, "webhook": object{
			"url": url, "auth": object{"type": "bearer", "token": "***"}, "breaker": breaks, "response": object{"variables": []object{{"name": "other", "path": "a.other"}}},
		}})
	}
	b.answers(200, `{"a": {"other": 7}}`)
	g := k.want(200, "POST", lookup+"/run", edited(b.url+"/edited/{{ id }}"))
	if got := b.next(t); got.url != "/edited/x" || got.header.Get("Authorization") != "Bearer canary-bearer" || !strings.Contains(g.text, `"variables":{"other":7}`) || strings.Contains(g.text, "canary") {
		t.Errorf("the backend was asked %+v, and %s shown", got, g.text)
	}
	for range 3 {
		b.answers(500, ``)
		if g := k.want(200, "POST", lookup+"/run", edited(b.url+"/edited")); g.str("reason") != "status" {
			t.Errorf("a trial that failed: %s", g.text)
		}
		b.next(t)
	}
	if after := k.want(200, "GET", lookup, "").text; after != before {
		t.Errorf("it has left %s", after)
	}
	for body, place := range map[string]string{
		edited("https://elsewhere.example.com/"):                "webhook.auth.token",
		`{"webhook": {"url": "` + b.url + `", "methd": "PUT"}}`: "webhook.methd", `{"webhook": {"url": "ftp://x"}}`: "webhook.url", `{"webhook": 1}`: "webhook",
		`{"conversation_key": "c", "wait": {"source": "payments"}, "webhook": {"url": "` + b.url + `"}}`: "wait",
	} {
		if g := k.want(422, "POST", lookup+"/run", body); !strings.Contains(g.text, `"path":"`+place+`"`) {
			t.Errorf("%s: %s", body, g.text)
		}
	}
	if g := k.want(422, "POST", callOf, `{"webhook": {"url": "`+b.url+`"}}`); !strings.Contains(g.text, "is for run") {
		t.Errorf("a call: %s", g.text)
	}
	b.nothing(t)
}

func TestAsyncCallIsToldByANotice(t *testing.T) {
	k, b := withLookup(t, object{"mode": "async"})
	if g := k.do("POST", callOf, `{"conversation_key": "c", "wait": {"source": "payments"}}`); g.status != 422 || g.code() != "platform_not_configured" {
		t.Errorf("without a platform: %d %s", g.status, g.text)
	}
	if left := k.pages(v1Waits + "?state=waiting"); len(left) != 0 {
		t.Errorf("it left waits %q", left)
	}
	b.nothing(t)
	platform := newReceiver(t)
	k.want(200, "PUT", v1Acme, jsonOf(t, object{"platform": object{"url": platform.url}}))
	g := k.want(202, "POST", callOf, `{"conversation_key": "c", "variables": {"id": "x"}, "context": {"step" : 7}}`)
	if g.str("outcome") != "pending" || g.body["ended_at"] != nil {
		t.Errorf("answered %s", g.text)
	}
	if notice := platform.next(t).body; !strings.Contains(notice, `"type":"call.finished"`) || !strings.Contains(notice, `{"id":"`+g.str("id")+`"`) || !strings.Contains(notice, `"outcome":"success"`) {
		t.Errorf("the platform is told %s", notice)
	}
	if lines := k.want(200, "GET", v1Acme+"/deliveries?endpoint=_platform&event_type=call.finished", "").text; strings.Count(lines, `"dlv_`) != 1 {
		t.Errorf("the deliveries are %s", lines)
	}
}

func TestPendingCallHoldsForItsWait(t *testing.T) {
	k, b := withLookup(t, object{"mode": "async"})
	k.want(200, "PUT", v1Acme, jsonOf(t, object{"platform": object{"url": newReceiver(t).url}}))
	held := k.held("POST", callOf, `{"conversation_key": "c", "wait": {"source": "payments", "mode": "hold"}}`)
	id := k.openID("c")
	b.next(t)
	k.callback("c", `{"amount": 7}`)
	g := <-held
	wait, _ := g.body["wait"].(object)
	if g.status != 202 || g.str("outcome") != "pending" || wait["id"] != id || wait["state"] != "resumed" {
		t.Errorf("answered %d %s", g.status, g.text)
	}
}

// A call that goes on has memory of its own: the connection's is used again.
func TestPendingCallKeepsItsRequest(t *testing.T) {
	k, b := withLookup(t, object{"mode": "async", "body": object{"all": "{{ text }}"}, "method": "POST"})
	platform := newReceiver(t)
	k.want(200, "PUT", v1Acme, jsonOf(t, object{"platform": object{"url": platform.url}}))
	release := make(chan struct{})
	b.does(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-release:
		case <-time.After(10 * time.Second):
		}
		_, _ = io.WriteString(w, `{}`)
	})
	long := strings.Repeat("first", 100)
	k.want(202, "POST", callOf, jsonOf(t, object{"context": object{"text": long}, "variables": object{"text": long, "id": "x"}}))
	for range 5 {
		k.do("POST", callOf+"/none", strings.Repeat("other", 300))
	}
	close(release)
	if got := b.next(t); got.body != `{"all":"`+long+`"}` {
		t.Errorf("the backend was sent %.100s", got.body)
	}
	if notice := platform.next(t).body; !strings.Contains(notice, `"context":{"text":"`+long+`"}`) {
		t.Errorf("the notice is %s", notice)
	}
}
