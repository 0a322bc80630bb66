package seal_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/seal"
)

func key(t testing.TB, first byte) seal.Key {
	t.Helper()
	raw := make([]byte, 32)
	raw[0] = first
	k, err := seal.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpens(t *testing.T) {
	s, place := seal.New(key(t, 1)), seal.AAD("acme", "sources/payments", "verify.secrets[0]")
	for _, secret := range []string{"", "s3cret", strings.Repeat("long", 1<<14), "\x00\xff"} {
		sealed := s.Seal(secret, place)
		if !seal.IsSealed(sealed) || secret != "" && strings.Contains(sealed, secret) {
			t.Errorf("%.20q is sealed as %.40q", secret, sealed)
		}
		if sealed == s.Seal(secret, place) {
			t.Errorf("%.20q is sealed twice the same: the nonce is not fresh", secret)
		}
		if got, err := s.Open(sealed, place); err != nil || got != secret {
			t.Errorf("%.20q came back as %.20q, %v", secret, got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s, place := seal.New(key(t, 1)), seal.AAD("acme", "sources/payments", "verify.secrets[0]")
	sealed := s.Seal("s3cret", place)
	for name, c := range map[string]struct {
		by    *seal.Sealer
		text  string
		place []byte
		want  error
	}{
		"another key":     {seal.New(key(t, 2)), sealed, place, seal.ErrOpen},
		"another tenant":  {s, sealed, seal.AAD("evil", "sources/payments", "verify.secrets[0]"), seal.ErrOpen},
		"another object":  {s, sealed, seal.AAD("acme", "sources/orders", "verify.secrets[0]"), seal.ErrOpen},
		"another field":   {s, sealed, seal.AAD("acme", "sources/payments", "verify.secrets[1]"), seal.ErrOpen},
		"cut":             {s, sealed[:len(sealed)-2], place, seal.ErrOpen},
		"nonce alone":     {s, sealed[:len("hgs1:")+16], place, seal.ErrOpen},
		"nothing":         {s, "", place, seal.ErrForm},
		"plain text":      {s, "s3cret", place, seal.ErrForm},
		"later version":   {s, "hgs2:" + sealed[5:], place, seal.ErrForm},
		"version alone":   {s, "hgs1:", place, seal.ErrOpen},
		"no base64":       {s, "hgs1:***", place, seal.ErrForm},
		"a Check instead": {s, s.Check(), place, seal.ErrOpen},
	} {
		if got, err := c.by.Open(c.text, c.place); !errors.Is(err, c.want) || got != "" {
			t.Errorf("%s: opened as %q, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestAADIsUnambiguous(t *testing.T) {
	parts := []string{"", "a", "ab", "b", "\x01a", "a\x01b", strings.Repeat("a", 127), strings.Repeat("a", 128)}
	seen := map[string][3]string{}
	for _, tenant := range parts {
		for _, object := range parts {
			for _, field := range parts {
				place := [3]string{tenant, object, field}
				aad := string(seal.AAD(tenant, object, field))
				if other, is := seen[aad]; is {
					t.Fatalf("%q and %q are one place", place, other)
				}
				seen[aad] = place
			}
		}
	}
}

func TestCheck(t *testing.T) {
	s := seal.New(key(t, 1))
	check := s.Check()
	if err := seal.New(key(t, 1)).Matches(check); err != nil {
		t.Errorf("the same key does not match: %v", err)
	}
	if err := seal.New(key(t, 2)).Matches(check); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another key: %v, want ErrOpen", err)
	}
	if err := s.Matches(""); !errors.Is(err, seal.ErrForm) {
		t.Errorf("no check: %v, want ErrForm", err)
	}
}

// A sealed text with any one bit flipped does not open.
func FuzzOpen(f *testing.F) {
	f.Add("s3cret", uint(60))
	s, place := seal.New(key(f, 1)), seal.AAD("acme", "sources/payments", "verify.secrets[0]")
	f.Fuzz(func(t *testing.T, secret string, bit uint) {
		sealed := s.Seal(secret, place)
		if got, err := s.Open(sealed, place); err != nil || got != secret {
			t.Fatalf("came back as %q, %v", got, err)
		}
		bad := slices.Clone([]byte(sealed))
		bad[bit/8%uint(len(bad))] ^= 1 << (bit % 8)
		if got, err := s.Open(string(bad), place); err == nil {
			t.Fatalf("one flipped bit opens as %q", got)
		}
		if got, err := s.Open(secret, place); err == nil {
			t.Fatalf("an arbitrary text opens as %q", got)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	s, place := seal.New(key(b, 1)), seal.AAD("acme", "sources/payments", "verify.secrets[0]")
	sealed := s.Seal("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", place)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(sealed, place); err != nil {
			b.Fatal(err)
		}
	}
}
