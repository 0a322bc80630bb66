package calling_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// TestRunShowsAllAndNoSecret.
func TestRunShowsAllAndNoSecret(t *testing.T) {
	w := real(t)
	w.backend.play(always(reply{body: `{"balance":"12.5"}`, header: map[string]string{"Content-Type": "application/json"}}))
	w.tenant.Headers = gateway.Headers{{Name: "X-Tenant", Value: "tenant-secret"}}
	w.hook(gateway.Webhook{
		Method: "POST", URL: "/u/{{ id }}", Body: raw(`{"id":"{{ id }}"}`), Headers: gateway.Headers{{Name: "X-Own", Value: "own-secret-{{ id }}"}},
		Auth: gateway.Auth{Type: "basic", Username: "me", Password: "pass-secret"}, Sign: &gateway.Sign{Type: "standard", Secrets: []gateway.Secret{signing}},
		Response: gateway.Response{Variables: []gateway.Variable{{Name: "balance", Path: "balance", Type: "number"}, {Name: "gone", Path: "a.b"}}},
		Mode:     "async",
	})
	shown := w.run(`{"conversation_key":"k","variables":{"id":7}}`)
	run := gjson.Parse(shown)
	if got := run.Get("[outcome,status,attempts,variables,request.method,request.url,request.body,answer.status,answer.body,answer.content_type]").Raw; got != `["success",200,1,{"balance":12.5},"POST","`+w.url+`/u/7",{"id":7},200,"{\"balance\":\"12.5\"}","application/json"]` {
		t.Errorf("%s", got)
	}
	for name, want := range map[string]string{
		"X-Own": "***", "X-Tenant": "***", "Authorization": "***", "webhook-signature": "***", "Content-Type": "application/json",
		"User-Agent": "hookgate/test", "webhook-id": run.Get("id").Str, "Idempotency-Key": run.Get("id").Str,
	} {
		if got := run.Get("request.headers." + name).Str; got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	sent := w.backend.all()[0].header
	for _, secret := range []string{"tenant-secret", "own-secret", "pass-secret", signing[6:], sent.Get("Authorization")[6:], sent.Get("Webhook-Signature")[3:]} {
		if strings.Contains(shown, secret) || strings.Contains(w.log.String(), secret) {
			t.Errorf("%s is shown or logged", secret)
		}
	}
	explained := run.Get("explained").Array()
	if len(explained) != 2 || explained[0].Get("found").Raw != `"12.5"` || explained[0].Get("value").Raw != "12.5" || explained[1].Get("problem").Str == "" {
		t.Errorf("%v", explained)
	}
	if len(w.notices()) != 0 || len(w.timeline("k")) != 1 {
		t.Errorf("notices %v, timeline %v", w.notices(), w.timeline("k"))
	}
}

// TestRunMasksTheToken in the url.
func TestRunMasksTheToken(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{Profile: "chatbot", URL: "/bot", Token: "tok-secret"})
	shown := w.run(`{}`)
	if got := gjson.Get(shown, "request.url").Str; got != w.url+"/bot?token=***" || strings.Contains(shown, "tok-secret") {
		t.Errorf("%s", shown)
	}
}

// TestRunOfAFailure says how far it came.
func TestRunOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		list := []gateway.Variable{{Name: "a", Path: "a"}}
		w.backend.play(always(reply{status: 404, body: "nothing here"}))
		w.hook(gateway.Webhook{Response: gateway.Response{Variables: list}})
		run := gjson.Parse(w.run(`{}`))
		if run.Get("reason").Str != "status" || run.Get("answer.body").Str != "nothing here" || !strings.Contains(run.Get("explained.0.problem").Str, "status") {
			t.Errorf("%s", run.Raw)
		}
		w.hook(gateway.Webhook{Response: gateway.Response{Variables: list}, Headers: gateway.Headers{{Name: "X", Value: "{{ x }}"}}})
		run = gjson.Parse(w.run(`{"variables":{"x":"\n"}}`))
		if run.Get("reason").Str != "template" || run.Get("request").Raw != "null" || run.Get("answer").Raw != "null" {
			t.Errorf("%s", run.Raw)
		}
	})
}

// TestFailedIsToldOnChange, once for each.
func TestFailedIsToldOnChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.hook(gateway.Webhook{Profile: "chatbot", URL: "/bot", Breaker: &gateway.Breaker{Failures: new(100)}})
		for _, r := range []reply{{}, {}, {status: 404}, {status: 404}, {hang: true}, {reset: true}, {}, {status: 200, body: padded(gateway.MaxCallAnswer + 1)}, {status: 200, body: "x"}} {
			w.backend.play(always(r))
			w.call(`{}`)
		}
		told := []string{
			"acme/hook: ", "acme/hook: Request failed with status code 404", "acme/hook: timeout of 5000ms exceeded",
			"acme/hook: wait for the answer: the connection closed", "acme/hook: ", "acme/hook: the answer has over 1048576 bytes",
			"acme/hook: the answer is not valid: the body is not JSON, or nested deeper than 128 levels",
		}
		if !slices.Equal(w.failed, told) {
			t.Errorf("%q", w.failed)
		}
		w.hook(gateway.Webhook{})
		w.call(`{}`)
		if len(w.failed) != len(told) {
			t.Errorf("told of a builder: %q", w.failed[len(told):])
		}
		w.hook(gateway.Webhook{Profile: "chatbot", URL: "/bot"})
		w.calls.Dropped("acme", "hook")
		w.backend.play(always(reply{status: 200, body: "x"}))
		w.call(`{}`)
		if len(w.failed) != len(told)+1 {
			t.Errorf("a webhook made anew: %q", w.failed[len(told):])
		}
	})
}

