package inbound_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"hookgate/gateway"
)

// heard is an answer as a sender hears it, who follows nothing.
func (k *kit) heard(source, body string, header ...string) (*http.Response, string) {
	k.t.Helper()
	q, err := http.NewRequest(http.MethodPost, k.url+"/hooks/acme/"+source, strings.NewReader(body))
	check(k.t, err)
	q.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		q.Header.Add(header[i], header[i+1])
	}
	a, err := http.DefaultTransport.RoundTrip(q)
	check(k.t, err)
	text, err := io.ReadAll(a.Body)
	check(k.t, err)
	check(k.t, a.Body.Close())
	return a, string(text)
}

// Senders hear what they want to hear, and what became of it stands in the header (c11).
func TestRespond(t *testing.T) {
	anybody := gateway.Verify{Type: "none"}
	name := []gateway.Variable{{Name: "name", Path: "name"}}
	paid := []gateway.Match{{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{{Path: "type", Equals: raw(`"paid"`)}}}}
	text := func(s string) *string { return &s }
	k := newKit(t, map[string]gateway.Source{
		"ok": {Verify: anybody, Match: paid, Respond: gateway.Respond{Body: text("OK")}},
		"twiml": {Verify: anybody, Variables: name, Respond: gateway.Respond{
			Status: 200, ContentType: "text/xml", Body: text("<Response><Say>{{ variables.name }}</Say></Response>"),
		}},
		"loose": {Verify: anybody, Respond: gateway.Respond{
			ContentType: "text/html", Body: text("<p>"), Headers: map[string]string{"content-security-policy": "script-src *"},
		}},
		"shop": {Verify: anybody, Variables: name, Match: paid, Respond: gateway.Respond{
			Status: 303, Location: "https://shop.example/thanks/{{ conversation_key }}?name={{ name }}&o={{ outcome }}",
			Headers:  map[string]string{"X-Callback": "{{ callback_id }}"},
			Outcomes: map[string]gateway.OwnAnswer{"ignored": {Body: text("nothing to see")}, "late": {Status: 303, Location: "/late"}},
		}},
		"json":  {Verify: anybody, Variables: name, Respond: gateway.Respond{Status: 201, ContentType: "application/json", Body: text(`{"n":"{{ name }}","all":{{ variables | tojson }}}`)}},
		"fails": {Verify: anybody, Variables: name, Respond: gateway.Respond{Status: 303, Location: "/x", ContentType: "application/json", Body: text(`{{ name }}`)}},
		"head":  {Verify: anybody, Variables: name, Respond: gateway.Respond{Headers: map[string]string{"X-Name": "{{ name }}"}}},
		"empty": {Verify: anybody, Respond: gateway.Respond{Status: 204}},
		"needs": {Verify: anybody, Variables: []gateway.Variable{{Name: "n", Path: "n", Required: true}}, Respond: gateway.Respond{Body: text("OK")}},
		"guard": {Verify: gateway.Verify{Type: "bearer", Secrets: []gateway.Secret{"s3cret-s3cret"}}, Respond: gateway.Respond{Status: 200, Body: text("OK")}},
	})
	k.open("shop", "c1")
	for _, c := range []struct {
		source, body             string
		status                   int
		outcome, kind, text, loc string
	}{
		{"ok", `{"conversation_key":"a","type":"paid"}`, 202, "parked", "text/plain; charset=utf-8", "OK", ""},
		{"ok", `{"conversation_key":"a","type":"x"}`, 200, "ignored", "text/plain; charset=utf-8", "OK", ""},
		{"ok", `{"type":"paid"}`, 422, "conversation_key_missing", "application/problem+json", "", ""}, // a refusal is told as one
		{"twiml", `{"conversation_key":"b","name":"</Say><Hangup/>&\"'\u0001"}`, 200, "parked", "text/xml; charset=utf-8",
			"<Response><Say>&lt;/Say&gt;&lt;Hangup/&gt;&amp;&#34;&#39;</Say></Response>", ""},
		{"twiml", `{}`, 200, "conversation_key_missing", "text/xml; charset=utf-8", "<Response><Say></Say></Response>", ""}, // pinned
		{"shop", `{"conversation_key":"c1","type":"paid","name":"a&b=/\\//é"}`, 303, "resumed", "application/json", "",
			"https://shop.example/thanks/c1?name=a%26b%3D%2F%5C%2F%2F%C3%A9&o=resumed"},
		{"shop", `{"conversation_key":"c1","type":"paid","name":"a&b=/\\//é"}`, 303, "duplicate", "application/json", "",
			"https://shop.example/thanks/c1?name=&o=duplicate"}, // its variables are not known any more
		{"shop", `{"conversation_key":"c1","type":"paid","name":"other"}`, 303, "already_resumed", "application/json", "",
			"https://shop.example/thanks/c1?name=other&o=already_resumed"},
		{"shop", `{"conversation_key":"c1","type":"x"}`, 200, "ignored", "text/plain; charset=utf-8", "nothing to see", ""},
		{"json", `{"conversation_key":"d","name":"a\"b\\\n<"}`, 201, "parked", "application/json", `{"n":"a\"b\\\n\u003c","all":{"name":"a\"b\\\n<"}}`, ""},
		{"fails", `{"conversation_key":"e","name":"no JSON"}`, 202, "parked", "application/json", "", ""}, // and no redirect to nowhere
		{"fails", `{"conversation_key":"e","name":5}`, 303, "parked", "application/json", "5", "/x"},
		{"empty", `{"conversation_key":"f"}`, 204, "parked", "", "", ""},
		{"needs", `{"conversation_key":"g"}`, 422, "variable_missing", "application/problem+json", "", ""},
		{"guard", `{"conversation_key":"g"}`, 401, "unauthenticated", "application/problem+json", "", ""}, // never pinned
	} {
		a, body := k.heard(c.source, c.body)
		if a.StatusCode != c.status || a.Header.Get("Hookgate-Outcome") != c.outcome || a.Header.Get("Location") != c.loc ||
			a.Header.Get("Content-Type") != c.kind && c.status != 204 {
			t.Errorf("%s %s: %d %v", c.source, c.body, a.StatusCode, a.Header)
		}
		own := strings.HasPrefix(body, `{"outcome":"`+c.outcome+`"`)
		if c.text != "" && body != c.text || c.text == "" && !own && c.status != 204 {
			t.Errorf("%s %s: %s, want %s", c.source, c.body, body, c.text)
		}
		if c.text != "" && a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a browser may guess what it is", c.source)
		}
	}
	if a, _ := k.heard("twiml", `{"conversation_key":"p"}`); !strings.Contains(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("a page may run scripts: %v", a.Header)
	}
	a, _ := k.heard("loose", `{"conversation_key":"l"}`)
	if of := strings.Join(a.Header.Values("Content-Security-Policy"), ", "); !strings.Contains(of, "default-src 'none'") || !strings.Contains(of, "script-src *") {
		t.Errorf("what a tenant may run on everybody's host: %s", of)
	}
	for value, want := range map[string]string{"plain": "plain", `a\r\nSet-Cookie: x=1`: "", `a\u0000b`: "", strings.Repeat("x", 5000): ""} {
		a, _ := k.heard("head", `{"conversation_key":"h","n":"`+value[:1]+`","name":"`+value+`"}`)
		if a.StatusCode != 202 || a.Header.Get("X-Name") != want || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("%.20q in a header: %d %v", value, a.StatusCode, a.Header)
		}
	}
	if logs := k.log.String(); strings.Count(logs, "respond does not render") != 2 {
		t.Errorf("the log has %s", logs)
	}
}

