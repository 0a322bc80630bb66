package inbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// SendGrid's events of one request, signed with ECDSA over time and body: each is a
// callback, known again by its sg_event_id in whatever request it comes; what another key
// signed is not taken, nor a body that was changed.
func TestSendGridsEvents(t *testing.T) {
	key, stranger := newKeyP256(t), newKeyP256(t)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	check(t, err)
	k := newKit(t, map[string]gateway.Source{"mail": {
		Verify:          gateway.Verify{Type: "sendgrid", Secrets: []gateway.Secret{gateway.Secret(base64.StdEncoding.EncodeToString(public))}},
		ConversationKey: gateway.KeyPlace{Path: "item.chat"}, // a custom argument: SendGrid puts them beside its own members
		Match:           []gateway.Match{{Name: "click", Branch: gateway.Success, When: []gateway.Condition{{Path: "item.event", Equals: raw(`"click"`)}}}},
		Variables:       []gateway.Variable{{Name: "url", Path: "item.url"}},
	}})
	send := func(by *ecdsa.PrivateKey, body, sent string) answer {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		sum := sha256.Sum256([]byte(at + body))
		signature, err := ecdsa.SignASN1(rand.Reader, by, sum[:])
		check(t, err)
		return k.send(post{path: "/hooks/acme/mail", kind: asJSON, body: sent, header: map[string]string{
			"X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature), "X-Twilio-Email-Event-Webhook-Timestamp": at,
		}})
	}
	const body = `[{"email":"a@example.com","timestamp":1513299569,"event":"click","sg_event_id":"e1","url":"https://a.example","chat":"A"},` +
		`{"email":"b@example.com","timestamp":1513299570,"event":"processed","sg_event_id":"e2","chat":"B"},` +
		`{"email":"b@example.com","timestamp":1513299571,"event":"click","sg_event_id":"e3","chat":"B"}]` + "\r\n"
	w := k.open("mail", "A")
	if a := send(stranger, body, body); a.status != 401 {
		t.Errorf("by a stranger: %d %s", a.status, a.raw)
	}
	if a := send(key, body, strings.Replace(body, "e1", "e9", 1)); a.status != 401 {
		t.Errorf("changed: %d %s", a.status, a.raw)
	}
	send(key, body, body).tells(t, 202, "resumed", "resumed A 0, ignored B, parked B", w)
	if got := string(k.wait(w.ID).Variables); got != `{"url":"https://a.example"}` {
		t.Errorf("the wait has %s", got)
	}
	const anew = `[{"event":"click","sg_event_id":"e4","chat":"C"},{"event":"click","sg_event_id":"e3","chat":"B"},{"event":"click","sg_event_id":"e1","chat":"A"}]`
	send(key, anew, anew).tells(t, 202, "parked", "parked C, duplicate B, duplicate A 0", w)
}

func newKeyP256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}