// TestFailedIsToldInOrder: when many calls end at once, one is told after the other
// and the last one told is the last one.
func TestFailedIsToldInOrder(t *testing.T) {
	w := real(t)
	w.backend.play(func(q asked) reply { return reply{status: 400 + q.n%5} })
	var telling, told atomic.Int32
	last := ""
	o := w.made
	o.Observer.Failed = func(_, _, text string) {
		if telling.Add(1) != 1 {
			t.Error("two at once")
		}
		if told.Add(1) > 1 && text == last {
			t.Errorf("%q is told twice", text)
		}
		last = text
		telling.Add(-1)
	}
	calls := w.another(o)
	w.hook(gateway.Webhook{Profile: "chatbot", URL: "/bot", Breaker: &gateway.Breaker{Enabled: new(false)}})
	call := func() {
		if _, err := calls.Call(context.Background(), request(w.acme().Webhook("hook"))); err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(call)
	}
	all.Wait()
	w.backend.play(always(reply{}))
	call()
	if last != "" || told.Load() < 2 {
		t.Errorf("the last of %d is %q", told.Load(), last)
	}
}

// TestLog: one line a call, with its outcome, and nothing that was rendered.
func TestLog(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{URL: "http://{{ host }}.invalid/", Headers: gateway.Headers{{Name: "X", Value: "{{ host }}"}}})
	made := w.call(`{"conversation_key":"k","variables":{"host":"value-of-a-variable"}}`)
	want(t, made, "failure", "connect")
	log := w.log.String()
	if strings.Contains(log, "value-of-a-variable") || strings.Count(log, "msg=call ") != 1 || !strings.Contains(log, "call_id="+made.ID) || !strings.Contains(log, "reason=connect") {
		t.Errorf("%s", log)
	}
}

// TestChallenge: 200 and the bare challenge, nothing else.
func TestChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.tenant.Headers = gateway.Headers{{Name: "X-Tenant", Value: "acme"}}
		w.configure(nil)
		ask := func(url, token string, r func(challenge string) reply) error {
			w.backend.play(func(q asked) reply {
				_, rest, _ := strings.Cut(q.uri, "challenge=")
				challenge, _, _ := strings.Cut(rest, "&")
				return r(challenge)
			})
			return w.calls.Challenge(context.Background(), w.acme(), &gateway.Webhook{URL: url, Token: gateway.Secret(token)})
		}
		bare := func(c string) reply { return reply{status: 200, body: " " + c + "\r\n"} }
		if err := ask(w.url+"/bot?a=1#f", "t k", bare); err != nil {
			t.Fatal(err)
		}
		got := w.backend.all()[0]
		if got.method != "GET" || !strings.HasPrefix(got.uri, "/bot?a=1&challenge=") || !strings.HasSuffix(got.uri, "&token=t%20k") || got.header.Get("X-Tenant") != "acme" {
			t.Errorf("%+v", got)
		}
		if err := ask(w.url, "", bare); err != nil || strings.Contains(w.backend.all()[1].uri, "token") {
			t.Errorf("%v %s", err, w.backend.all()[1].uri)
		}
		began := time.Now()
		for name, r := range map[string]func(string) reply{
			"quoted": func(c string) reply { return reply{status: 200, body: `"` + c + `"`} }, "empty": func(string) reply { return reply{status: 200} },
			"201": func(c string) reply { return reply{status: 201, body: c} }, "more": func(c string) reply { return reply{status: 200, body: c + " ok"} },
			"silence": func(string) reply { return reply{hang: true} },
		} {
			if err := coded(t, ask(w.url, "tok-secret", r), gateway.CodeVerificationFailed); strings.Contains(err.Message, "tok-secret") {
				t.Errorf("%s: %s", name, err.Message)
			}
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("silence was waited for during %s", took)
		}
		coded(t, ask("http://10.0.0.1/", "", bare), gateway.CodeVerificationFailed)
	})
}

// TestNoSuchWebhook: one that is off, is not there.
func TestNoSuchWebhook(t *testing.T) {
	w := real(t)
	w.hook(gateway.Webhook{})
	q := *w.acme().Webhook("hook")
	q.Enabled = false
	_, err := w.calls.Call(context.Background(), request(&q))
	coded(t, err, gateway.CodeNotFound)
	_, err = w.calls.Run(context.Background(), request(&q))
	coded(t, err, gateway.CodeNotFound)
}
