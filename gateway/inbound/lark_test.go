package inbound_test

import (
	"testing"

	"hookgate/gateway"
)

// Lark hides its events: keys, ids and what is stored are those of the event within,
// and the handshake is answered.
func TestLark(t *testing.T) {
	_, verify := configured("lark")
	k := newKit(t, map[string]gateway.Source{
		"lark": {Verify: verify, ConversationKey: gateway.KeyPlace{Path: "event.message.chat_id"}},
	})
	event := func(token, id, chat string) string {
		return `{"header":{"event_id":"` + id + `","token":"` + token + `"},"event":{"message":{"chat_id":"` + chat + `"}}}`
	}
	send := func(body string) answer { return k.send(k.signed("lark", k.url, body, nil)) }
	if a := send(hidden(event("token", "e1", "oc_1"))); a.outcome != "parked" || a.body["conversation_key"] != "oc_1" {
		t.Errorf("an event: %s", a.raw)
	}
	if a := send(hidden(event("token", "e1", "oc_2"))); a.outcome != "duplicate" {
		t.Errorf("again: %s", a.raw)
	}
	if a := send(hidden(event("guess", "e2", "oc_1"))); a.status != 401 {
		t.Errorf("with another token: %d %s", a.status, a.raw)
	}
	if a := send(event("token", "e2", "oc_1")); a.status != 401 {
		t.Errorf("in the open: %d %s", a.status, a.raw)
	}
	shake := post{path: "/hooks/acme/lark", kind: asJSON, body: hidden(`{"type":"url_verification","challenge":"ch1","token":"token"}`)}
	if a := k.send(shake); a.status != 200 || a.raw != `{"challenge":"ch1"}` {
		t.Errorf("the handshake: %d %s", a.status, a.raw)
	}
	shake.body = hidden(`{"type":"url_verification","challenge":"ch1","token":"guess"}`)
	if a := k.send(shake); a.status != 401 {
		t.Errorf("the handshake, by a guess: %d %s", a.status, a.raw)
	}
}
