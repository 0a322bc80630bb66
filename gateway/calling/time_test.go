package calling_test

import (
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

func schedule(pauses ...time.Duration) *gateway.Retry {
	list := make([]gateway.Duration, len(pauses))
	for i, p := range pauses {
		list[i] = gateway.Duration(p)
	}
	return &gateway.Retry{Schedule: &list, Jitter: new(0.0)}
}

// TestDeadline: whatever the backend and the schedule do, the call ends at its
// deadline and not a moment later; an attempt that could not begin before it is not
// waited for.
func TestDeadline(t *testing.T) {
	const second = time.Second
	for name, c := range map[string]struct {
		hook     gateway.Webhook
		script   func(asked) reply
		reason   string
		took     time.Duration
		attempts int
	}{
		"default": {script: always(reply{hang: true}), reason: "timeout", took: 5 * second, attempts: 1},
		"own":     {hook: gateway.Webhook{Timeout: span(700 * time.Millisecond)}, script: always(reply{hang: true}), reason: "timeout", took: 700 * time.Millisecond, attempts: 1},
		"over all attempts": {hook: gateway.Webhook{Retry: schedule(second, second, second)}, reason: "timeout", took: 5 * second, attempts: 3,
			script: func(q asked) reply {
				return reply{after: []time.Duration{second, second, time.Minute}[q.n-1], status: 500}
			}},
		"no time for the pause": {hook: gateway.Webhook{Retry: schedule(second, 3*second)}, reason: "status", took: 3 * second, attempts: 2,
			script: always(reply{after: second, status: 500})},
		"Retry-After is the least pause": {hook: gateway.Webhook{Retry: schedule(second)}, took: 3 * second, attempts: 2,
			script: func(q asked) reply {
				return reply{status: []int{429, 200}[q.n-1], header: map[string]string{"Retry-After": "3"}}
			}},
		"Retry-After over the deadline": {hook: gateway.Webhook{Retry: schedule(second)}, reason: "status", attempts: 1,
			script: always(reply{status: 503, header: map[string]string{"Retry-After": "60"}})},
		"the pause is longer than Retry-After": {hook: gateway.Webhook{Retry: schedule(2 * second)}, took: 2 * second, attempts: 2,
			script: func(q asked) reply {
				return reply{status: []int{503, 200}[q.n-1], header: map[string]string{"Retry-After": "1"}}
			}},
		"no retry unless asked for": {script: always(reply{status: 500}), reason: "status", attempts: 1},
		"what is good is not tried again": {hook: gateway.Webhook{Retry: schedule(second)}, script: always(reply{status: 200, body: "text"}),
			reason: "invalid_response", attempts: 1},
		"a target that is refused is not tried again": {hook: gateway.Webhook{URL: "http://10.0.0.1/", Retry: schedule(second)},
			script: always(reply{}), reason: "blocked_target"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(c.script)
				w.hook(c.hook)
				began := time.Now()
				made := w.call(`{}`)
				outcome := gateway.CallFailure
				if c.reason == "" {
					outcome = gateway.CallSuccess
				}
				want(t, made, outcome, c.reason)
				if took := time.Since(began); took != c.took || made.Duration != took || made.Attempts != c.attempts {
					t.Errorf("took %s (says %s), %d attempts", took, made.Duration, made.Attempts)
				}
			})
		})
	}
}

// TestBreaker: it opens after failures, answers at once, and lets a probe through.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{status: 500}))
		w.hook(gateway.Webhook{Breaker: &gateway.Breaker{Failures: new(3)}})
		for range 3 {
			want(t, w.call(`{}`), "failure", "status")
		}
		refused := w.call(`{"conversation_key":"k"}`)
		want(t, refused, "failure", "breaker_open")
		if refused.Attempts != 0 || refused.Duration != 0 || len(w.timeline("k")) != 1 {
			t.Errorf("%+v", refused)
		}
		w.hook(gateway.Webhook{Name: "renamed", Breaker: &gateway.Breaker{Failures: new(3)}})
		want(t, w.call(`{}`), "failure", "breaker_open") // a PUT resets nothing
		time.Sleep(30 * time.Second)
		w.backend.play(always(reply{}))
		want(t, w.call(`{}`), "success", "")
		want(t, w.call(`{}`), "success", "")
		if n := len(w.backend.all()); n != 5 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestBreakerCounts: what is the backend's failure, and what is not.
func TestBreakerCounts(t *testing.T) {
	for name, c := range map[string]struct {
		url   string
		reply reply
		opens bool
	}{
		"500":                    {reply: reply{status: 500}, opens: true},
		"cut":                    {reply: reply{reset: true}, opens: true},
		"silence":                {reply: reply{hang: true}, opens: true},
		"503":                    {reply: reply{status: 503}, opens: true},
		"503 with Retry-After":   {reply: reply{status: 503, header: map[string]string{"Retry-After": "1"}}},
		"429":                    {reply: reply{status: 429}},
		"404":                    {reply: reply{status: 404}},
		"no JSON":                {reply: reply{status: 200, body: "x"}},
		"a target not allowed":   {url: "http://10.0.0.1/"},
		"an answer of any other": {reply: reply{status: 302}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(c.reply))
				w.hook(gateway.Webhook{URL: c.url, Breaker: &gateway.Breaker{Failures: new(2)}})
				w.call(`{}`)
				w.call(`{}`)
				if last := w.call(`{}`); (last.Reason == "breaker_open") != c.opens {
					t.Errorf("ends with %q", last.Reason)
				}
			})
		})
	}
}

// TestBreakerSpendsRetries: a retry that the breaker refuses is spent, and the call
// rests on; the outcome tells of what was sent.
func TestBreakerSpendsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.backend.play(always(reply{status: 500}))
		w.hook(gateway.Webhook{Timeout: span(time.Minute), Retry: schedule(time.Second, time.Second, 40*time.Second), Breaker: &gateway.Breaker{Failures: new(2)}})
		made := w.call(`{}`)
		want(t, made, "failure", "status")
		if made.Attempts != 3 || made.Duration != 42*time.Second {
			t.Errorf("%d attempts in %s", made.Attempts, made.Duration)
		}
	})
}

// TestRate: the tenant's, over all of its webhooks.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t)
		defer w.stop()
		w.tenant.Limits.CallsPerSecond = &gateway.Rate{PerSecond: 2, Burst: 2}
		w.hook(gateway.Webhook{})
		w.call(`{}`)
		w.call(`{}`)
		_, err := w.tryCall(`{"conversation_key":"k"}`, "")
		if refused := coded(t, err, gateway.CodeRateLimited); refused.RetryAfter <= 0 {
			t.Error("no Retry-After")
		}
		time.Sleep(time.Second)
		w.call(`{}`)
		if n := len(w.backend.all()); n != 3 || len(w.timeline("k")) != 0 {
			t.Errorf("%d requests, timeline %v", n, w.timeline("k"))
		}
	})
}
