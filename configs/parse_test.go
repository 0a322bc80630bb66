package configs

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
)

func noVariables(string) (string, bool) { return "", false }

// What is parsed tenant by tenant is what is parsed as a whole, with each thing in its place.
func TestTenantsAreParsedApart(t *testing.T) {
	reference, err := os.ReadFile("reference.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		text  string
		parts int // that it is taken apart into
	}{
		"reference": {string(reference), 2},
		"plain":     {"log: {level: info}\ntenants:\n  a: {name: x}\n\n  # two\n  b:\n    name: |\n      z\n      tenants:\n    sources:\n    - c\n    -\n      d: [e,\nf]\nroutes: {}\n", 2},
		"last":      {"tenants: # all\n# of them\n a:\n b: \"x\n\n  y\" # c\n c: 'd'", 3},
		"one":       {"tenants:\n  a:\n    b: 1\n", 1},
		"flow":      {"tenants: {a: {},\nb: {}}\nlog: {}\n", 0},
		"merged":    {"x: &x {a: {name: x}}\ntenants:\n  b: {}\n  <<: *x\n", 0},
		"anchors":   {"tenants:\n  a: &a {name: x}\n  b: *a\n  c:\n    <<: *a\n    name: y\nlog: {}\n", 3},
		"named":     {"tenants:\n  a: 1\n  &x b: 2\n  c: 3\n", 0},
		"quoted":    {"tenants:\n  a: 1\n  \"b\": 2\n", 0},
		"numbers":   {"tenants:\n  a: 1\n  476: 2\n", 0},
		"twice":     {"tenants:\n  a: 1\ntenants:\n  b: 1\n", 0},
		"none":      {"tenants:\nlog: {}\n", 0},
		"null":      {"tenants:", 0},
		"list":      {"tenants:\n  - a: 1\n  - b: 2\n", 0},
		"beside":    {"tenants:\n- a: 1\n", 0},
		"documents": {"tenants:\n  a: 1\n---\nlog: {}\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			text := normalized([]byte(one.text))
			if _, parts := apart(lexer.Tokenize(text)); len(parts) != one.parts {
				t.Errorf("%d parts, want %d", len(parts), one.parts)
			}
			read := func(file *ast.File, err error) *reader {
				if err != nil {
					t.Fatal(err)
				}
				r := &reader{document: &document{places: map[string]place{}, lines: strings.Split(text, "\n")}, lookup: noVariables, anchors: map[string]ast.Node{}}
				r.tree = r.value("", r.body(file), 0)
				return r
			}
			whole, got := read(parseTokens(lexer.Tokenize(text))), read(parse(text))
			if !reflect.DeepEqual(got.tree, whole.tree) || !reflect.DeepEqual(got.places, whole.places) || !reflect.DeepEqual(got.hidden, whole.hidden) || !reflect.DeepEqual(got.faults, whole.faults) {
				t.Errorf("apart\n%v\n%v\n%v\n%v\nwhole\n%v\n%v\n%v\n%v", got.tree, got.places, got.hidden, got.faults, whole.tree, whole.places, whole.hidden, whole.faults)
			}
		})
	}
}

// A file costs by its length, whatever is wrong with it: each of these took a minute, or
// hundreds of megabytes.
func TestFilesCostByTheirLength(t *testing.T) {
	const many = 80_000
	each := func(form string) string {
		var b strings.Builder
		for n := range many {
			fmt.Fprintf(&b, form, n)
		}
		return b.String()
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%[1]c [%s]\n", c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), ", "))
	}
	for name, one := range map[string]struct {
		text, want string
		line       int
	}{
		"aliases of aliases": {bomb, "makes the file too large: aliases stand for over", 5},
		"aliases of a text":  {"a: &a \"" + strings.Repeat("x", 400_000) + "\"\nb: [*a" + strings.Repeat(", *a", 15_000) + "]\n", "b: is not a known field", 2},
		"of variables":       {"a: &a \"${HOME}" + strings.Repeat("x", 400_000) + "\"\nb: [*a" + strings.Repeat(", *a", 15_000) + "]\n", "b: is not a known field", 2},
		"of unknown ones":    {"a: &a \"" + strings.Repeat("${NO_SUCH}", 40_000) + "\"\nb: [*a" + strings.Repeat(", *a", 15_000) + "]\n", "needs the environment variable", 1},
		"merged and written": {"a: &a {x: 1, y: 2}\nb:\n" + each("- {<<: *a, x: %d}\n"), "b: is not a known field", 2},
		"tenants at fault":   {"tenants:\n" + each("  t%d: {name: 5, nonsense: 1}\n"), fmt.Sprintf("has %d mistakes more", 2*many-maxMistakes), 0},
		"a line of a list":   {"log: [" + each("%d, ") + "]\n", "log: must be an object", 1},
		"a line of members":  {"{" + each("a%d: 1, ") + "}\n", fmt.Sprintf("has %d mistakes more", many-maxMistakes), 0},
		"members":            {each("a%d:\n"), "has too many members: over 10000 in one place", 10_001},
		"members of members": {"routes:\n" + each("  a%d: {}\n"), "has too many members: over 10000 in one place", 10_002},
		"words and marks":    {"[" + strings.Repeat("a,", mostTokens/2+1) + "]\n", "makes the file too large: over 1572864 words and marks", 1},
		"entries":            {strings.Repeat("- a\n", many), "must be an object", 1},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "hookgate.yaml")
			if err := os.WriteFile(file, []byte(one.text), 0o600); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err := Load(Options{Flags: Flags{Config: file}, Environ: []string{"HOME=/root"}})
			if took := time.Since(began); took > 40*time.Second {
				t.Errorf("it took %s", took)
			}
			if err == nil || !strings.Contains(err.Error(), one.want) {
				t.Fatalf("%.300v", err)
			}
			if place := fmt.Sprintf("%s:%d:", file, one.line); one.line > 0 && !strings.Contains(err.Error(), place) {
				t.Errorf("%.300v does not name %s", err, place)
			}
		})
	}
}
