package signature_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestFamiliesFaults(t *testing.T) {
	const plain = "c2VjcmV0"
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		config signature.Config
		fields []string
	}{
		"pusher without its key": {signature.Config{Type: "pusher", Secrets: []string{plain}}, []string{"key"}},
		"pusher's tokens": {signature.Config{Type: "pusher", Key: "k", Secrets: []string{plain}, Tokens: []signature.Token{{}, {Key: "k", Secret: "x"}}},
			[]string{"tokens[0].key", "tokens[0].secret", "tokens[1].key"}},
		"too many tokens":       {signature.Config{Type: "pusher", Key: "k", Secrets: []string{plain}, Tokens: manyTokens(16)}, []string{"tokens"}},
		"key elsewhere":         {signature.Config{Type: "stripe", Key: "k", Secrets: []string{plain}}, []string{"key"}},
		"tokens elsewhere":      {signature.Config{Type: "stripe", Tokens: manyTokens(1), Secrets: []string{plain}}, []string{"tokens"}},
		"check_source":          {signature.Config{Type: "stripe", CheckSource: true, Secrets: []string{plain}}, []string{"check_source"}},
		"api_key":               {signature.Config{Type: "stripe", APIKey: "k", Secrets: []string{plain}}, []string{"api_key"}},
		"verification_token":    {signature.Config{Type: "stripe", VerificationToken: "k", Secrets: []string{plain}}, []string{"verification_token"}},
		"lark's token":          {signature.Config{Type: "lark", Secrets: []string{plain}}, []string{"verification_token"}},
		"cloudinary's hash":     {signature.Config{Type: "cloudinary", Algorithm: "sha512", Secrets: []string{plain}}, []string{"algorithm"}},
		"adyen's key":           {signature.Config{Type: "adyen-platform", Secrets: []string{"xyz"}}, []string{"secrets[0]"}},
		"no padding":            {signature.Config{Type: "clerk", Secrets: []string{"whsec_c2VjcmV0cw"}}, []string{"secrets[0]"}},
		"another alphabet":      {signature.Config{Type: "resend", Secrets: []string{"whsec_-_-_"}}, []string{"secrets[0]"}},
		"a line end":            {signature.Config{Type: "dodo", Secrets: []string{"whsec_c2VjcmV0\n"}}, []string{"secrets[0]"}},
		"openai, no base64":     {signature.Config{Type: "openai", Secrets: []string{"whsec_***"}}, []string{"secrets[0]"}},
		"openai, nothing":       {signature.Config{Type: "openai", Secrets: []string{"whsec_"}}, []string{"secrets[0]"}},
		"telnyx, low order":     {signature.Config{Type: "telnyx", Secrets: b64(make([]byte, 32))}, []string{"secrets[0]"}},
		"telnyx, hex":           {signature.Config{Type: "telnyx", Secrets: []string{strings.Repeat("ab", 32)}}, []string{"secrets[0]"}},
		"sendgrid, PEM":         {signature.Config{Type: "sendgrid", Secrets: []string{"-----BEGIN PUBLIC KEY-----"}}, []string{"secrets[0]"}},
		"sendgrid, another key": {signature.Config{Type: "sendgrid", Secrets: []string{"MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="}}, []string{"secrets[0]"}},
		"sendgrid, P-384":       {signature.Config{Type: "sendgrid", Secrets: b64(p384)}, []string{"secrets[0]"}},
		"gitlab, a blank":       {signature.Config{Type: "gitlab", Secrets: []string{" x"}}, []string{"secrets[0]"}},
		"workos has a window":   {signature.Config{Type: "workos", Tolerance: -1, Secrets: []string{plain}}, []string{"tolerance"}},
		"gitea has none":        {signature.Config{Type: "gitea", Tolerance: 1, Secrets: []string{plain}}, []string{"tolerance"}},
		"an operator's secret":  {signature.Config{Type: "hmac", Header: "S", Signed: "{secret}{body}", Secrets: []string{plain}}, []string{"signed"}},
	} {
		v, faults := signature.Compile(c.config)
		var fields []string
		for _, fault := range faults {
			fields = append(fields, fault.Field)
		}
		slices.Sort(fields)
		if !slices.Equal(fields, c.fields) || v != nil {
			t.Errorf("%s: faults at %v, want %v: %v", name, fields, c.fields, faults)
		}
	}
}
