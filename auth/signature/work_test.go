package signature_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// What takes long to verify takes a turn, once, and is refused as busy where there is none;
// what is short asks nobody.
func TestLongVerificationTakesATurn(t *testing.T) {
	many := make([]string, 16)
	for i := range many {
		many[i] = "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(i + 1)}, 32))
	}
	publics := make([]string, 16)
	for i := range publics {
		_, publics[i] = signature.NewEd25519Secret()
	}
	slow := make([]string, 8)
	for i := range slow {
		key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		slow[i] = keySet(t, jwkOf(t, &key.PublicKey, "", nil))
	}
	token := publicToken(t, "ES512", "k1", claimsWith(""))
	standard := func(scheme, version string, size int) *signature.Request {
		one := version + "," + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, ed25519.SignatureSize))
		return &signature.Request{Now: now, Body: bytes.Repeat([]byte("x"), size), Header: fixed{
			{"webhook-id", []byte("msg_1")}, {"webhook-timestamp", []byte(unix(0))}, {"webhook-signature", []byte(strings.Repeat(one+" ", 7) + one)},
		}}
	}
	for name, c := range map[string]struct {
		config signature.Config
		of     *signature.Request
		turns  int
	}{
		"one secret":           {signature.Config{Type: "standard", Secrets: many[:1]}, standard("standard", "v1", 1<<20), 0},
		"small":                {signature.Config{Type: "standard", Secrets: many}, standard("standard", "v1", 4<<10), 0},
		"many secrets":         {signature.Config{Type: "standard", Secrets: many}, standard("standard", "v1", 200<<10), 1},
		"one key":              {signature.Config{Type: "standard-ed25519", Secrets: publics[:1]}, standard("standard-ed25519", "v1a", 1<<10), 0},
		"signatures and keys":  {signature.Config{Type: "standard-ed25519", Secrets: publics}, standard("standard-ed25519", "v1a", 1<<10), 1},
		"public keys":          {jwtOf(signature.TokenConfig{PublicKeys: slow, Algorithms: []string{"ES512"}}), bearing(token), 1},
		"public keys, one":     {jwtOf(signature.TokenConfig{PublicKeys: []string{keySet(t, jwkOf(t, signers()[publicSigning["ES256"].key].Public(), "", nil))}}), bearing(publicToken(t, "ES256", "k1", claimsWith(""))), 0},
		"signatures by nobody": {signature.Config{Type: "none"}, &signature.Request{Body: make([]byte, 1<<20)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v, turns := compile(t, c.config), 0
			c.of.Turn = func() bool { turns++; return true }
			first := v.Verify(c.of)
			if turns != c.turns {
				t.Errorf("it takes %d turns, want %d (%v)", turns, c.turns, first)
			}
			c.of.Turn = func() bool { return false }
			if err := v.Verify(c.of); (c.turns > 0) != errors.Is(err, signature.ErrBusy) || c.turns > 0 && !signature.IsUnavailable(err) {
				t.Errorf("without a turn: %v", err)
			}
			c.of.Turn = nil
			if err := v.Verify(c.of); (err == nil) != (first == nil) {
				t.Errorf("where nobody asks for turns: %v, with one %v", err, first)
			}
		})
	}
}

// Keys are fetched for whom that may be done, and who may not is told to come again; what is
// taken for a fetch is given back when that has ended.
func TestFetchesAreAskedFor(t *testing.T) {
	set := keySet(t, jwkOf(t, signers()[publicSigning["ES256"].key].Public(), "k1", nil))
	fetched := 0
	c := jwtOf(signature.TokenConfig{JWKSURL: keysURL, Algorithms: []string{"ES256"}})
	c.KeySets = signature.NewKeySets(func(string) ([]byte, error) { fetched++; return []byte(set), nil })
	v, r := compile(t, c), bearing(publicToken(t, "ES256", "k1", claimsWith("")))
	r.Fetch = func() (func(), bool) { return nil, false }
	for range 3 {
		if err := v.Verify(r); !signature.IsUnavailable(err) || fetched > 0 {
			t.Fatalf("who may not fetch: %v, %d fetches", err, fetched)
		}
	}
	ended := make(chan struct{})
	r.Fetch = func() (func(), bool) { return func() { close(ended) }, true }
	if err := v.Verify(r); err != nil || fetched != 1 {
		t.Errorf("who may: %v, %d fetches", err, fetched)
	}
	<-ended
	r.Fetch = func() (func(), bool) { t.Error("what is there is asked for"); return nil, false }
	if err := v.Verify(r); err != nil {
		t.Error(err)
	}
}

// What is tried with public keys for one request is bounded, and more than any sender has: two
// signatures of its keys, each with all of a source's.
func TestSignaturesTimesKeysAreBounded(t *testing.T) {
	keys := make([]string, 16)
	var private string
	for i := range keys {
		private, keys[i] = signature.NewEd25519Secret()
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(private, "whsk_"))
	if err != nil {
		t.Fatal(err)
	}
	good := "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(raw, []byte("msg_1."+unix(0)+".{}")))
	bad := "v1a," + base64.StdEncoding.EncodeToString(make([]byte, ed25519.SignatureSize))
	v := compile(t, signature.Config{Type: "standard-ed25519", Secrets: keys})
	for before, passes := range map[int]bool{0: true, 1: true, 2: false, 7: false} {
		r := &signature.Request{Now: now, Body: []byte("{}"), Header: fixed{
			{"webhook-id", []byte("msg_1")}, {"webhook-timestamp", []byte(unix(0))}, {"webhook-signature", []byte(strings.Repeat(bad+" ", before) + good)},
		}}
		if err := v.Verify(r); (err == nil) != passes {
			t.Errorf("behind %d others: %v", before, err)
		}
	}
}
