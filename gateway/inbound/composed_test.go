package inbound_test

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// amazon is an SNS of a test.
type amazon struct {
	t     *testing.T
	key   *rsa.PrivateKey
	chain []byte
	err   error
	asked []string
}

const (
	snsTopic = "arn:aws:sns:eu-west-1:123456789012:orders"
	snsHost  = "https://sns.eu-west-1.amazonaws.com/"
)

func newAmazon(t *testing.T) *amazon {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	c := x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"sns.amazonaws.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, &c, &c, &key.PublicKey, key)
	check(t, err)
	return &amazon{t: t, key: key, chain: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})}
}

func (a *amazon) fetch(url string) ([]byte, error) {
	a.asked = append(a.asked, url)
	return a.chain, a.err
}

// message is a signed message of a type.
func (a *amazon) message(kind, id, text string) post {
	a.t.Helper()
	m := map[string]string{
		"Type": kind, "MessageId": id, "TopicArn": snsTopic, "Message": text, "Timestamp": "2026-01-01T00:00:00.000Z",
		"SignatureVersion": "2", "SigningCertURL": snsHost + "SimpleNotificationService-1.pem",
	}
	signed := fmt.Sprintf("Message\n%s\nMessageId\n%s\n", text, id)
	if kind != "Notification" {
		m["SubscribeURL"], m["Token"] = snsHost+"?Action=ConfirmSubscription&Token=1", "1"
		signed += "SubscribeURL\n" + m["SubscribeURL"] + "\n"
	}
	signed += "Timestamp\n" + m["Timestamp"] + "\n"
	if kind != "Notification" {
		signed += "Token\n1\n"
	}
	sum := sha256.Sum256([]byte(signed + "TopicArn\n" + snsTopic + "\nType\n" + kind + "\n"))
	sig, err := rsa.SignPKCS1v15(nil, a.key, crypto.SHA256, sum[:])
	check(a.t, err)
	m["Signature"] = base64.StdEncoding.EncodeToString(sig)
	body, err := json.Marshal(m)
	check(a.t, err)
	return post{path: "/hooks/acme/topic?key=chat1", kind: "application/json", body: string(body), header: map[string]string{
		"X-Amz-Sns-Message-Type": kind, "X-Amz-Sns-Topic-Arn": snsTopic}}
}

// While the certificate cannot be had, nobody is let in and SNS comes again; a
// subscription is confirmed once it can be.
func TestSNSAtASource(t *testing.T) {
	a := newAmazon(t)
	k := newKit(t, nil)
	k.certificates = signature.NewCertificates(a.fetch, nil)
	k.load(map[string]gateway.Source{"topic": {
		Verify: gateway.Verify{Type: "sns", TopicARN: snsTopic}, ConversationKey: gateway.KeyPlace{In: "query", Path: "key"},
	}})
	a.err = errors.New("timeout")
	for _, kind := range []string{"Notification", "SubscriptionConfirmation"} {
		if got := k.send(a.message(kind, "m0", "{}")); got.status != 503 || got.outcome != "unavailable" || got.header.Get("Retry-After") == "" {
			t.Errorf("%s without a certificate: %d %s", kind, got.status, got.raw)
		}
	}
	a.err, a.asked = nil, nil // what could not be had is asked for again after a while: here, by others
	k.certificates = signature.NewCertificates(a.fetch, nil)
	k.load(map[string]gateway.Source{"topic": {
		Verify: gateway.Verify{Type: "aws-sns", TopicARN: snsTopic}, ConversationKey: gateway.KeyPlace{In: "query", Path: "key"},
	}})
	for _, want := range []string{"parked", "duplicate"} {
		if got := k.send(a.message("Notification", "m1", "{}")); got.outcome != want {
			t.Errorf("%s, want %s", got.raw, want)
		}
	}
	if got := k.send(a.message("SubscriptionConfirmation", "m2", "x")); got.status != 200 || got.outcome != "handshake" {
		t.Errorf("the confirmation: %d %s", got.status, got.raw)
	}
	if len(a.asked) != 2 || a.asked[1] != snsHost+"?Action=ConfirmSubscription&Token=1" {
		t.Errorf("asked %q", a.asked)
	}
	a.err, k.failed = errors.New("timeout"), 0
	got := k.send(a.message("SubscriptionConfirmation", "m3", "x"))
	if got.status != 503 || got.header.Get("Retry-After") == "" || k.failed != 0 {
		t.Errorf("a confirmation that SNS does not hear: %d %s, counted as %d failures", got.status, got.raw, k.failed)
	}
	forged := a.message("SubscriptionConfirmation", "m4", "x")
	forged.body = strings.Replace(forged.body, "m4", "m5", 1)
	if got := k.send(forged); got.status != 401 || len(a.asked) != 3 {
		t.Errorf("forged: %d %s, asked %q", got.status, got.raw, a.asked)
	}
}

