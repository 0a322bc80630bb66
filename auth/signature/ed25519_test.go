package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// vectorKey is the private key of the published vector standard-webhooks-v1a-01
// (svix-webhooks, worker.rs, test_asymmetric_key_signing; MIT).
const vectorKey = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="

func TestSignEd25519(t *testing.T) {
	all := vectors(t)
	at := slices.IndexFunc(all, func(v vector) bool { return v.ID == "standard-webhooks-v1a-01" })
	if at < 0 {
		t.Fatal("no published vector")
	}
	v := all[at]
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(vectorKey, "whsk_"))
	if public := "whpk_" + base64.StdEncoding.EncodeToString(raw[32:]); err != nil || public != v.Secret {
		t.Fatalf("the vector's public key is %s, of the private one %s, %v", v.Secret, public, err)
	}
	s := compileSigner(t, signature.Config{Type: "standard-ed25519", Secrets: []string{vectorKey}})
	m := signature.Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", At: time.Unix(v.Now, 0), Body: v.Body}
	if got := headersOf(s, m); !slices.Equal(got, v.Headers[:3]) {
		t.Errorf("signed\n%q, the vector is\n%q", got, v.Headers[:3])
	}
}

func TestEd25519Rotation(t *testing.T) {
	private, public := [2]string{}, [2]string{}
	for i := range private {
		private[i], public[i] = signature.NewEd25519Secret()
	}
	if private[0] == private[1] {
		t.Fatal("two secrets are one")
	}
	s := compileSigner(t, signature.Config{Type: "standard-ed25519", Secrets: private[:]})
	m := signature.Message{ID: "evt_1", At: now, Body: []byte(`{"a":1}`)}
	fields := headersOf(s, m)
	if list := strings.Split(fields[2][1], " "); len(list) != 2 || !strings.HasPrefix(list[1], "v1a,") {
		t.Errorf("two keys sign %q", fields[2][1])
	}
	for _, key := range public {
		v := compile(t, signature.Config{Type: "standard-ed25519", Secrets: []string{key}})
		if v.DeliveryID() != "header:webhook-id" {
			t.Errorf("the delivery id is in %q", v.DeliveryID())
		}
		if err := v.Verify(&signature.Request{Header: fields, Body: m.Body, Now: now}); err != nil {
			t.Errorf("one of two keys refuses: %v", err)
		}
	}
	_, other := signature.NewEd25519Secret()
	stranger := compile(t, signature.Config{Type: "standard-ed25519", Secrets: []string{other}})
	if err := stranger.Verify(&signature.Request{Header: fields, Body: m.Body, Now: now}); err == nil {
		t.Error("another key passes")
	}
}

// Every bit of the signature counts, those that base64 leaves over too.
func TestEd25519FlippedBits(t *testing.T) {
	private, public := signature.NewEd25519Secret()
	v := compile(t, signature.Config{Type: "standard-ed25519", Secrets: []string{public}})
	m := signature.Message{ID: "evt_1", At: now, Body: []byte("x")}
	fields := headersOf(compileSigner(t, signature.Config{Type: "standard-ed25519", Secrets: []string{private}}), m)
	for bit := range uint(8 * len(fields[2][1])) {
		bad := slices.Clone(fields)
		bad[2][1] = flip(fields[2][1], bit)
		if v.Verify(&signature.Request{Header: bad, Body: m.Body, Now: now}) == nil {
			t.Fatalf("bit %d flipped passes: %q", bit, bad[2][1])
		}
	}
	many := slices.Clone(fields)
	many[2][1] = strings.Repeat("v1a,AAAA ", 8) + fields[2][1]
	if v.Verify(&signature.Request{Header: many, Body: m.Body, Now: now}) == nil {
		t.Error("any number of signatures is tried")
	}
}

func TestEd25519Keys(t *testing.T) {
	private, public := signature.NewEd25519Secret()
	mixed, _ := signature.NewEd25519Secret()
	raw := func(key string) []byte {
		b, err := base64.StdEncoding.DecodeString(key[len("whsk_"):])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	swapped := "whsk_" + base64.StdEncoding.EncodeToString(append(raw(private)[:32:32], raw(mixed)[32:]...))
	for name, key := range map[string]string{
		"public": public, "no prefix": private[5:], "seed alone": "whsk_" + base64.StdEncoding.EncodeToString(raw(private)[:32]),
		"another's public half": swapped, "no base64": "whsk_*", "whsec": signature.NewSecret(),
	} {
		_, faults := signature.CompileSigner(signature.Config{Type: "standard-ed25519", Secrets: []string{key}})
		if len(faults) != 1 || faults[0].Field != "secrets[0]" || strings.Contains(faults[0].Message, key[5:]) {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
	for name, key := range map[string]string{"private": private, "no prefix": public[5:], "short": public[:40], "whsec": signature.NewSecret()} {
		if _, faults := signature.Compile(signature.Config{Type: "standard-ed25519", Secrets: []string{key}}); len(faults) != 1 {
			t.Errorf("%s as a public key: faults %v", name, faults)
		}
	}
}

// Points of each order that divides 8, canonical or not, with either sign of x:
// whoever trusts such a key trusts everybody.
func TestEd25519RefusesLowOrder(t *testing.T) {
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if !forges(point) {
			t.Errorf("%s: nobody can forge for it, so it is no point of low order", text)
		}
		c := signature.Config{Type: "standard-ed25519", Secrets: []string{"whpk_" + base64.StdEncoding.EncodeToString(point)}}
		if _, faults := signature.Compile(c); len(faults) != 1 || !strings.Contains(faults[0].Message, "low order") {
			t.Errorf("%s: faults %v", text, faults)
		}
	}
}

// forges tells whether the signature of nobody (R the neutral point, S zero) fits
// one of some messages.
func forges(key []byte) bool {
	sig := append([]byte{1}, bytes.Repeat([]byte{0}, 63)...)
	for i := range 64 {
		if ed25519.Verify(key, []byte{byte(i)}, sig) {
			return true
		}
	}
	return false
}