// Who calls from elsewhere is refused before anything is verified or answered, and it
// counts as a failed verification.
func TestAllowIPs(t *testing.T) {
	secret := []gateway.Secret{"s3cret-s3cret"}
	k := newKit(t, map[string]gateway.Source{
		"here": {Verify: gateway.Verify{Type: "none"}, AllowIPs: []string{"127.0.0.0/8"}},
		"there": {Verify: gateway.Verify{Type: "bearer", Secrets: secret}, AllowIPs: []string{"192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.0/120"},
			Handshake: &gateway.Handshake{Type: "echo", In: "query", Name: "q", Method: "POST"}},
	})
	for _, c := range []struct {
		source, from string
		trusts       bool
		status       int
	}{
		{"here", "", false, 202},
		{"here", "192.0.2.7", true, 401},
		{"there", "", false, 401},
		{"there", "192.0.2.7", false, 401}, // nobody believes it
		{"there", "192.0.2.7", true, 202},
		{"there", "::ffff:192.0.2.7", true, 202},
		{"there", "192.0.2.8", true, 401},
		{"there", "2001:db8:1::1", true, 202},
		{"there", "2001:db9::1", true, 401},
		{"there", "198.51.100.9", true, 202},
	} {
		k.trusts = c.trusts
		before := k.failed
		header := []string{"Authorization", "Bearer s3cret-s3cret"}
		if c.from != "" {
			header = append(header, "X-Forwarded-For", c.from)
		}
		a, body := k.heard(c.source, `{"conversation_key":"`+strings.NewReplacer(":", "-").Replace(c.from+c.source)+`"}`, header...)
		// The test's proxy is trusted wherever it stands, so the first of the chain counts.
		if a.StatusCode != c.status || (c.status == 401) != (k.failed > before) {
			t.Errorf("%s from %q: %d %s, %d failed", c.source, c.from, a.StatusCode, body, k.failed-before)
		}
	}
	k.trusts = false
	if a, body := k.heard("there?q=hello", ""); a.StatusCode != 401 || strings.Contains(body, "hello") {
		t.Errorf("a question from elsewhere is answered: %d %s", a.StatusCode, body)
	}
	if logs := k.log.String(); !strings.Contains(logs, "reason=address") {
		t.Errorf("the log has %s", logs)
	}
}
