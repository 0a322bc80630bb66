package token_test

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"hookgate/auth"
	"hookgate/auth/token"
)

func TestNew(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]int{}
	for _, scope := range auth.Scopes() {
		form := regexp.MustCompile(`^hg_` + string(scope) + `_[0-9A-Za-z]{32}$`)
		for range 500 {
			made := token.New(scope)
			if !form.MatchString(made) {
				t.Fatalf("token %q is not of the form %s", made, form)
			}
			if seen[made] {
				t.Fatalf("token %q was made twice", made)
			}
			seen[made] = true
			for _, letter := range made[strings.LastIndexByte(made, '_')+1:] {
				letters[letter]++
			}
			if got, ok := token.ScopeOf(made); !ok || got != scope {
				t.Fatalf("scope of %q is %q, %t", made, got, ok)
			}
			if err := token.CheckChosen(made); err != nil {
				t.Fatalf("a made token is refused as a chosen one: %v", err)
			}
		}
	}
	// 48000 draws, 774 expected of each letter: a share below half or above
	// twice that is a bias of the drawing, not chance.
	for _, letter := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" {
		if n := letters[letter]; n < 387 || n > 1548 {
			t.Errorf("letter %q came %d times of 48000", letter, n)
		}
	}
}

func TestScopeOfStranger(t *testing.T) {
	for _, text := range []string{"", "hg_", "hg_root_x", "HG_admin_x", "admin", "xhg_admin_"} {
		if scope, ok := token.ScopeOf(text); ok {
			t.Errorf("scope of %q is %q, want none", text, scope)
		}
	}
}

func TestCheckChosen(t *testing.T) {
	for text, good := range map[string]bool{
		"0123456789abcdef":      true,
		"pass phrase of many":   true,
		"ääääääääääääääää":      true,
		"0123456789abcde":       false,
		"":                      false,
		" 0123456789abcdef":     false,
		"0123456789abcdef\n":    false,
		"0123456789\x00abcdefg": false,
		"0123456789\r\nabcdefg": false,
	} {
		err := token.CheckChosen(text)
		if (err == nil) != good {
			t.Errorf("CheckChosen(%q) = %v", text, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error holds the token: %v", err)
		}
	}
}

func TestHash(t *testing.T) {
	if token.Hash("abc") != token.Digest(sha256.Sum256([]byte("abc"))) {
		t.Error("Hash is not SHA-256")
	}
	if !token.Hash("abc").Equal(token.Hash([]byte("abc"))) {
		t.Error("the same token as string and as bytes hashes differently")
	}
	if token.Hash("abc").Equal(token.Hash("abd")) || token.Hash("").Equal(token.Digest{}) {
		t.Error("different tokens are equal")
	}
}

func TestBearer(t *testing.T) {
	for value, want := range map[string]string{
		"Bearer abc":       "abc",
		"bearer abc":       "abc",
		"BEARER  abc":      "abc",
		"Bearer a b":       "a b",
		"Bearer a=b,c":     "a=b,c",
		"":                 "",
		"Bearer":           "",
		"Bearer ":          "",
		"Bearer   ":        "",
		"Bearerabc":        "",
		"Bearer\tabc":      "",
		"Basic abc":        "",
		" Bearer abc":      "",
		"Beare\x12 abcdef": "",
	} {
		got, ok := token.Bearer([]byte(value))
		if string(got) != want || ok != (want != "") {
			t.Errorf("Bearer(%q) = %q, %t, want %q", value, got, ok, want)
		}
	}
}

// The path of every internal request makes no garbage.
func TestAllocations(t *testing.T) {
	value, kept := []byte("Bearer "+token.New(auth.Tenant)), token.Hash("another")
	if n := testing.AllocsPerRun(100, func() {
		got, ok := token.Bearer(value)
		if !ok || token.Hash(got).Equal(kept) {
			t.Fatal("token not found, or equal to another")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzBearer(f *testing.F) {
	f.Add([]byte("hg_tenant_x"), uint8(1))
	f.Fuzz(func(t *testing.T, secret []byte, spaces uint8) {
		value := append([]byte("Bearer"), bytes.Repeat([]byte(" "), int(spaces))...)
		got, ok := token.Bearer(append(value, secret...))
		want := bytes.TrimLeft(secret, " ")
		if spaces == 0 && !bytes.HasPrefix(secret, []byte(" ")) {
			want = nil // no space after the scheme: not the Bearer scheme
		}
		if !bytes.Equal(got, want) || ok != (len(want) > 0) {
			t.Errorf("after %d spaces %q was read as %q, %t", spaces, secret, got, ok)
		}
	})
}

func BenchmarkBearerHash(b *testing.B) {
	value, kept := []byte("Bearer "+token.New(auth.Platform)), token.Hash("another")
	b.ReportAllocs()
	for b.Loop() {
		got, _ := token.Bearer(value)
		token.Hash(got).Equal(kept)
	}
}
