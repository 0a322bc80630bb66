package signature_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"hookgate/auth/signature"
)

// larkSigned is a request of Lark's with a body of the caller's choice.
func larkSigned(secret string, body []byte) *signature.Request {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s%s%s%s", sent, "n1", secret, body))
	return &signature.Request{Method: "POST", Body: body, Now: now, Header: pairs{
		{"X-Lark-Request-Timestamp", sent}, {"X-Lark-Request-Nonce", "n1"}, {"X-Lark-Signature", hex.EncodeToString(sum[:])},
	}}
}

func TestLarkEvents(t *testing.T) {
	c := sample("lark", []byte("new"))
	c.Secrets = append(c.Secrets, "old")
	v := compile(t, c)
	token := c.VerificationToken
	for name, w := range map[string]struct {
		body   []byte
		opened string // "": nothing
		want   signature.Reason
	}{
		"version 2":        {larkBody("old", []byte(`{"header":{"token":"`+token+`","event_id":"e"}}`)), `{"header":{"token":"` + token + `","event_id":"e"}}`, ""},
		"version 1":        {larkBody("old", []byte(`{"token":"`+token+`"}`)), `{"token":"` + token + `"}`, ""},
		"another token":    {larkBody("old", []byte(`{"token":"x"}`)), `{"token":"x"}`, signature.Credential},
		"two tokens":       {larkBody("old", []byte(`{"token":"x","header":{"token":"`+token+`"}}`)), `{"token":"x","header":{"token":"` + token + `"}}`, signature.Credential},
		"no token":         {larkBody("old", []byte(`{}`)), `{}`, signature.Credential},
		"another key":      {larkBody("other", []byte(`{"token":"`+token+`"}`)), "", signature.Malformed},
		"no JSON within":   {larkBody("old", []byte(`{"token":`)), "", signature.Malformed},
		"another padding":  {larkBlocks("old", []byte(`{"token":"`+token+`"}     `+"\x01\x02\x03")), "", signature.Malformed},
		"in the open":      {[]byte(`{"token":"` + token + `"}`), "", signature.Malformed},
		"twice":            {[]byte(`{"encrypt":"","encrypt":""}`), "", signature.Malformed},
		"a short text":     {[]byte(`{"encrypt":"aWlpaWlpaWlpaWlpaWlpaQ=="}`), "", signature.Malformed},
		"no whole blocks":  {[]byte(`{"encrypt":"aWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaQ=="}`), "", signature.Malformed},
		"no base64":        {[]byte(`{"encrypt":"*"}`), "", signature.Malformed},
		"no text":          {[]byte(`{"encrypt":1}`), "", signature.Malformed},
		"nothing":          {nil, "", signature.Malformed},
		"a list":           {[]byte(`[]`), "", signature.Malformed},
		"a list within it": {larkBody("old", []byte(`[]`)), `[]`, signature.Malformed},
	} {
		if got := reason(t, v.Verify(larkSigned("old", w.body))); got != w.want {
			t.Errorf("%s: refused for %q, want %q", name, got, w.want)
		}
		if got, is := v.Open(w.body); string(got) != w.opened || is != (w.opened != "") {
			t.Errorf("%s: opened %t, %s, want %s", name, is, got, w.opened)
		}
	}
	if _, is := compile(t, sample("stripe", []byte("x"))).Open(larkBody("x", []byte("{}"))); is {
		t.Error("stripe hides something")
	}
	if r := larkSigned("wrong", larkBody("old", []byte(`{"token":"`+token+`"}`))); reason(t, v.Verify(r)) != signature.Mismatch {
		t.Error("another signature passes")
	}
}

func TestLarkHandshake(t *testing.T) {
	c := sample("lark", []byte("s3cret"))
	v := compile(t, c)
	for name, w := range map[string]struct {
		method, event, answer string
	}{
		"right":           {"POST", `{"type":"url_verification","challenge":"a\"b","token":"` + c.VerificationToken + `"}`, `{"challenge":"a\"b"}`},
		"another token":   {"POST", `{"type":"url_verification","challenge":"a","token":"x"}`, ""},
		"no challenge":    {"POST", `{"type":"url_verification","token":"` + c.VerificationToken + `"}`, ""},
		"an event":        {"POST", `{"type":"event_callback","challenge":"a","token":"` + c.VerificationToken + `"}`, ""},
		"another method":  {"PUT", `{"type":"url_verification","challenge":"a","token":"` + c.VerificationToken + `"}`, ""},
		"a huge one":      {"POST", `{"type":"url_verification","challenge":"` + fmt.Sprintf("%01025d", 1) + `","token":"` + c.VerificationToken + `"}`, ""},
		"a text of tags":  {"POST", `{"type":"url_verification","challenge":"<b>","token":"` + c.VerificationToken + `"}`, `{"challenge":"\u003cb\u003e"}`},
		"token in header": {"POST", `{"type":"url_verification","challenge":"a","header":{"token":"` + c.VerificationToken + `"}}`, `{"challenge":"a"}`},
	} {
		r := &signature.Request{Method: w.method, Header: pairs{}, Body: larkBody("s3cret", []byte(w.event)), Now: now}
		a, is := v.Handshake(r)
		if is != (w.answer != "") || string(a.Body) != w.answer || is && (a.Status != 200 || a.ContentType != "application/json") {
			t.Errorf("%s: %t, %d %q %q, want %q", name, is, a.Status, a.ContentType, a.Body, w.answer)
		}
		if v.Verify(r) == nil {
			t.Errorf("%s: verifies unsigned", name)
		}
	}
	if _, is := v.Handshake(&signature.Request{Method: "POST", Header: pairs{}, Body: []byte(`{"type":"url_verification","challenge":"a","token":"` + c.VerificationToken + `"}`), Now: now}); is {
		t.Error("a handshake in the open is answered")
	}
}
