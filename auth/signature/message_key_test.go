package signature_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestMessageKeys(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	der, err := base64.StdEncoding.DecodeString(messagePublic)
	if err != nil {
		t.Fatal(err)
	}
	raw := b64(der[12:])
	low := make([]byte, 32)
	lowDER, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(low))
	if err != nil {
		t.Fatal(err)
	}
	above := newAuthority(t, nil)
	ecdsaDER, err := x509.MarshalPKIXPublicKey(&above.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	const ed448 = "MEMwBQYDK2VxAzoA" // and 57 bytes: of a kind that crypto/x509 does not know
	for name, c := range map[string]struct{ secret, algorithm, fault string }{
		"shared":               {messageSecret, "", ""},
		"shared, said":         {messageSecret, "hmac-sha256", ""},
		"shared, not said":     {messageSecret, "ed25519", "Ed25519 public key"},
		"32 bytes":             {raw, "", "set algorithm"},
		"32 bytes, shared":     {raw, "hmac-sha256", ""},
		"32 bytes, public":     {raw, "ed25519", ""},
		"SPKI":                 {messagePublic, "", ""},
		"SPKI, said":           {messagePublic, "ed25519", ""},
		"SPKI as a secret":     {messagePublic, "hmac-sha256", "in DER"},
		"low order":            {b64(low), "ed25519", "low order"},
		"low order, SPKI":      {b64(lowDER), "", "low order"},
		"ECDSA":                {b64(ecdsaDER), "", "in DER"},
		"ECDSA as a secret":    {b64(ecdsaDER), "hmac-sha256", "in DER"},
		"Ed448":                {ed448 + b64(make([]byte, 57)), "", "in DER"},
		"certificate":          {b64(above.cert.Raw), "", "in DER"},
		"no base64":            {"s3cret!", "", "must be base64"},
		"base64 without a pad": {"c2VjcmV0cw", "", "must be base64"},
	} {
		_, faults := signature.Compile(signature.Config{Type: "rfc9421", Secrets: []string{c.secret}, Algorithm: c.algorithm})
		switch {
		case c.fault == "" && len(faults) > 0:
			t.Errorf("%s: faults %v", name, faults)
		case c.fault != "" && (len(faults) != 1 || faults[0].Field != "secrets[0]" || !strings.Contains(faults[0].Message, c.fault)):
			t.Errorf("%s: faults %v, want one of %q", name, faults, c.fault)
		case c.fault != "" && strings.Contains(faults[0].Message, c.secret):
			t.Errorf("%s: the fault shows the secret", name)
		}
	}
}

// What a public key signs as if it were a shared secret does not pass, whatever it
// says of its algorithm.
func TestMessageConfusesNoKeys(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.StdEncoding.EncodeToString
	for alg, want := range map[string]signature.Reason{"": signature.Mismatch, `;alg="hmac-sha256"`: signature.Version, `;alg="ed25519"`: signature.Mismatch} {
		input := `("@method")` + created + alg
		text := "\"@method\": POST\n\"@signature-params\": " + input
		for _, c := range []signature.Config{
			{Secrets: []string{b64(der)}}, {Secrets: []string{b64(public)}, Algorithm: "ed25519"},
		} {
			c.Type, c.Signed = "rfc9421", "@method"
			for _, key := range [][]byte{public, der} {
				if got := reason(t, compile(t, c).Verify(posted(input, b64(mac(sha256.New, string(key), text))))); got != want {
					t.Errorf("%q: refused for %q, want %q", alg, got, want)
				}
			}
			if alg == `;alg="hmac-sha256"` {
				continue
			}
			if err := compile(t, c).Verify(posted(input, b64(ed25519.Sign(private, []byte(text))))); err != nil {
				t.Errorf("%q: what the private key signs is refused: %v", alg, err)
			}
		}
	}
}
