package seal_test

import (
	"regexp"
	"testing"

	"hookgate/auth/seal"
)

// A mark is the same for the same secret and key, and else another.
func TestMarkTellsSecretsApart(t *testing.T) {
	s := seal.New(key(t, 1))
	if s.Mark("a secret") != seal.New(key(t, 1)).Mark("a secret") {
		t.Error("one secret has two marks")
	}
	if s.Mark("a secret") == s.Mark("another") || s.Mark("a secret") == seal.New(key(t, 2)).Mark("a secret") {
		t.Error("another secret, or another key, gives the same mark")
	}
	if shown := s.Mark("a secret").String(); !regexp.MustCompile(`^sha256:[0-9a-f]{8}$`).MatchString(shown) {
		t.Errorf("shown as %s", shown)
	}
}
