package pattern

import (
	"hookgate/gateway/mapping/work"
	"math/rand/v2"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawPattern(t *rapid.T, depth int) string {
	if depth == 0 {
		return rapid.SampledFrom([]string{"a", "b", ".", "[ab]", "[^a]", `\pL`, `\w`, `\W`, "é", `\b`, `\B`, "^", "$", "(?m:^)", "(?m:$)", "(?i:B)", `\n`, ""}).Draw(t, "atom")
	}
	inner := func() string { return drawPattern(t, depth-1) }
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return inner() + inner()
	case 1:
		return "(" + inner() + "|" + inner() + ")"
	case 2:
		return "(" + inner() + ")" + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{0,3}", "*?"}).Draw(t, "times")
	case 3:
		return "(?:" + inner() + inner() + inner() + ")"
	}
	return inner()
}

// The machine says what the library says.
func TestMachineAgreesWithRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawPattern(t, 4)
		p, err := NewCompiler(1000, nil).Compile(text)
		if err != nil {
			return
		}
		re := regexp.MustCompile(text)
		for range 5 {
			body := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "é", "\n", " ", "\xff", "B", "", "aaab"}), 0, 30).Draw(t, "text"), ""))
			if got, want := p.run(body, newBudget()), re.Match(body); got != want {
				t.Fatalf("%q in %q: %v, want %v", text, body, got, want)
			}
		}
	})
}

// More states than are kept.
func TestMachineForgets(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 20_000)
	for i := range text {
		text[i] = 'a' + byte(draw.IntN(2))
	}
	for _, pattern := range []string{`a[ab]{12}c`, `a[ab]{12}$`, `(?:a|b)a[ab]{9}bbbbbbbbbbbbbbbbbb`} {
		p, err := NewCompiler(1000, nil).Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		w := newBudget()
		if got, want := p.run(text, w), p.quick.Match(text); got != want || w.Over() {
			t.Errorf("%s: %v, want %v, with %d left", pattern, got, want, w.Left())
		}
	}
}

// A pattern of twenty instructions looks through a whole megabyte (SPEC 16: ordinary
// rules on ordinary bodies are far from the bound).
func TestOrdinaryPatternsPass(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("lorem ipsum dolor sit amet, ", 38_000), strings.Repeat("Да здравствует всё, ", 30_000), strings.Repeat("a", 1<<20), strings.Repeat("日本語の文章", 60_000),
	} {
		for _, pattern := range []string{`order [0-9]+ (paid|failed)`, `(?i)payment[ _-]?(ok|done)`, `\b[a-z]+@[a-z]+\.com\b`, `^evt_[0-9a-f]{4}$`, `(x+x+)+y`, `\d{4}-\d{2}-\d{2}`, `[^\x00-\x7f]{2}!`} {
			p, err := NewCompiler(1000, nil).Compile(pattern)
			if err != nil {
				t.Fatal(err)
			}
			w := newBudget()
			full := w.Left()
			start := time.Now()
			p.Match([]byte(text), w)
			t.Logf("%-28s %2d instructions, %7d bytes of %.6s: %4.1f ms counted, %s taken", pattern, len(p.program.Inst), len(text), text, float64(full-w.Left())/1e6, time.Since(start))
			if w.Left() < full/2 {
				t.Errorf("%s on %.6s… takes %d of %d", pattern, text, full-w.Left(), full)
			}
		}
	}
}

func newBudget() *work.Budget {
	var b work.Budget
	b.Begin(50*time.Millisecond, "")
	return &b
}

// What patterns are said to take is what they take: the library has tables for those that match at
// the beginning only, which of ten bytes were seven megabytes.
func TestMemoryIsWhatPatternsTake(t *testing.T) {
	names := make([]string, 250)
	for i := range names {
		names[i] = string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	for _, text := range []string{`^\pL{900}$`, `^\pL{30}`, `^(?:` + strings.Join(names, "|") + `)$`, `^(?i:[^a-f\pN]{50})$`, `^(a|b|c\pL)d$`, `^a$`, `\pL{900}`} {
		c, kept := NewCompiler(1000, nil), []*Regexp(nil)
		before := heap()
		for range 10 {
			r, err := c.Compile(text)
			if err != nil {
				t.Fatal(text[:10], err)
			}
			kept = append(kept, r)
		}
		if took := heap() - before; took > 2*c.Memory()+100<<10 {
			t.Errorf("%.20s takes %d KiB, and is said to take %d", text, took>>10, c.Memory()>>10)
		}
		for _, s := range []string{"", "a", "é", "abd", "aa", "zzz", strings.Repeat("x", 900)} {
			if got, want := kept[0].Match([]byte(s), newBudget()), regexp.MustCompile(text).MatchString(s); got != want {
				t.Errorf("%.20s matches %.10q: %t, want %t", text, s, got, want)
			}
		}
		runtime.KeepAlive(kept)
	}
}

func heap() int {
	runtime.GC()
	runtime.GC() // what finalizers and pools kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
