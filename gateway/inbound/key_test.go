package inbound_test

import (
	"net/url"
	"testing"

	"hookgate/gateway"
)

// forMatch is a source's match on one type.
func forMatch(typ string) []gateway.Match {
	return []gateway.Match{{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "type", Equals: raw(`"` + typ + `"`)}}}}
}

// Other traffic of the sender's account names nobody and fits nothing: it is ignored, for
// senders switch off what answers 422 (c10).
func TestForeignTrafficIsIgnored(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"stripe": {Verify: anybody, ConversationKey: gateway.KeyPlace{Path: "data.object.metadata.key"}, Match: forMatch("paid"),
			Dedupe: gateway.Dedupe{ID: "id"}, Variables: []gateway.Variable{{Name: "n", Path: "n", Required: true}}},
		"bare":  {Verify: anybody},
		"quiet": {Verify: anybody, NoKey: gateway.NoKeyIgnore},
		"both":  {Verify: anybody, NoKey: gateway.NoKeyIgnore, Match: forMatch("paid")},
		"dear":  {Verify: anybody, Match: []gateway.Match{{Name: "dear", Branch: gateway.Success, When: []gateway.Condition{{Path: "$..[*]..[*]..[*]..[*]", Exists: number(true)}}}}},
	})
	for _, c := range []struct {
		source, body, outcome string
		status                int
	}{
		{"stripe", `{"id":"evt_1","type":"customer.updated","data":{"object":{}}}`, "ignored", 200},
		{"stripe", `{"id":"evt_1","type":"customer.updated","data":{"object":{}}}`, "duplicate", 200}, // a strong id is remembered
		{"stripe", `{"type":"customer.updated"}`, "ignored", 200},
		{"stripe", `{"type":"customer.updated"}`, "ignored", 200}, // a fingerprint is not
		{"stripe", `{"id":"evt_2","type":"paid"}`, "conversation_key_missing", 422},
		{"stripe", `{"id":"evt_2","type":"paid"}`, "conversation_key_missing", 422},
		{"stripe", `{"type":"paid","data":{"object":{"metadata":{"key":"two words"}}}}`, "conversation_key_missing", 422},
		{"bare", `{"type":"customer.updated"}`, "conversation_key_missing", 422},
		{"quiet", `{"type":"customer.updated"}`, "ignored", 200},
		{"both", `{"type":"paid"}`, "ignored", 200},
		{"both", `{"type":"other"}`, "ignored", 200},
		{"both", `{"type":"paid","conversation_key":"c"}`, "parked", 202},
	} {
		a := k.send(post{path: "/hooks/acme/" + c.source, kind: asJSON, body: c.body})
		if a.status != c.status || a.outcome != c.outcome {
			t.Errorf("%s %s: %d %s, want %d %s", c.source, c.body, a.status, a.outcome, c.status, c.outcome)
		}
	}
	if a := k.send(post{path: "/hooks/acme/stripe", kind: "text/plain", body: "hello"}); a.outcome != "ignored" {
		t.Errorf("a text: %s", a.raw)
	}
	if a := k.send(post{method: "GET", path: "/hooks/acme/stripe"}); a.outcome != "ignored" {
		t.Errorf("no body: %s", a.raw)
	}
}

func TestKeyPlacesAreTriedInOrder(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"many": {Verify: anybody, ConversationKey: gateway.KeyPlace{List: []gateway.KeyPlace{
		{In: "path"}, {In: "header", Path: "X-Chat"}, {In: "query", Path: "chat"}, {Path: "a.b"}, {Path: "$.list[*].key"}, {},
	}}}})
	for _, c := range []struct {
		want string
		p    post
	}{
		{"p", post{path: "/p?chat=q", header: map[string]string{"X-Chat": "h"}, body: `{"a":{"b":"body"}}`}},
		{"h", post{path: "?chat=q", header: map[string]string{"X-Chat": "h"}, body: `{"a":{"b":"body"}}`}},
		{"q", post{path: "?chat=q", header: map[string]string{"X-Chat": "two words"}, body: `{"a":{"b":"body"}}`}},
		{"body", post{path: "?chat=", body: `{"a":{"b":"body"},"conversation_key":"last"}`}},
		{"one", post{body: `{"a":{"b":true},"list":[{"key":"one"}]}`}},
		{"last", post{body: `{"a":{"b":null},"list":[{"key":"one"},{"key":"two"}],"conversation_key":"last"}`}},
		{"", post{body: `{"a":{"b":""}}`}},
	} {
		c.p.path, c.p.kind = "/hooks/acme/many"+c.p.path, asJSON
		a := k.send(c.p)
		if got, _ := a.body["conversation_key"].(string); got != c.want || (a.outcome == "parked") != (c.want != "") {
			t.Errorf("%+v: %s, want the key %q", c.p, a.raw, c.want)
		}
	}
}

// A key of any visible character is found in body, header, query and path (SPEC 15, 17).
func TestKeysOfAnyCharacter(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"body": {Verify: anybody}, "path": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "path"}},
		"query": {Verify: anybody, ConversationKey: gateway.KeyPlace{In: "query", Path: "k"}},
	})
	for _, key := range []string{
		"a/b", "/", "a//b", "../b", "...", `a\b`, "50%", "a%2Fb", "%", "+49170", "a?b#c", "a;b=c", "Zoë", "会話", `"quoted"`, "<b>", "{{k}}", "a&b=c", "ftp://h/x", "👍",
	} {
		for source, p := range map[string]post{
			"path": {path: "/hooks/acme/path/" + url.PathEscape(key)}, "query": {path: "/hooks/acme/query?k=" + url.QueryEscape(key)},
			"body": {path: "/hooks/acme/body", kind: "application/x-www-form-urlencoded", body: "conversation_key=" + url.QueryEscape(key)},
		} {
			w := k.open(source, key)
			if a := k.send(p); a.outcome != "resumed" || a.body["wait_id"] != w.ID || a.body["conversation_key"] != key {
				t.Errorf("%q in %s: %s", key, source, a.raw)
			}
		}
	}
	for path, status := range map[string]int{
		"/hooks/ac%2Fme/path/k": 400, "/hooks/acme/pa%2fth": 400, "/hooks/acme/path/k/l%2Fm": 400, "/hooks/acme%2Fpath/k": 400, "/else/a%2Fb": 400,
		"/hooks/acme/path/a%00b": 400, "/hooks/acme/path/..": 400, "/hooks/acme/path/%E9": 422,
	} {
		a := k.sendRaw(path)
		if a != status {
			t.Errorf("%s: %d, want %d", path, a, status)
		}
	}
	w := k.open("path", "a/b")
	if a := k.send(post{path: "/hooks/acme/path/" + url.PathEscape("HTTPS://chat.example/other/a%2Fb?x=1")}); a.body["wait_id"] != w.ID {
		t.Errorf("a URL in another case: %s", a.raw)
	}
}

func TestAliasesFromAreLearned(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{
		"pay": {Verify: anybody, AliasesFrom: []string{"data.intent", "header:X-Customer", "query:s", "$.list[*]"}, Early: gateway.Early{Again: true}},
	})
	first := k.open("pay", "chat1")
	a := k.send(post{path: "/hooks/acme/pay?s=sub_1", kind: asJSON, header: map[string]string{"X-Customer": "cus_1"},
		body: `{"conversation_key":"chat1","data":{"intent":"pi_1"},"list":["l1","two words",2,"chat1",null]}`})
	if a.body["wait_id"] != first.ID {
		t.Fatal(a.raw)
	}
	for _, name := range []string{"pi_1", "cus_1", "sub_1", "l1", "2"} {
		w := k.open("pay", "chat1")
		if a := k.send(post{path: "/hooks/acme/pay", kind: asJSON, body: `{"conversation_key":"` + name + `"}`}); a.body["wait_id"] != w.ID {
			t.Errorf("by %s: %s", name, a.raw)
		}
	}
}
