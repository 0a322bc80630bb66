package signature_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	official "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/auth/signature"
)

func compileSigner(t testing.TB, c signature.Config) *signature.Signer {
	t.Helper()
	return compiled(t, c, signature.CompileSigner)
}

func compileSender(t testing.TB, c signature.Config) *signature.Signer {
	t.Helper()
	return compiled(t, c, signature.CompileSender)
}

// headersOf signs and keeps copies, for the values belong to the signer.
func headersOf(s *signature.Signer, m signature.Message) (fields pairs) {
	s.Sign(m, func(name string, value []byte) { fields = append(fields, [2]string{name, string(value)}) })
	return fields
}

// The official library is the oracle: it verifies what we sign, each of two keys
// by itself, and signs what we verify.
func TestStandardAgreesWithOfficialLibrary(t *testing.T) {
	secrets := []string{signature.NewSecret(), strings.TrimPrefix(signature.NewSecret(), "whsec_")}
	s, v := compileSigner(t, signature.Config{Type: "standard", Secrets: secrets}), compile(t, signature.Config{Type: "standard", Secrets: secrets})
	at := time.Now() // the library has no clock of its own to set
	for _, body := range []string{"", `{"type":"wait.resumed"}`, "\xff\xfe", strings.Repeat("x", 20<<10)} {
		fields := headersOf(s, signature.Message{ID: "evt_01", At: at, Body: []byte(body)})
		header := http.Header{}
		for _, field := range fields {
			header.Add(field[0], field[1])
		}
		for _, secret := range secrets {
			theirs, err := official.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := theirs.Verify([]byte(body), header); err != nil {
				t.Errorf("body %.20q: the library refuses ours: %v", body, err)
			}
			value, err := theirs.Sign("evt_01", at, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			r := &signature.Request{Header: append(slices.Clone(fields[:2]), [2]string{"webhook-signature", value}), Body: []byte(body), Now: at}
			if err := v.Verify(r); err != nil {
				t.Errorf("body %.20q: we refuse the library's: %v", body, err)
			}
		}
	}
}

func TestNewSecret(t *testing.T) {
	a, b := signature.NewSecret(), signature.NewSecret()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a, "whsec_"))
	if err != nil || len(raw) < 24 || !strings.HasPrefix(a, "whsec_") || a == b {
		t.Errorf("made %q, then %q: %d bytes, %v", a, b, len(raw), err)
	}
}

func TestSignGeneric(t *testing.T) {
	const body, secret = `{"a":1}`, "s3cret"
	m := signature.Message{ID: "evt_01", At: now, Body: []byte(body)}
	for name, c := range map[string]struct {
		config signature.Config
		want   pairs
	}{
		"defaults": {signature.Config{Header: "X-Sig"},
			pairs{{"X-Sig", hex.EncodeToString(mac(sha256.New, secret, body))}}},
		"first of two secrets": {signature.Config{Header: "X-Sig", Secrets: []string{secret, "old"}},
			pairs{{"X-Sig", hex.EncodeToString(mac(sha256.New, secret, body))}}},
		"all of it": {signature.Config{Header: "X-Sig", Algorithm: "sha512", Encoding: "base64", Prefix: "v0=", Signed: "v0:{id}:{timestamp}:{body}", TimestampHeader: "X-Time"},
			pairs{{"webhook-id", "evt_01"}, {"X-Time", "1700000000"},
				{"X-Sig", "v0=" + base64.StdEncoding.EncodeToString(mac(sha512.New, secret, "v0:evt_01:1700000000:", body))}}},
		"no id": {signature.Config{Header: "X-Sig", Signed: "{timestamp}.{body}", TimestampHeader: "X-Time"},
			pairs{{"X-Time", "1700000000"}, {"X-Sig", hex.EncodeToString(mac(sha256.New, secret, "1700000000.", body))}}},
	} {
		c.config.Type = "hmac"
		if c.config.Secrets == nil {
			c.config.Secrets = []string{secret}
		}
		if got := headersOf(compileSigner(t, c.config), m); !slices.Equal(got, c.want) {
			t.Errorf("%s: signed %q, want %q", name, got, c.want)
		}
	}
	if got := headersOf(compileSigner(t, signature.Config{Type: "none"}), m); got != nil {
		t.Errorf("none signs %q", got)
	}
}

func TestSignerFaults(t *testing.T) {
	for name, c := range map[string]struct {
		config signature.Config
		fields []string
	}{
		"no type":       {signature.Config{}, []string{"type"}},
		"inbound type":  {signature.Config{Type: "stripe", Secrets: []string{"x"}}, []string{"type"}},
		"none":          {signature.Config{Type: "none", Secrets: []string{"x"}}, []string{"secrets"}},
		"standard":      {signature.Config{Type: "standard", Header: "x", Secrets: []string{"x*", ""}}, []string{"header", "secrets[0]", "secrets[1]"}},
		"no secrets":    {signature.Config{Type: "standard"}, []string{"secrets"}},
		"tolerance":     {signature.Config{Type: "hmac", Header: "x", Secrets: []string{"x"}, Tolerance: 1}, []string{"tolerance"}},
		"header signed": {signature.Config{Type: "hmac", Header: "x", Secrets: []string{"x"}, Signed: "{header:Date}{url}{body}"}, []string{"signed"}},
		"time unsent":   {signature.Config{Type: "hmac", Header: "x", Secrets: []string{"x"}, Signed: "{timestamp}{body}"}, []string{"timestamp_header"}},
		"header split":  {signature.Config{Type: "hmac", Header: "x\r\ny", Prefix: "a\nb", Secrets: []string{"x"}}, []string{"header", "prefix"}},
	} {
		s, faults := signature.CompileSigner(c.config)
		var fields []string
		for _, fault := range faults {
			fields = append(fields, fault.Field)
		}
		slices.Sort(fields)
		if !slices.Equal(fields, c.fields) || s != nil {
			t.Errorf("%s: faults at %v, want %v: %v", name, fields, c.fields, faults)
		}
	}
}

// Many goroutines share one signer and one verifier.
func TestSharedByMany(t *testing.T) {
	c := signature.Config{Type: "standard", Secrets: []string{signature.NewSecret(), signature.NewSecret()}}
	s, v := compileSigner(t, c), compile(t, c)
	done := make(chan error)
	const many = 8
	for i := range many {
		go func() {
			body := []byte(strings.Repeat("x", i*100))
			var err error
			for range 200 {
				fields := headersOf(s, signature.Message{ID: "evt_01", At: now, Body: body})
				if err = v.Verify(&signature.Request{Header: fields, Body: body, Now: now}); err != nil {
					break
				}
			}
			done <- err
		}()
	}
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
