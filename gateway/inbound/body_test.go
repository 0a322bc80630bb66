package inbound_test

import (
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway"
)

const asForm = "application/x-www-form-urlencoded"

// bodyOf sends a callback to a wait that is open for c, and gives what the wait shows of
// its body and its variables; "" where it was not resumed.
func (k *kit) bodyOf(source string, p post) (body, variables string) {
	k.t.Helper()
	w := k.open(source, "c")
	p.path = "/hooks/acme/" + source + p.path
	if a := k.send(p); a.outcome != "resumed" {
		_, err := k.sessions.Cancel(k.t.Context(), "acme", w.ID, gateway.ReasonCancelled)
		check(k.t, err)
		return a.raw, ""
	}
	ended, err := k.sessions.Get("acme", w.ID)
	check(k.t, err)
	return string(ended.Callback.Body), string(ended.Variables)
}

// No bytes, or white space, are no body, whatever method and type (c01).
func TestNothingIsNoBody(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"query":  {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}},
		"header": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "header", Path: "X-Chat"}},
		"path":   {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "path"}},
		"needy": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"},
			Variables: []gateway.Variable{{Name: "n", Path: "n", Required: true}}},
	})
	for _, method := range []string{"GET", "POST", "PUT", "PATCH"} {
		for _, kind := range []string{"", asJSON, "application/json; charset=utf-8", "application/vnd.x+json", "text/json", asForm, "multipart/form-data; boundary=B", "multipart/form-data", "text/plain", "text/xml", "application/octet-stream"} {
			for _, body := range []string{"", " \r\n\t"} {
				for source, p := range map[string]post{"query": {path: "?k=c"}, "header": {header: map[string]string{"X-Chat": "c"}}, "path": {path: "/c"}} {
					p.method, p.kind, p.body = method, kind, body
					if got, _ := k.bodyOf(source, p); got != "null" {
						t.Errorf("%s of %q, %q, key in %s: %s", method, kind, body, source, got)
					}
				}
			}
		}
	}
	if a := k.send(post{path: "/hooks/acme/needy?k=c", kind: asJSON}); a.status != 422 || a.outcome != "variable_missing" {
		t.Errorf("a required variable: %s", a.raw)
	}
}

// Bodies in charsets, and of types that say one thing and are another (c07, c09, c20).
func TestBodiesAsTheyCome(t *testing.T) {
	query := gateway.KeyPlace{In: "query", Path: "k"}
	v := []gateway.Variable{{Name: "v", Path: "v"}}
	k := newKit(t, map[string]gateway.Source{
		"plain": {Verify: anybody, ConversationKey: query, Variables: v}, "json": {Verify: anybody, Body: "json", ConversationKey: query, Variables: v},
		"form": {Verify: anybody, Body: "form", ConversationKey: query, Variables: v}, "text": {Verify: anybody, Body: "text", ConversationKey: query, Variables: v},
	})
	for _, c := range []struct{ source, kind, body, shown, variables string }{
		{"plain", asForm + "; charset=iso-8859-1", "v=caf%E9", `{"v":"café"}`, `{"v":"café"}`},
		{"plain", asForm + "; charset=windows-1252", "v=%80", `{"v":"€"}`, `{"v":"€"}`},
		{"plain", "text/json", `{"v":1}`, `{"v":1}`, `{"v":1}`},
		{"plain", "application/x-json", `{"v":1}`, `{"v":1}`, `{"v":1}`},
		{"plain", "text/xml", `<a>é</a>`, `"<a>é</a>"`, `{}`},
		{"plain", "text/plain; charset=latin1", "caf\xe9", `"café"`, `{}`},
		{"plain", "text/plain", `{"v":1}`, `"{\"v\":1}"`, `{}`},
		{"json", "text/plain", `{"v":1}`, `{"v":1}`, `{"v":1}`},
		{"json", "application/octet-stream", `{"v":1}`, `{"v":1}`, `{"v":1}`},
		{"json", asForm, `{"v":1}`, `{"v":1}`, `{"v":1}`},
		{"form", asJSON, `v=1`, `{"v":"1"}`, `{"v":"1"}`},
		{"text", asJSON, `{"v":1}`, `"{\"v\":1}"`, `{}`},
	} {
		if shown, variables := k.bodyOf(c.source, post{path: "?k=c", kind: c.kind, body: c.body}); shown != c.shown || variables != c.variables {
			t.Errorf("%s, %s %q: %s %s, want %s %s", c.source, c.kind, c.body, shown, variables, c.shown, c.variables)
		}
	}
	for _, c := range []struct {
		source, kind, body string
		status             int
		outcome, detail    string
	}{
		{"plain", asForm + "; charset=klingon", "v=1", 415, "unsupported_media_type", "charset"},
		{"plain", asForm + "; charset=utf-16", "v=1", 415, "unsupported_media_type", "charset"},
		{"plain", asForm, "v=caf%E9", 400, "invalid_body", "byte 5,"},
		{"json", "text/plain", "v=1", 400, "invalid_body", "came as JSON and looks like a form"},
		{"plain", asJSON, "v=1&b=2", 400, "invalid_body", "came as JSON and looks like a form"},
	} {
		a := k.send(post{path: "/hooks/acme/" + c.source + "?k=c", kind: c.kind, body: c.body})
		if detail, _ := a.body["detail"].(string); a.status != c.status || a.outcome != c.outcome || !strings.Contains(detail, c.detail) {
			t.Errorf("%s %q: %s, want %d %s with %q", c.kind, c.body, a.raw, c.status, c.outcome, c.detail)
		}
	}
}

// What curl makes of -d '{"conversation_key":"k"}', and its kin, is told (c19).
func TestDetailTellsWhatABodyLooksLike(t *testing.T) {
	needy := []gateway.Variable{{Name: "n", Path: "n", Required: true}}
	k := newKit(t, map[string]gateway.Source{"plain": {Verify: anybody}, "needy": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}, Variables: needy}})
	const asJ, asF = "came as a form and looks like JSON", "came as text and looks like a form"
	for _, c := range []struct{ source, kind, body, detail string }{
		{"plain", asForm, `{"conversation_key":"k"}`, asJ}, {"plain", asForm, url.QueryEscape(`{"conversation_key":"k"}`), asJ},
		{"plain", asForm, `{"conversation_key":"k","u":"a=b&c"}`, asJ}, {"plain", "text/plain", `{"conversation_key":"k"}`, "came as text and looks like JSON"},
		{"plain", "text/plain", "conversation_key=k&a=%20", asF}, {"plain", "", "conversation_key=k", asF},
		{"needy?k=c", asForm, `{"n":1}`, asJ}, {"needy?k=c", "text/plain", "n=1", asF},
		{"plain", asForm, "a=1", ""}, {"plain", asJSON, `{"a":1}`, ""}, {"plain", "text/plain", "hello = you", ""}, {"plain", asJSON, `"a=b"`, ""},
	} {
		a := k.send(post{path: "/hooks/acme/" + c.source, kind: c.kind, body: c.body})
		if detail, _ := a.body["detail"].(string); a.status != 422 || !strings.Contains(detail, c.detail) || c.detail == "" && detail != "" {
			t.Errorf("%s %q: %s, want %q", c.kind, c.body, a.raw, c.detail)
		}
	}
}
