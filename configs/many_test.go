package configs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of very many mistakes the first are told, and how many there are; and what follows from
// another is left out however many there are.
func TestManyMistakes(t *testing.T) {
	const tenants = 3000
	var text strings.Builder
	text.WriteString("tenants:\n")
	for n := range tenants {
		fmt.Fprintf(&text, "  t%d: { secret: canary-of-a-secret-%d, sources: { p: { verify: { type: 1 } } } }\n", n, n)
	}
	file := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(Options{Flags: Flags{Config: file}})
	told, mistaken := errors.AsType[Mistakes](err)
	if !mistaken || len(told) != maxMistakes+1 || told[maxMistakes] != fmt.Sprintf("%s: has %d mistakes more", file, 2*tenants-maxMistakes) {
		t.Fatalf("%d mistakes, the last %q", len(told), told[len(told)-1])
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("a secret is shown")
	}
}

// Whatever is hidden in a line is found, wherever it begins.
func TestHiddenInLines(t *testing.T) {
	for range 200 {
		d := &document{}
		for range rand.IntN(20) {
			from := rand.IntN(30)
			d.hidden = append(d.hidden, hidden{start: position{from, 1}, end: position{from + rand.IntN(8), 1}})
		}
		for line := range 40 {
			want := 0
			for _, h := range d.hidden {
				if h.start.line <= line && line <= h.end.line {
					want++
				}
			}
			if got := len(d.hiddenIn(line)); got != want {
				t.Fatalf("line %d of %v: %d, want %d", line, d.hidden, got, want)
			}
		}
	}
}
