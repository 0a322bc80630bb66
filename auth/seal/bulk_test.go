package seal_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"hookgate/auth/seal"
)

func TestAppendSealedOpens(t *testing.T) {
	s, place := seal.New(key(t, 1)), []byte("acme evt_1")
	for _, secret := range []string{"", "s3cret", strings.Repeat("long", 1<<12), "\x00\xff"} {
		sealed := s.AppendSealed([]byte("before"), []byte(secret), place)
		text, found := bytes.CutPrefix(sealed, []byte("before"))
		if !found || len(text) != len(secret)+seal.BulkOverhead || secret != "" && bytes.Contains(text, []byte(secret)) {
			t.Errorf("%.20q is sealed as %.60q", secret, sealed)
		}
		if bytes.Equal(text, s.AppendSealed(nil, []byte(secret), place)) {
			t.Errorf("%.20q is sealed twice the same: the nonce is not fresh", secret)
		}
		if got, err := s.AppendOpened([]byte("kept"), text, place); err != nil || string(got) != "kept"+secret {
			t.Errorf("%.20q came back as %.20q, %v", secret, got, err)
		}
	}
}

func TestAppendOpenedRefuses(t *testing.T) {
	s, place := seal.New(key(t, 1)), []byte("acme evt_1")
	sealed := s.AppendSealed(nil, []byte("s3cret"), place)
	changed := func(i int) []byte {
		c := slices.Clone(sealed)
		c[i] ^= 1
		return c
	}
	for name, c := range map[string]struct {
		by    *seal.Sealer
		text  []byte
		place string
		want  error
	}{
		"another key":    {seal.New(key(t, 2)), sealed, string(place), seal.ErrOpen},
		"another place":  {s, sealed, "acme evt_2", seal.ErrOpen},
		"another nonce":  {s, changed(3), string(place), seal.ErrOpen},
		"another text":   {s, changed(26), string(place), seal.ErrOpen},
		"another tag":    {s, changed(len(sealed) - 1), string(place), seal.ErrOpen},
		"cut":            {s, sealed[:len(sealed)-1], string(place), seal.ErrOpen},
		"too short":      {s, sealed[:seal.BulkOverhead-1], string(place), seal.ErrForm},
		"nothing":        {s, nil, string(place), seal.ErrForm},
		"later version":  {s, changed(0), string(place), seal.ErrForm},
		"a sealed value": {s, []byte(s.Seal("s3cret", place)), string(place), seal.ErrForm},
	} {
		if got, err := c.by.AppendOpened([]byte("kept"), c.text, []byte(c.place)); !errors.Is(err, c.want) || string(got) != "kept" {
			t.Errorf("%s: got %q, %v, want %v", name, got, err, c.want)
		}
	}
}

// BenchmarkAppendSealed seals and opens as much as the header fields of a
// provider's request are.
func BenchmarkAppendSealed(b *testing.B) {
	s, place, plain := seal.New(key(b, 1)), []byte("acme evt_1"), bytes.Repeat([]byte("x"), 1<<10)
	var sealed, opened []byte
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sealed = s.AppendSealed(sealed[:0], plain, place)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			opened, _ = s.AppendOpened(opened[:0], sealed, place)
		}
	})
}
