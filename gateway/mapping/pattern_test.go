package mapping

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// What grows when it is compiled is refused where it is written, with both numbers.
func TestPatternsAreBounded(t *testing.T) {
	t.Parallel()
	hostile := strings.Repeat("(a{0,30}){0,30}", 48) + "b" // 721 bytes
	for _, c := range []struct {
		pattern string
		want    string // "" where it is taken
	}{
		{hostile, "over 2000 instructions: at most 1000"},
		{"(a{0,17}){0,40}", "instructions: at most 1000"},
		{`(?i)((\pL{1,9}){1,9}){1,9}`, "instructions: at most 1000"},
		{`((((((((((a{9}){9}){9}){9}){9}))))))`, "error parsing regexp: invalid repeat count"},
		{`^(pi|evt)_[A-Za-z0-9]{8,250}$`, ""},
		{strings.Repeat("a", 990), ""},
	} {
		_, faults := Compile([]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: &c.pattern}}}}, nil, Bounds{})
		checkFault(t, c.pattern, faults, "match[0].when[0].regex", c.want)
		if len(c.pattern) > MaxPath-50 || strings.Contains(c.want, "parsing") {
			continue
		}
		path := `$[?search(@.a,"` + strings.ReplaceAll(c.pattern, `\`, `\\`) + `")]`
		_, faults = Compile(nil, []gateway.Variable{{Name: "v", Path: path}}, Bounds{})
		checkFault(t, path, faults, "variables[0].path", c.want)
	}
	short := `a{50}`
	_, faults := Compile([]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: &short}}}}, nil, Bounds{Pattern: 20})
	checkFault(t, short, faults, "match[0].when[0].regex", "over 40 instructions: at most 20")
}

func checkFault(t *testing.T, what string, faults []gateway.Fault, place, want string) {
	t.Helper()
	switch {
	case want == "" && len(faults) > 0:
		t.Errorf("%.40s: %s", what, faults[0])
	case want != "" && (len(faults) != 1 || faults[0].Path != place || !strings.Contains(faults[0].Message, want)):
		t.Errorf("%.40s: %v, want %q at %s", what, faults, want, place)
	}
}

// A thousand patterns of a thousand instructions are no rules.
func TestPatternsTogetherAreBounded(t *testing.T) {
	for name, one := range map[string]string{
		"large": `(ab{0,20}){0,20}[\pL\pN]{20}%d`, "classes": `(?i)[` + strings.Repeat(`\pL\pN`, 100) + `]%d`,
	} {
		var match []gateway.Match
		for i := range maxMatches {
			m := gateway.Match{Name: fmt.Sprint("m", i), Branch: gateway.Success}
			for j := range maxWhen {
				m.When = append(m.When, gateway.Condition{Path: "a", Regex: pointer(fmt.Sprintf(one, i*maxWhen+j))})
			}
			match = append(match, m)
		}
		start := time.Now()
		p, faults := Compile(match, nil, Bounds{})
		took := time.Since(start)
		t.Logf("%s: %s, %v", name, took, faults[:min(1, len(faults))])
		if len(faults) == 0 || !strings.Contains(faults[0].Message, "all patterns together") {
			t.Errorf("%s: %v, %v", name, p, faults[:min(1, len(faults))])
		}
		if took > time.Second {
			t.Errorf("%s: it took %s to refuse them", name, took)
		}
	}
}

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
		p, err := somePatterns().compile(text)
		if err != nil {
			return
		}
		re := regexp.MustCompile(text)
		for range 5 {
			body := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "é", "\n", " ", "\xff", "B", "", "aaab"}), 0, 30).Draw(t, "text"), ""))
			if got, want := p.run(body, newWork()), re.Match(body); got != want {
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
		p, err := somePatterns().compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		w := newWork()
		if got, want := p.run(text, w), p.quick.Match(text); got != want || w.left < 0 {
			t.Errorf("%s: %v, want %v, with %d left", pattern, got, want, w.left)
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
			p, err := somePatterns().compile(pattern)
			if err != nil {
				t.Fatal(err)
			}
			w := newWork()
			full := w.left
			start := time.Now()
			p.match([]byte(text), w)
			t.Logf("%-28s %2d instructions, %7d bytes of %.6s: %4.1f ms counted, %s taken", pattern, len(p.program.Inst), len(text), text, float64(full-w.left)/1e6, time.Since(start))
			if w.left < full/2 {
				t.Errorf("%s on %.6s… takes %d of %d", pattern, text, full-w.left, full)
			}
		}
	}
}
