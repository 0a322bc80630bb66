package signature_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"hookgate/auth/signature"
)

// tokenRequest is a request of a provider whose token covers the body, or of type jwt
// with a public key's algorithm.
func tokenRequest(t testing.TB, algorithm string, size int) (*signature.Verifier, *signature.Request) {
	t.Helper()
	body := bytes.Repeat([]byte("x"), size)
	sum := sha256.Sum256(body)
	claims := claimsWith(`,"iss":"us","jti":"t1","iat":` + unix(0) + `,"nbf":` + unix(0) + `,"payload_hash":"` + hex.EncodeToString(sum[:]) + `"`)
	c := jwtOf(signature.TokenConfig{Issuer: "us", BodyHash: &signature.BodyHash{Claim: "payload_hash"}})
	text := hs256(claims)
	if algorithm == "HS256" {
		c.Secrets = []string{"s3cret"}
	} else {
		set := keySet(t, jwkOf(t, signers()[publicSigning[algorithm].key].Public(), "k1", nil))
		c.JWKSURL, c.Algorithms = keysURL, []string{algorithm}
		c.KeySets = signature.NewKeySets(func(string) ([]byte, error) { return []byte(set), nil })
		text = publicToken(t, algorithm, "k1", claims)
	}
	return compile(t, c), &signature.Request{Body: body, Now: now, Header: fixed{{"Authorization", []byte("Bearer " + text)}}}
}

// A token of a secret is verified without garbage.
func TestVerifyTokenAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	v, r := tokenRequest(t, "HS256", 1<<10)
	if n := testing.AllocsPerRun(200, func() {
		if err := v.Verify(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkVerifyToken(b *testing.B) {
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "ES512"} {
		b.Run(algorithm, func(b *testing.B) {
			v, r := tokenRequest(b, algorithm, 1<<10)
			if err := v.Verify(r); err != nil { // the keys are fetched
				b.Fatal(err)
			}
			b.SetBytes(1 << 10)
			b.ReportAllocs()
			for b.Loop() {
				if err := v.Verify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefuseToken is what a stranger's token costs that asks for all the work
// there is before a key: a header and claims of as many members as may be.
func BenchmarkRefuseToken(b *testing.B) {
	v := compile(b, jwtOf(signature.TokenConfig{}, "s3cret"))
	r := bearing(token(`{"alg":"HS256"`+manyMembers(127)+`}`, claimsWith(manyMembers(127)), func([]byte) []byte { return make([]byte, 32) }))
	b.ReportAllocs()
	for b.Loop() {
		if v.Verify(r) == nil {
			b.Fatal("passed")
		}
	}
}
