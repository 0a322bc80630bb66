package inbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// A callback with a token is known again by the token's id, whatever its body is, unless
// the source names another place (SPEC 17).
func TestTokensIDsAreOfRepeats(t *testing.T) {
	verify := gateway.Verify{Type: "jwt", Secrets: []gateway.Secret{providerSecret}}
	k := newKit(t, map[string]gateway.Source{"idp": {Verify: verify}, "own": {Verify: verify, Dedupe: gateway.Dedupe{ID: "id"}}})
	sender, faults := signature.CompileSender(signature.Config{Type: "jwt", Secrets: []string{providerSecret}})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	send := func(source, jti, id string) answer {
		p := post{path: "/hooks/acme/" + source, kind: asJSON, header: map[string]string{}, body: fmt.Sprintf(`{"conversation_key":"chat1","id":%q,"at":%d}`, id, time.Now().UnixNano())}
		sender.Sign(signature.Message{ID: jti, At: time.Now()}, func(name string, value []byte) { p.header[name] = string(value) })
		return k.send(p)
	}
	for _, c := range []struct{ source, jti, id, want string }{
		{"idp", "a", "1", "parked"},
		{"idp", "a", "2", "duplicate"},
		{"idp", "b", "2", "parked"},
		{"own", "a", "1", "parked"},
		{"own", "a", "2", "parked"},
		{"own", "c", "2", "duplicate"},
	} {
		if a := send(c.source, c.jti, c.id); a.outcome != c.want {
			t.Errorf("%s, jti %s, id %s: %s, want %s", c.source, c.jti, c.id, a.raw, c.want)
		}
	}
}

// While keys cannot be had, nobody is let in and nobody turned away: who sends is told
// to come again, and is let in when they can be.
func TestKeysThatCannotBeHad(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	point, err := key.PublicKey.Bytes()
	check(t, err)
	text := base64.RawURLEncoding.EncodeToString
	sources := map[string]gateway.Source{"idp": {Verify: gateway.Verify{Type: "jwt", TokenVerify: gateway.TokenVerify{JWKSURL: "https://idp.test/keys"}}}}
	k := newKit(t, nil)
	k.keySets = signature.NewKeySets(func(string) ([]byte, error) { return nil, errors.New("no route") })
	k.load(sources)
	signed := text([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + text(fmt.Appendf(nil, `{"exp":%d}`, time.Now().Add(time.Hour).Unix()))
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	check(t, err)
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	p := post{path: "/hooks/acme/idp", kind: asJSON, body: `{"conversation_key":"chat1"}`, header: map[string]string{"Authorization": "Bearer " + signed + "." + text(raw)}}
	if a := k.send(p); a.status != 503 || a.outcome != "unavailable" || a.header.Get("Retry-After") == "" {
		t.Errorf("no keys: %d %s, Retry-After %q", a.status, a.raw, a.header.Get("Retry-After"))
	}
	k.keySets = signature.NewKeySets(func(string) ([]byte, error) {
		return fmt.Appendf(nil, `{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","x":%q,"y":%q}]}`, text(point[1:33]), text(point[33:])), nil
	})
	k.load(sources)
	other := shares.Tenant("other")
	k.fetches.Force(other, k.fetches.Most())
	if a := k.send(p); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("while all fetches are another's: %d %s", a.status, a.raw)
	}
	k.fetches.Give(other, k.fetches.Most())
	if a := k.send(p); a.outcome != "parked" {
		t.Errorf("with keys: %d %s", a.status, a.raw)
	}
	p.header["Authorization"] += "A"
	if a := k.send(p); a.status != 401 {
		t.Errorf("another signature: %d %s", a.status, a.raw)
	}
}
