package signature_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// What sign makes of a message, its verifier takes, whatever is covered and by whichever
// key: of a pair, the private one signs and the public one verifies.
func TestMessagesThatAreSignedPass(t *testing.T) {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString
	const shared, called = "c2hhcmVkIHNlY3JldA==", "https://gw.example.test:8443/hooks/a/b?x=%20y"
	for name, c := range map[string]struct {
		signs, verifies   string
		algorithm, signed string
	}{
		"a shared secret":    {shared, shared, "", ""},
		"named":              {shared, shared, "hmac-sha256", "@method @path content-digest"},
		"a private key":      {text(der), text(spki), "", "@target-uri content-digest date"},
		"its bytes":          {text(private.Seed()), text(private.Public().(ed25519.PublicKey)), "ed25519", "@authority @query content-digest"},
		"parts of the URL":   {shared, shared, "", "@scheme @authority @request-target content-digest"},
		"without the digest": {shared, shared, "", "@method @target-uri"},
	} {
		sender := signature.Config{Type: "rfc9421", Secrets: []string{c.signs}, Algorithm: c.algorithm, Signed: c.signed}
		fields := headersOf(compileSender(t, sender), signature.Message{ID: "evt1", At: now, Body: []byte(`{"a":1}`), Method: "POST", URL: called})
		receiver := sender
		receiver.Secrets = []string{c.verifies}
		verify := func(called, body string) error {
			return compile(t, receiver).Verify(&signature.Request{
				Method: "POST", URL: func() string { return called }, Header: fields, Body: []byte(body), Now: now,
			})
		}
		if err := verify(called, `{"a":1}`); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		if err := verify(called, `{"a":2}`); (err == nil) != (c.signed == "@method @target-uri") {
			t.Errorf("%s: another body: %v", name, err)
		}
		if err := verify("http://other.test/", `{"a":1}`); err == nil {
			t.Errorf("%s: another URL passes", name)
		}
	}
}

func TestMessageSenderFaults(t *testing.T) {
	private := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", ed25519.SeedSize)))
	for field, c := range map[string]signature.Config{
		"secrets":    {},
		"secrets[0]": {Secrets: []string{private}},
		"algorithm":  {Secrets: []string{"c2VjcmV0"}, Algorithm: "rsa"},
		"signed":     {Secrets: []string{"c2VjcmV0"}, Signed: "@nothing"},
		"tolerance":  {Secrets: []string{"c2VjcmV0"}, Tolerance: 1},
	} {
		c.Type = "rfc9421"
		if s, faults := signature.CompileSender(c); s != nil || len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: faults %v", field, faults)
		}
	}
	c := signature.Config{Type: "rfc9421", Secrets: []string{"c2VjcmV0"}, Signed: "@method x-made-elsewhere"}
	if fields := headersOf(compileSender(t, c), signature.Message{At: now, Method: "POST", URL: "https://a.test/"}); len(fields) > 0 {
		t.Errorf("a header that is not there is signed: %v", fields)
	}
}