// Dropbox Sign wants one text for every event that was taken, and its paths look into
// the part that has the event.
func TestDropboxSignAtASource(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"sign": {
		Verify:          gateway.Verify{Type: "dropbox-sign", Secrets: []gateway.Secret{providerSecret}},
		ConversationKey: gateway.KeyPlace{Path: "signature_request.metadata.key"},
	}})
	const hello = "Hello API Event Received"
	event := func(kind, key string) post {
		at := fmt.Sprint(time.Now().Unix())
		mac := hmac.New(sha256.New, []byte(providerSecret))
		mac.Write([]byte(at + kind))
		part := fmt.Sprintf(`{"event":{"event_time":"%s","event_type":"%s","event_hash":"%s"},"signature_request":{"metadata":{"key":"%s"}}}`,
			at, kind, hex.EncodeToString(mac.Sum(nil)), key)
		return post{path: "/hooks/acme/sign", kind: "multipart/form-data; boundary=B",
			body: "--B\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n" + part + "\r\n--B--\r\n"}
	}
	signed := event("signed", "chat1")
	for _, want := range []string{"parked", "duplicate"} {
		if got := k.send(signed); got.outcome != want || got.status != 200 || got.raw != hello {
			t.Errorf("%s: %d %q, want %s", got.outcome, got.status, got.raw, want)
		}
	}
	signed.body = strings.Replace(signed.body, "chat1", "chat2", 1) // not signed: the hash is good for one event
	if got := k.send(signed); got.outcome != "duplicate" {
		t.Errorf("another event under the hash: %s", got.outcome)
	}
	if got := k.send(event("callback_test", "")); got.outcome != "handshake" || got.raw != hello {
		t.Errorf("the test event: %s %q", got.outcome, got.raw)
	}
	if got := k.send(event("declined", "")); got.status != 422 || got.raw == hello {
		t.Errorf("without a key: %d %q", got.status, got.raw)
	}
}

func TestCloudEventsAtASource(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"grid": {Verify: gateway.Verify{
		Type: "cloudevents-handshake", AllowedOrigins: gateway.Texts{"eventgrid.azure.net"}, In: "query", Name: "code", Secrets: []gateway.Secret{providerSecret},
	}}})
	ask := func(origin string) answer {
		return k.send(post{method: "OPTIONS", path: "/hooks/acme/grid", header: map[string]string{"WebHook-Request-Origin": origin}})
	}
	if a := ask("eventgrid.azure.net"); a.status != 200 || a.header.Get("WebHook-Allowed-Origin") != "eventgrid.azure.net" || a.raw != "" {
		t.Errorf("%d %v %q", a.status, a.header, a.raw)
	}
	if a := ask("evil.test"); a.status != 403 || a.header.Get("WebHook-Allowed-Origin") != "" {
		t.Errorf("another origin: %d %v", a.status, a.header)
	}
	event := post{path: "/hooks/acme/grid", kind: "application/cloudevents+json", body: `{"conversation_key":"chat1"}`, header: map[string]string{"Ce-Id": "1"}}
	if a := k.send(event); a.status != 401 {
		t.Errorf("without its token: %d", a.status)
	}
	event.path += "?code=" + providerSecret
	for _, want := range []string{"parked", "duplicate"} {
		if a := k.send(event); a.outcome != want {
			t.Errorf("%s, want %s", a.raw, want)
		}
	}
	if bytes.Contains(k.log.Bytes(), []byte(providerSecret)) {
		t.Error("the log has the token")
	}
}

// A source's own handshake is answered before anybody is verified, and is no callback; a
// wrong token counts like a failed verification.
func TestOwnHandshake(t *testing.T) {
	verify := gateway.Verify{Type: "bearer", Secrets: []gateway.Secret{providerSecret}}
	k := newKit(t, map[string]gateway.Source{
		"asana": {Verify: verify, Methods: []string{"POST"}, Handshake: &gateway.Handshake{
			Type: "echo", In: "header", Name: "X-Hook-Secret", Respond: "header",
			Token: &gateway.HandshakeToken{In: "query", Name: "token", Secrets: []gateway.Secret{"letmein"}},
		}},
		"hub": {Verify: verify, Methods: []string{"POST"}, Handshake: &gateway.Handshake{Type: "cloudevents", Origins: gateway.Texts{"eventgrid.azure.net"}}},
	})
	hook := map[string]string{"X-Hook-Secret": "b537"}
	if a := k.send(post{path: "/hooks/acme/asana?token=letmein", header: hook}); a.status != 200 || a.header.Get("X-Hook-Secret") != "b537" || a.outcome != "handshake" {
		t.Errorf("asana: %d %v", a.status, a.header)
	}
	k.failed = 0
	if a := k.send(post{path: "/hooks/acme/asana?token=x", header: hook}); a.status != 403 || a.header.Get("X-Hook-Secret") != "" || k.failed != 1 {
		t.Errorf("with another token: %d %v", a.status, a.header)
	}
	if a := k.send(post{path: "/hooks/acme/asana?token=letmein", kind: asJSON, body: `{"conversation_key":"chat1"}`}); a.status != 401 {
		t.Errorf("a callback without a credential: %d", a.status)
	}
	grid := post{method: "OPTIONS", path: "/hooks/acme/hub", header: map[string]string{"WebHook-Request-Origin": "eventgrid.azure.net"}}
	if a := k.send(grid); a.status != 200 || a.header.Get("WebHook-Allowed-Origin") != "eventgrid.azure.net" {
		t.Errorf("hub: %d %v", a.status, a.header)
	}
}
