package calling_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"hookgate/gateway"
)

// always answers every request alike.
func always(r reply) func(asked) reply { return func(asked) reply { return r } }

// TestOutcomes: every way in which a backend, or what was configured, ends a call.
func TestOutcomes(t *testing.T) {
	const whole = gateway.MaxCallAnswer
	for name, c := range map[string]struct {
		hook     gateway.Webhook
		reply    reply
		outcome  gateway.CallOutcome
		reason   string
		status   int
		attempts int
		body     string // "" is none
		fault    string // the path of the first
	}{
		"object": {reply: reply{body: `{"a":1}`}, outcome: "success", status: 200, attempts: 1, body: `{"a":1}`},
		"number": {reply: reply{body: ` 7 `}, outcome: "success", status: 200, attempts: 1, body: ` 7 `},
		"JSON that says it is text": {reply: reply{status: 201, body: `[]`, header: map[string]string{"Content-Type": "text/plain"}},
			outcome: "success", status: 201, attempts: 1, body: `[]`},
		"empty":        {reply: reply{status: 204}, outcome: "success", status: 204, attempts: 1},
		"blank":        {reply: reply{status: 200, body: "\n"}, outcome: "success", status: 200, attempts: 1},
		"head":         {hook: gateway.Webhook{Method: "HEAD"}, outcome: "success", status: 200, attempts: 1},
		"text":         {reply: reply{status: 200, body: `hello "you"`}, outcome: "failure", reason: "invalid_response", status: 200, attempts: 1, body: `"hello \"you\""`, fault: "-"},
		"broken JSON":  {reply: reply{status: 200, body: `{"a":`}, outcome: "failure", reason: "invalid_response", status: 200, attempts: 1, body: `"{\"a\":"`, fault: "-"},
		"broken gzip":  {reply: reply{header: map[string]string{"Content-Encoding": "gzip"}, body: "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"}, outcome: "failure", reason: "invalid_response", status: 200, attempts: 1, fault: "-"},
		"not found":    {reply: reply{status: 404, body: `{"error":"x"}`}, outcome: "failure", reason: "status", status: 404, attempts: 1, body: `{"error":"x"}`},
		"a page":       {reply: reply{status: 502, body: `<html>`}, outcome: "failure", reason: "status", status: 502, attempts: 1, body: `"<html>"`},
		"redirect":     {reply: reply{status: 302, header: map[string]string{"Location": "https://example.com"}}, outcome: "failure", reason: "status", status: 302, attempts: 1},
		"1 MiB":        {reply: reply{body: padded(whole)}, outcome: "success", status: 200, attempts: 1, body: padded(whole)},
		"1 MiB and 1":  {reply: reply{body: padded(whole + 1)}, outcome: "failure", reason: "too_large", status: 200, attempts: 1},
		"large page":   {reply: reply{status: 500, body: padded(whole + 1)}, outcome: "failure", reason: "status", status: 500, attempts: 1},
		"cut":          {reply: reply{reset: true}, outcome: "failure", reason: "connect", attempts: 1, fault: "url"},
		"slow":         {reply: reply{hang: true}, outcome: "failure", reason: "timeout", attempts: 1, fault: "url"},
		"private":      {hook: gateway.Webhook{URL: "http://10.1.2.3/"}, outcome: "failure", reason: "blocked_target", fault: "url"},
		"private host": {hook: gateway.Webhook{URL: "http://{{ host }}/"}, outcome: "failure", reason: "blocked_target", fault: "url"},
		"no url":       {hook: gateway.Webhook{URL: "http://93.184.215.14/{{ spaced }}"}, outcome: "failure", reason: "template", fault: "url"},
		"line break": {hook: gateway.Webhook{Headers: gateway.Headers{{Name: "X-Name", Value: "{{ broken }}"}}},
			outcome: "failure", reason: "template", fault: "headers.X-Name"},
		"hostile": {hook: gateway.Webhook{Query: gateway.Members[string]{{Name: "q", Value: `{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}x{% endfor %}{% endfor %}{% endfor %}`}}},
			outcome: "failure", reason: "template", fault: "query.q"},
		"wrong types": {hook: gateway.Webhook{Body: raw(`{"a":["{{ host * spaced }}"]}`), Method: "POST"},
			outcome: "failure", reason: "template", fault: "body.a[0]"},
		"huge": {hook: gateway.Webhook{Body: raw(`["{{ big }}","{{ big }}","{{ big }}","{{ big }}","{{ big }}"]`), Method: "POST"},
			outcome: "failure", reason: "template", fault: "body"},
		"large variables": {hook: gateway.Webhook{Response: gateway.Response{VariablesMax: new(gateway.Size(30)), Variables: []gateway.Variable{{Name: "a", Path: "a"}, {Name: "b", Path: "a"}}}},
			reply: reply{body: `{"a":"0123456789"}`}, outcome: "failure", reason: "too_large", status: 200, attempts: 1, body: `{"a":"0123456789"}`, fault: "response.variables"},
		"missing": {hook: gateway.Webhook{Response: gateway.Response{Variables: []gateway.Variable{{Name: "a", Path: "a"}, {Name: "b", Path: "b", Required: true}}}},
			reply: reply{body: `{"a":1}`}, outcome: "failure", reason: "invalid_response", status: 200, attempts: 1, body: `{"a":1}`, fault: "response.variables[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bubble(t)
				defer w.stop()
				w.backend.play(always(c.reply))
				w.hook(c.hook)
				made := w.call(`{"conversation_key":"k","variables":{"host":"10.0.0.7","spaced":"a b","broken":"a\r\nX-Evil: 1","big":"` + strings.Repeat("x", 240<<10) + `"}}`)
				want(t, made, c.outcome, c.reason)
				if made.Status != c.status || made.Attempts != c.attempts || string(made.Body) != c.body {
					t.Errorf("status %d, %d attempts, body %.80s", made.Status, made.Attempts, made.Body)
				}
				path := ""
				if len(made.Errors) > 0 {
					if path = made.Errors[0].Path; path == "" {
						path = "-"
					}
					if made.Errors[0].Message == "" {
						t.Error("a fault without its rule")
					}
				}
				if c.fault == "body" && strings.HasPrefix(path, "body") {
					path = "body"
				}
				if path != c.fault {
					t.Errorf("the first fault is %q: %v", path, made.Errors)
				}
				if line := w.timeline("k"); len(line) != 1 || !strings.Contains(line[0], `"outcome":"`+string(c.outcome)+`"`) {
					t.Errorf("timeline %v", line)
				}
			})
		})
	}
}

// padded is a JSON string of so many bytes.
func padded(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }
