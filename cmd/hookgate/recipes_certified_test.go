package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/secure/securetest"
	"hookgate/gateway/transport/transporttest"
)

const (
	payPalCert = "https://api.paypal.com/v1/notifications/certs/CERT-of-a-test"
	snsCert    = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-of-a-test.pem"
)

// certified are PayPal and Amazon: they give the certificates out that they sign with,
// and are reached through a proxy that leads their names here.
type certified struct {
	key   *rsa.PrivateKey
	roots string // the file of the authority that knows them
	out   string // the configuration by which they are reached
}

func newCertified(t *testing.T) *certified {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	authority := securetest.NewAuthority(t)
	mux := http.NewServeMux()
	for place, name := range map[string]string{payPalCert: "messageverificationcerts.paypal.com", snsCert: "sns.amazonaws.com"} {
		cert := authority.Certificate(t, key, name)
		mux.HandleFunc(strings.TrimPrefix(place, "https://"), func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(cert)) })
	}
	mux.HandleFunc("sns.eu-west-1.amazonaws.com/{$}", func(http.ResponseWriter, *http.Request) {}) // a subscription is confirmed
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Server(t, "api.paypal.com", "sns.eu-west-1.amazonaws.com")}}
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy := transporttest.NewProxy(t, nil)
	for _, name := range []string{"api.paypal.com:443", "sns.eu-west-1.amazonaws.com:443"} {
		proxy.Names[name] = strings.TrimPrefix(server.URL, "https://")
	}
	return &certified{
		key: key, roots: writeRoots(t, authority.PEM),
		out: fmt.Sprintf("egress: { allow: [127.0.0.0/8], proxy: { url: %q, resolve: proxy, no_proxy: [127.0.0.1] } }\n", proxy.URL),
	}
}

func (c *certified) rsa(t *testing.T, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// signPayPal signs a transmission for the webhook.
func (c *certified) signPayPal(t *testing.T, webhook, id, body string, add func(name, value string)) {
	t.Helper()
	at := time.Now().UTC().Format(time.RFC3339)
	add("PAYPAL-TRANSMISSION-ID", id)
	add("PAYPAL-TRANSMISSION-TIME", at)
	add("PAYPAL-AUTH-ALGO", "SHA256withRSA")
	add("PAYPAL-CERT-URL", payPalCert)
	add("PAYPAL-TRANSMISSION-SIG", c.rsa(t, fmt.Sprintf("%s|%s|%s|%d", id, at, webhook, crc32.ChecksumIEEE([]byte(body)))))
}

// wrapSNS makes a message of a topic; subscribing is the body "".
func (c *certified) wrapSNS(t *testing.T, topic, id, message string, add func(name, value string)) string {
	t.Helper()
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	m := map[string]string{
		"Type": "Notification", "MessageId": id, "TopicArn": topic, "Message": message, "Timestamp": at, "SignatureVersion": "2", "SigningCertURL": snsCert,
	}
	pairs := []string{"Message", message, "MessageId", id, "Timestamp", at, "TopicArn", topic}
	if message == "" {
		m["Type"], m["Message"], m["Token"] = "SubscriptionConfirmation", "You have chosen to subscribe", "2336"
		m["SubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336"
		pairs = []string{"Message", m["Message"], "MessageId", id, "SubscribeURL", m["SubscribeURL"], "Timestamp", at, "Token", m["Token"], "TopicArn", topic}
	}
	m["Signature"] = c.rsa(t, strings.Join(append(pairs, "Type", m["Type"], ""), "\n"))
	add("x-amz-sns-message-type", m["Type"])
	add("x-amz-sns-topic-arn", topic)
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
