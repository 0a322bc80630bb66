package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

func TestWebhookFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{"url": ""}`:                                                   "url",
		`{"url": "ftp://x.example.com/"}`:                               "url",
		`{"url": "https://x.example.com:25/"}`:                          "url",
		`{"url": "/relative"}`:                                          "url",
		`{"url": "ftp://{{ host }}/"}`:                                  "url",
		`{"url": "x{{ host }}"}`:                                        "url",
		`{"url": "{{ host"}`:                                            "url",
		`{"profile": "x"}`:                                              "profile",
		`{"method": "TRACE"}`:                                           "method",
		`{"method": "get"}`:                                             "method",
		`{"profile": "chatbot", "method": "GET"}`:                       "method",
		`{"profile": "campaign", "method": "PUT"}`:                      "method",
		`{"profile": "chatbot", "url": "{{ host }}"}`:                   "url",
		`{"profile": "chatbot", "body": {}}`:                            "body",
		`{"profile": "campaign", "body": []}`:                           "body",
		`{"profile": "campaign", "body": "{}"}`:                         "body",
		`{"body": {"a": {"b": ["{{ x }}", "{{ x"]}}}`:                   "body.a.b[1]",
		`{"timeout": 0}`:                                                "timeout",
		`{"timeout": "61s"}`:                                            "timeout",
		`{"mode": "fast"}`:                                              "mode",
		`{"on_timeout": "stop"}`:                                        "on_timeout",
		`{"mode": "async", "on_timeout": "continue"}`:                   "on_timeout",
		`{"token": "t"}`:                                                "token",
		`{"profile": "campaign", "token": "t"}`:                         "token",
		`{"story_id": "0123456789abcdef01234567"}`:                      "story_id",
		`{"profile": "chatbot", "story_id": "0123456789abcdef"}`:        "story_id",
		`{"profile": "chatbot", "token": "t", "query": {"token": "u"}}`: "query.token",
		`{"query": {"": "x"}}`:                                          `query[""]`,
		`{"query": {"a\n": "x"}}`:                                       `query["a\n"]`,
		`{"query": {"q": "{{ x"}}`:                                      "query.q",
		`{"headers": {"Host": "x"}}`:                                    "headers.Host",
		`{"headers": {"Host": "{{ x }}"}}`:                              "headers.Host",
		`{"headers": {"Content-Length": "{{ x }}"}}`:                    "headers.Content-Length",
		`{"headers": {"X": "a\r\nb"}}`:                                  "headers.X",
		`{"headers": {"X": "{{ x"}}`:                                    "headers.X",
		`{"headers": {"X": "{{ x }}", "x": "2"}}`:                       "headers.x",
		`{"profile": "chatbot", "headers": {"X": "a\nb"}}`:              "headers.X",
		`{"headers": {"authorization": "{{ x }}"}, "auth": {"type": "basic", "username": "u"}}`:                                      "headers.authorization",
		`{"headers": {"webhook-id": "x"}, "sign": {"type": "hmac", "header": "X", "signed": "{id}.{body}", "secrets": ["s"]}}`:       "headers.webhook-id",
		`{"auth": {"type": "header", "name": "X-Sig", "value": "v"}, "sign": {"type": "hmac", "header": "x-sig", "secrets": ["s"]}}`: "auth.name",
		`{"auth": {"type": "digest"}}`:                                "auth.type",
		`{"auth": {"type": "bearer"}}`:                                "auth.token",
		`{"sign": {"secrets": ["a"]}}`:                                "sign.type",
		`{"sign": {"type": "standard"}}`:                              "sign.secrets",
		`{"retry": {"never": [200]}}`:                                 "retry.never[0]",
		`{"retry": {"never": ["4xx", 4e2]}}`:                          "retry.never[1]",
		`{"body": {"a": 1}, "headers": {"content-type": "text/xml"}}`: "body",
		`{"body": ["{{ a }}"], "headers": {"Content-Type": "application/x-www-form-urlencoded"}}`:     "body",
		`{"body": 1, "headers": {"Content-Type": "text/plain; charset=utf-8"}}`:                       "body",
		`{"profile": "campaign", "headers": {"Content-Type": "text/xml"}}`:                            "body",
		`{"profile": "chatbot", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}`:      "body",
		`{"response": {"variables": [{"name": "a", "path": "a"}, {"name": "b", "path": "query:b"}]}}`: "response.variables[1].path",
		`{"retry": {"never": ["2xx"]}}`:                                "retry.never[0]",
		`{"retry": {"schedule": [], "max_attempts": 0}}`:               "retry.max_attempts",
		`{"retry": {"max": "100ms"}}`:                                  "retry.max",
		`{"breaker": {"ratio": 2}}`:                                    "breaker.ratio",
		`{"breaker": {"enabled": false, "failures": 0}}`:               "breaker.failures",
		`{"response": {"variables": [{"name": "a", "path": "a..b"}]}}`: "response.variables[0].path",
		`{"response": {"variables": [{"name": "a b", "path": "a"}]}}`:  "response.variables[0].name",
		`{"name": "a\nb"}`:                                             "name",
	} {
		if w, faults := compileWebhook(t, text); len(faults) != 1 || faults[0].Path != want || w != nil {
			t.Errorf("%s: faults %v, want one at %s", text, faults, want)
		}
	}
	for _, id := range []string{"", "Stock", "a b"} {
		if _, faults := directory.CompileWebhook(gateway.Meta{ID: id}, gateway.Webhook{URL: crmURL}, strict); len(faults) != 1 || faults[0].Path != "id" {
			t.Errorf("the id %q: faults %v", id, faults)
		}
	}
}

// Every limit is taken at its edge, and refused one beyond it.
func TestWebhookLimits(t *testing.T) {
	many := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = strings.ReplaceAll(format, "#", fmt.Sprint(i))
		}
		return strings.Join(parts, ",")
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, limit := range map[string]struct {
		path          string
		least, beyond string
	}{
		"name":         {"name", `{"name": "` + strings.Repeat("é", 256) + `"}`, `{"name": "` + x(257) + `"}`},
		"timeout":      {"timeout", `{"timeout": "1ms"}`, `{"timeout": "999us"}`},
		"long timeout": {"timeout", `{"timeout": "60s"}`, `{"timeout": "60001ms"}`},
		"token":        {"token", `{"profile": "chatbot", "token": "` + strings.Repeat("é", 1024) + `"}`, `{"profile": "chatbot", "token": "` + x(1025) + `"}`},
		"short story":  {"story_id", `{"profile": "chatbot", "story_id": "` + x(24) + `"}`, `{"profile": "chatbot", "story_id": "` + x(23) + `"}`},
		"long story":   {"story_id", `{"profile": "chatbot", "story_id": ""}`, `{"profile": "chatbot", "story_id": "` + x(25) + `"}`},
		"query":        {"query", `{"query": {` + many(50, `"q#": "v"`) + `}}`, `{"query": {` + many(51, `"q#": "v"`) + `}}`},
		"query name":   {"query." + x(257), `{"query": {"` + x(256) + `": "v"}}`, `{"query": {"` + x(257) + `": "v"}}`},
		"headers":      {"headers", `{"headers": {` + many(50, `"h#": "v"`) + `}}`, `{"headers": {` + many(51, `"h#": "v"`) + `}}`},
		"header":       {"headers.X", `{"headers": {"X": "` + x(8191) + `"}}`, `{"headers": {"X": "` + x(8192) + `"}}`},
		"body":         {"body", `{"profile": "campaign", "body": {"a":"` + x(1<<20-8) + `"}}`, `{"profile": "campaign", "body": {"a":"` + x(1<<20-7) + `"}}`},
		"variables": {"response.variables", `{"response": {"variables": [` + many(50, `{"name": "v#", "path": "a"}`) + `]}}`,
			`{"response": {"variables": [` + many(51, `{"name": "v#", "path": "a"}`) + `]}}`},
		"url": {"url", `{"url": "https://x.example.com/` + x(8192-22) + `"}`, `{"url": "https://x.example.com/` + x(8193-22) + `"}`},
	} {
		if _, faults := compileWebhook(t, limit.least); len(faults) > 0 {
			t.Errorf("%s: at its limit: %.200v", name, faults)
		}
		if w, faults := compileWebhook(t, limit.beyond); len(faults) != 1 || faults[0].Path != limit.path || w != nil {
			t.Errorf("%s: beyond its limit: faults %.200v, want one at %s", name, faults, limit.path)
		}
	}
}
