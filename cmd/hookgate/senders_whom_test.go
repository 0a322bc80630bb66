package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// acme gives a program with the tenant acme and these sources, made by PUT, and what GET
// shows of them put once more: it changes nothing.
func acmeWith(t *testing.T, dir string, sources map[string]string) *program.Program {
	t.Helper()
	p := program.Start(t, program.Options{Dir: dir})
	p.Admin().Must(t, []int{200, 201}, "PUT", "/v1/tenants/acme", "{}")
	for id, text := range sources {
		path := "/v1/tenants/acme/sources/" + id
		p.Admin().Must(t, []int{200, 201}, "PUT", path, text)
		shown := p.Admin().Must(t, []int{200}, "GET", path, nil)
		p.Admin().Must(t, []int{200}, "PUT", path, string(shown.Body))
		again := p.Admin().Must(t, []int{200}, "GET", path, nil)
		if shownIn(t, shown) != shownIn(t, again) {
			t.Errorf("%s is shown as\n%s\nand put back as\n%s", id, shown, again)
		}
	}
	return p
}

// shownIn is an answer without the time of its last write.
func shownIn(t *testing.T, a program.Answer) string {
	t.Helper()
	var members map[string]any
	a.Decode(t, &members)
	delete(members, "updated_at")
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// openFor opens a wait, which a callback may have come before, and gives it.
func openFor(t *testing.T, p *program.Program, source, key string) program.Answer {
	t.Helper()
	body := map[string]any{"source": source, "conversation_key": key, "mode": "poll", "timeout_seconds": 300}
	return p.Admin().Must(t, []int{200, 201}, "POST", acmeWaits, body)
}

// sends sends one and fails where its outcome is another.
func sends(t *testing.T, p *program.Program, want, target, body string, fields ...string) program.Answer {
	t.Helper()
	a, err := p.Sender().Do(t.Context(), "POST", "/hooks/acme/"+target, body, fields...)
	if err != nil || a.Header.Get("Hookgate-Outcome") != want {
		t.Errorf("%s %q: %s, %v; want %s", target, body, a, err, want)
	}
	return a
}

// What a wait takes as its key, all other calls and pages take (SPEC 15, "Keys").
func TestKeysOfAnyCharacterEverywhere(t *testing.T) {
	p := acmeWith(t, filepath.Join(t.TempDir(), "data"), map[string]string{
		"path": `{"verify":{"type":"none"},"conversation_key":{"in":"path"}}`,
	})
	for i, key := range []string{"a/b", `c\d`, "50%", "e%2Ff", "g?h#i", "+49/x", "Zoë", "../k", "{{l}}", "m;n=o", "//", "..", ".", ".;x"} {
		escaped := strings.ReplaceAll(url.PathEscape(key), ".", "%2E") // as a browser or a proxy would not take it for a step up
		wait := openFor(t, p, "path", key)
		sends(t, p, "resumed", "path/"+escaped, fmt.Sprintf(`{"n":%d}`, i))
		timeline := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/conversations/"+escaped, nil)
		if got := strings.Count(string(timeline.Body), wait.Field("id")); got < 2 {
			t.Errorf("the timeline of %q: %s", key, timeline)
		}
		listed := p.Admin().Must(t, []int{200}, "GET", acmeWaits+"?conversation_key="+url.QueryEscape(key), nil)
		if !strings.Contains(string(listed.Body), wait.Field("id")) {
			t.Errorf("the waits of %q: %s", key, listed)
		}
		event := map[string]any{"events": []any{map[string]any{"event": map[string]any{"type": "note"}, "conversation": map[string]any{"key": key}}}}
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", event)
	}
	wait := openFor(t, p, "path", "HTTPS://Chat.Example/c/a%2Fb?x=1")
	if wait.Field("conversation_key") != "a/b" {
		t.Errorf("a URL in another case: %s", wait)
	}
	for _, path := range []string{"/v1/tenants/ac%2Fme/conversations/k", "/v1/tenants/%2E%2E/conversations/k", "/v1/tenants/acme/waits/%2E%2E", "/v1/tenants/acme/conversations/k/%2E%2E", "/v1/tenants/acme/conversations/.."} {
		p.Admin().Must(t, []int{400}, "GET", path, nil)
	}
}

// The inputs of cases/senders.md, each with what its kind asks beside it, on a running
// gateway that is killed between.
func TestWhoIsMeantOverKills(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := acmeWith(t, dir, map[string]string{
		"loop":   `{"verify":{"type":"none"},"early":{"again":true,"ttl":"300s"}}`,
		"button": `{"verify":{"type":"none"},"unwrap":"payload","conversation_key":[{"in":"query","path":"k"},{"path":"channel.id"}],"variables":[{"name":"at","path":"at","type":"date"},{"name":"in","path":"{{ (inner | fromjson).v }}"}]}`,
		"stripe": `{"verify":{"type":"none"},"conversation_key":{"path":"data.object.metadata.chat"},"aliases_from":["data.object.id","header:X-Customer"],"dedupe":{"id":"id"},"early":{"again":true,"ttl":"300s"},"match":[{"name":"paid","branch":"SUCCESS","when":[{"path":"type","equals":"paid"}]}]}`,
		"quiet":  `{"verify":{"type":"none"},"no_key":"ignore"}`,
	})
	again := func() {
		p.Kill9()
		p = program.Start(t, program.Options{Dir: dir})
	}
	for range 2 { // c21
		early := sends(t, p, "parked", "loop", `{"conversation_key":"chat"}`)
		again()
		sends(t, p, "duplicate", "loop", `{"conversation_key":"chat"}`)
		if w := openFor(t, p, "loop", "chat"); !strings.Contains(string(w.Body), early.Field("callback_id")) {
			t.Errorf("the wait reads %s, want it resumed by %s", w, early)
		}
		again()
	}
	w := openFor(t, p, "button", "C7") // c06, c03
	form := "payload=" + url.QueryEscape(`{"channel":{"id":"C7"},"at":"Wed, 01 May 2024 02:30:00 GMT","inner":"{\"v\":[1]}"}`)
	sends(t, p, "resumed", "button", form, "Content-Type: application/x-www-form-urlencoded")
	ended := p.Admin().Must(t, []int{200}, "GET", acmeWaits+"/"+w.Field("id"), nil)
	if !strings.Contains(string(ended.Body), `"variables":{"at":"2024-05-01T02:30:00.000Z","in":[1]}`) {
		t.Errorf("the wait reads %s", ended)
	}
	sends(t, p, "invalid_body", "button", "{}", "Content-Type: application/x-www-form-urlencoded")

	foreign := `{"id":"evt_1","type":"customer.updated","data":{"object":{"id":"cus_9"}}}` // c10
	sends(t, p, "ignored", "stripe", foreign)
	again()
	sends(t, p, "duplicate", "stripe", foreign)
	sends(t, p, "conversation_key_missing", "stripe", `{"type":"paid"}`)
	sends(t, p, "ignored", "quiet", `{"type":"paid"}`)

	sends(t, p, "parked", "stripe", `{"id":"evt_2","type":"paid","data":{"object":{"id":"pi_1","metadata":{"chat":"chat1"}}}}`, "X-Customer: cus_1")
	again()
	openFor(t, p, "stripe", "chat1")
	again()
	for _, name := range []string{"pi_1", "cus_1"} {
		w := openFor(t, p, "stripe", "chat1")
		got := sends(t, p, "resumed", "stripe", `{"type":"paid","data":{"object":{"metadata":{"chat":"`+name+`"}}}}`)
		if got.Field("wait_id") != w.Field("id") {
			t.Errorf("by %s: %s, want %s", name, got, w)
		}
	}
	told := sends(t, p, "conversation_key_missing", "loop", `{"conversation_key":"k"}`, "Content-Type: application/x-www-form-urlencoded") // c19
	if !strings.Contains(told.Field("detail"), "came as a form and looks like JSON") {
		t.Errorf("curl's -d: %s", told)
	}
	none, err := p.Sender().Do(t.Context(), "POST", "/hooks/acme/button?k=none", "", "Content-Type: application/json") // c01
	if err != nil || none.Status != http.StatusUnprocessableEntity {
		t.Errorf("nothing, where something is wrapped: %s, %v", none, err)
	}
}
