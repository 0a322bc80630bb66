package signature_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestMetaHandshake(t *testing.T) {
	with := compile(t, signature.Config{Type: "meta", Secrets: []string{"app"}, VerifyToken: "tok"})
	without := compile(t, signature.Config{Type: "meta", Secrets: []string{"app"}})
	for name, c := range map[string]struct {
		v      *signature.Verifier
		method string
		query  string
		status int // 0: no handshake
		body   string
	}{
		"right":             {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 200, "42"},
		"wrong token":       {with, "GET", "hub.mode=subscribe&hub.verify_token=to&hub.challenge=42", 403, ""},
		"no token":          {with, "GET", "hub.mode=subscribe&hub.challenge=42", 403, ""},
		"empty token":       {with, "GET", "hub.mode=subscribe&hub.verify_token=&hub.challenge=42", 403, ""},
		"token twice":       {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.verify_token=tok&hub.challenge=42", 403, ""},
		"challenge twice":   {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42&hub.challenge=43", 403, ""},
		"no challenge":      {with, "GET", "hub.mode=subscribe&hub.verify_token=tok", 403, ""},
		"huge challenge":    {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("4", 1025), 403, ""},
		"none of ours":      {without, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 403, ""},
		"none, empty":       {without, "GET", "hub.mode=subscribe&hub.verify_token=&hub.challenge=42", 403, ""},
		"POST":              {with, "POST", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"another mode":      {with, "GET", "hub.mode=unsubscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"mode twice":        {with, "GET", "hub.mode=subscribe&hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"without its query": {with, "GET", "", 0, ""},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		r := &signature.Request{Method: c.method, Query: queryOf(values), Header: pairs{}, Now: now}
		a, is := c.v.Handshake(r)
		if is != (c.status != 0) || a.Status != c.status || string(a.Body) != c.body {
			t.Errorf("%s: %t, %d %q, want %d %q", name, is, a.Status, a.Body, c.status, c.body)
		}
		if err := c.v.Verify(r); err == nil {
			t.Errorf("%s: an unsigned request verifies", name)
		}
	}
}

func TestSlackHandshake(t *testing.T) {
	const secret = "8f742231b10e8888abcd99yyyzzz85a5"
	v := compile(t, signature.Config{Type: "slack", Secrets: []string{secret}})
	for name, c := range map[string]struct {
		body, signedWith string
		answer           string // empty: no handshake
		verifies         bool
	}{
		"right":       {`{"token":"x","challenge":"3eZb","type":"url_verification"}`, secret, "3eZb", true},
		"unsigned":    {`{"token":"x","challenge":"3eZb","type":"url_verification"}`, "guess", "", false},
		"an event":    {`{"type":"event_callback","event":{"text":"\"url_verification\"","x":"url_verification"}}`, secret, "", true},
		"a form":      {`payload={"type":"url_verification"}`, secret, "", true},
		"huge":        {`{"type":"url_verification","challenge":"` + strings.Repeat("c", 1025) + `"}`, secret, "", true},
		"other event": {`{"type":"event_callback"}`, secret, "", true},
	} {
		r := &signature.Request{
			Method: "POST", Body: []byte(c.body), Now: now,
			Header: pairs{{"X-Slack-Request-Timestamp", "1700000000"},
				{"X-Slack-Signature", "v0=" + hex.EncodeToString(mac(sha256.New, c.signedWith, "v0:1700000000:", c.body))}},
		}
		a, is := v.Handshake(r)
		if is != (c.answer != "") || string(a.Body) != c.answer || is && (a.Status != http.StatusOK || !strings.HasPrefix(a.ContentType, "text/plain")) {
			t.Errorf("%s: answered %t, %d %q, want %q", name, is, a.Status, a.Body, c.answer)
		}
		if got := v.Verify(r) == nil; got != c.verifies {
			t.Errorf("%s: verifies: %t, want %t", name, got, c.verifies)
		}
	}
}

func TestOthersHaveNoHandshake(t *testing.T) {
	v := compile(t, signature.Config{Type: "none"})
	if a, is := v.Handshake(&signature.Request{Method: "GET", Header: pairs{}}); is {
		t.Errorf("answered %+v", a)
	}
}
