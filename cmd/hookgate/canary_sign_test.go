package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// credential is one way to prove who calls: how a source is told of it, with %q
// for the secret, and what a sender puts on its requests.
type credential struct {
	name   string
	verify string // as JSON, which is YAML too
	prefix string // of the secret
	sign   func(secret, body string) (query string, fields []string)
}

// credentials are those of issue 2. They are signed here by hand, from each
// provider's documentation: the gateway's own code is what is under test.
var credentials = []credential{
	{"token", `{ "type": "token", "in": "header", "name": "X-Token", "secrets": [%q] }`, "", func(secret, _ string) (string, []string) {
		return "", []string{"X-Token: " + secret}
	}},
	{"query", `{ "type": "token", "in": "query", "name": "token", "secrets": [%q] }`, "", func(secret, _ string) (string, []string) {
		return "?token=" + url.QueryEscape(secret), nil
	}},
	{"bearer", `{ "type": "bearer", "secrets": [%q] }`, "", func(secret, _ string) (string, []string) {
		return "", []string{"Authorization: Bearer " + secret}
	}},
	{"basic", `{ "type": "basic", "username": "clinic", "password": %q }`, "", func(secret, _ string) (string, []string) {
		return "", []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("clinic:"+secret))}
	}},
	{"hmac", `{ "type": "hmac", "header": "X-Sig", "secrets": [%q] }`, "", func(secret, body string) (string, []string) {
		return "", []string{"X-Sig: " + hex.EncodeToString(mac(secret, body))}
	}},
	{"standard", `{ "type": "standard", "secrets": [%q] }`, "whsec_", func(secret, body string) (string, []string) {
		return "", standardFields("webhook-", secret, body)
	}},
	{"svix", `{ "type": "svix", "secrets": [%q] }`, "whsec_", func(secret, body string) (string, []string) {
		return "", standardFields("svix-", secret, body)
	}},
	{"stripe", `{ "type": "stripe", "secrets": [%q] }`, "whsec_", func(secret, body string) (string, []string) {
		at := now()
		return "", []string{"Stripe-Signature: t=" + at + ",v1=" + hex.EncodeToString(mac(secret, at+"."+body))}
	}},
	{"github", `{ "type": "github", "secrets": [%q] }`, "", func(secret, body string) (string, []string) {
		return "", []string{"X-Hub-Signature-256: sha256=" + hex.EncodeToString(mac(secret, body)), "X-GitHub-Delivery: " + idOf(body)}
	}},
	{"slack", `{ "type": "slack", "secrets": [%q] }`, "", func(secret, body string) (string, []string) {
		at := now()
		return "", []string{"X-Slack-Request-Timestamp: " + at, "X-Slack-Signature: v0=" + hex.EncodeToString(mac(secret, "v0:"+at+":"+body))}
	}},
	{"meta", `{ "type": "meta", "secrets": [%q], "verify_token": "a-token-for-the-handshake" }`, "", func(secret, body string) (string, []string) {
		return "", []string{"X-Hub-Signature-256: sha256=" + hex.EncodeToString(mac(secret, body))}
	}},
}

func mac(key, text string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// idOf gives a body a delivery id: the same for the same body.
func idOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:8])
}

func standardFields(prefix, secret, body string) []string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err) // plant writes base64
	}
	id, at := idOf(body), now()
	return []string{
		prefix + "id: " + id, prefix + "timestamp: " + at,
		prefix + "signature: v1," + base64.StdEncoding.EncodeToString(mac(string(key), id+"."+at+"."+body)),
	}
}
