package inbound_test

import (
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

const button = `{"type":"block_actions","channel":{"id":"C7"},"actions":[{"value":"é"}],"trigger_id":"t1"}`

// signedAs sends a body as a provider signs it; "" signs nothing.
func (k *kit) signedAs(kind, source, contentType, body string) answer {
	k.t.Helper()
	p := post{body: body}
	if kind != "" {
		p = k.signed(kind, k.url, body, nil)
	}
	p.path, p.kind = "/hooks/acme/"+source, contentType
	return k.send(p)
}

// A Slack button and a GitHub hook of the form content type have their JSON in one field
// (c06); what was signed is the bytes received.
func TestProvidersWrapTheirForms(t *testing.T) {
	secrets := []gateway.Secret{providerSecret}
	slack := gateway.Source{
		Verify: gateway.Verify{Type: "slack", Secrets: secrets}, ConversationKey: gateway.KeyPlace{Path: "channel.id"},
		Match:     []gateway.Match{{Name: "button", Branch: gateway.Success, When: []gateway.Condition{{Path: "type", Equals: raw(`"block_actions"`)}}}},
		Variables: []gateway.Variable{{Name: "v", Path: "actions[0].value"}}, Early: gateway.Early{Again: true},
	}
	byID := slack
	byID.Dedupe.ID = "trigger_id"
	k := newKit(t, map[string]gateway.Source{
		"slack": slack, "byid": byID,
		"github": {Verify: gateway.Verify{Type: "github", Secrets: secrets}, ConversationKey: gateway.KeyPlace{Path: "channel.id"}},
		"any":    {Verify: anybody, Unwrap: "data.text", ConversationKey: gateway.KeyPlace{Path: "channel.id"}},
		"all":    {Verify: gateway.Verify{Type: "slack", Secrets: secrets}, Unwrap: "$", ConversationKey: gateway.KeyPlace{Path: "token"}},
	})
	form := "payload=" + url.QueryEscape(button)
	w := k.open("slack", "C7")
	if a := k.signedAs("slack", "slack", asForm, form); a.body["wait_id"] != w.ID {
		t.Fatalf("a button: %s", a.raw)
	}
	ended, err := k.sessions.Get("acme", w.ID)
	check(t, err)
	if string(ended.Callback.Body) != button || string(ended.Variables) != `{"v":"é"}` || ended.Match != "button" {
		t.Errorf("the wait reads %s", ended.AppendJSON(nil))
	}
	multi := "--B\r\nContent-Disposition: form-data; name=\"payload\"\r\n\r\n" + button + "\r\n--B--\r\n"
	for _, c := range []struct{ signer, source, kind, body, want string }{
		{"slack", "slack", "multipart/form-data; boundary=B", multi, "parked"},
		{"slack", "slack", asForm, "payload=" + url.QueryEscape(strings.Replace(button, "block", "view", 1)), "ignored"},
		{"slack", "slack", asForm, "command=%2Fpay&channel.id=C7", "ignored"}, // a slash command wraps nothing
		{"slack", "slack", asForm, "payload=hello", "invalid_body"},
		{"slack", "slack", asJSON, button, "parked"},
		{"slack", "byid", asForm, form, "parked"},
		{"slack", "byid", asForm, form + "&x=1", "duplicate"},
		{"slack", "all", asForm, "token=t1&" + form, "parked"},
		{"github", "github", asForm, form, "parked"},
		{"github", "github", asJSON, `{"payload":"{}","channel":{"id":"C8"}}`, "parked"},
		{"", "any", asJSON, `{"data":{"text":"{\"channel\":{\"id\":\"C7\"}}"}}`, "parked"},
		{"", "any", asJSON, `{"data":{"text":"hello"}}`, "invalid_body"},
	} {
		a := k.signedAs(c.signer, c.source, c.kind, c.body)
		if a.outcome != c.want || c.want == "invalid_body" && a.status != 400 {
			t.Errorf("%s %s %s: %s, want %s", c.source, c.kind, c.body, a.raw, c.want)
		}
	}
	a := k.send(post{path: "/hooks/acme/any", kind: asForm, body: `{"data":{"text":"{}"}}`})
	if detail, _ := a.body["detail"].(string); a.status != 422 || a.outcome != "invalid_body" || !strings.Contains(detail, "looks like JSON") {
		t.Errorf("nothing at unwrap: %s", a.raw)
	}
}

// What SNS notifies of is the JSON in Message, and the id by which its repeat is known
// stands beside it (c07).
func TestSNSWrapsItsMessage(t *testing.T) {
	a := newAmazon(t)
	k := newKit(t, nil)
	k.certificates = signature.NewCertificates(a.fetch, nil)
	verify := gateway.Verify{Type: "aws-sns", TopicARN: snsTopic}
	k.load(map[string]gateway.Source{
		"topic": {Verify: verify, ConversationKey: gateway.KeyPlace{List: []gateway.KeyPlace{{Path: "chat"}, {Path: "Message"}}}},
	})
	for _, c := range []struct{ id, message, key, outcome string }{
		{"m1", `{"chat":"c1"}`, "c1", "parked"}, {"m1", `{"chat":"c2"}`, "c2", "duplicate"}, {"m2", `{"chat":"c1"}`, "c1", "parked"},
		{"m3", "plain", "plain", "parked"}, {"m4", "7", "", "conversation_key_missing"},
	} {
		p := a.message("Notification", c.id, c.message)
		p.path = "/hooks/acme/topic"
		got := k.send(p)
		if key, _ := got.body["conversation_key"].(string); got.outcome != c.outcome || key != c.key {
			t.Errorf("%s %s: %s, want %s of %q", c.id, c.message, got.raw, c.outcome, c.key)
		}
	}
}

// Large bodies that are unwrapped take one turn each, and not one for the body and one
// more for what lies in it: so many that together have all turns would wait for each other,
// and everybody for them.
func TestLargeBodiesAreUnwrappedInOneTurn(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"any": {Verify: anybody, Unwrap: "data.text", ConversationKey: gateway.KeyPlace{Path: "channel.id"}}})
	large := strings.Repeat("x", 600<<10)
	var all sync.WaitGroup
	for i := range 2 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			body := strconv.Quote(`{"channel":{"id":"C` + strconv.Itoa(i) + `"},"large":"` + large + `"}`)
			if a := k.send(post{path: "/hooks/acme/any", kind: "application/json", body: `{"data":{"text":` + body + `}}`}); a.status != 202 {
				t.Errorf("%d: %.200s", a.status, a.raw)
			}
		})
	}
	all.Wait()
}
