package jinja_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// theirs renders templates by Jinja2 itself, with what SPEC 15 does otherwise made
// alike: values that are missing or null print nothing, and so on.
const theirs = `
import sys, json
from jinja2 import Environment, ChainableUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
def shown(v):
    if v is None: return ''
    if v is True: return 'true'
    if v is False: return 'false'
    if isinstance(v, float) and v == int(v) and abs(v) < 1e16: return str(int(v))
    return v
env = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, finalize=shown, keep_trailing_newline=True)
for line in sys.stdin:
    case = json.loads(line)
    try:
        out = env.from_string(case['template']).render(**case['variables'])
        print(json.dumps({'out': out}))
    except Exception as e:
        print(json.dumps({'error': type(e).__name__ + ': ' + str(e)}))
`

const differVariables = `{"n":12,"neg":-7,"zero":0,"f":2.5,"big":123456789012345678901,"s":"hello World","e":"","u":"naïve café","list":[3,1,2],"words":["pear","Apple","fig"],
"obj":{"b":2,"a":1,"c":{"d":[1,2]}},"people":[{"name":"Bo","age":30},{"name":"al","age":25}],"yes":true,"no":false}`

// pieces that random templates are made of. What prints otherwise on purpose is left
// out: lists, objects, booleans within ~ and format, and what counts or fills up the
// characters of a computed whole number, which has no .0 here.
var (
	differTexts   = []string{"s", "u", "e", `"a b c"`, `"x-y"`, "words[0]", "people[0].name", "s[2:5]", `words | join("-")`, `"%s!" | format(n)`, "missing"}
	differNumbers = []string{"n", "neg", "zero", "f", "big", "3", "2.5", "list[1]", "people[1].age", "list | sum", "s | length", `"17" | int`, "n // 5", "neg % 5", "2 ** 7"}
	differLists   = []string{"list", "words", "list + [9]", "words[::-1]", "range(5)", "s.split()", "words | sort", "list | sort(reverse=true)", "obj | dictsort | map('first') | list", "people | map(attribute='age') | list", "s | list"}
	textFilters   = []string{"upper", "lower", "title", "capitalize", "trim", "reverse", "length", "replace('a','o')", "truncate(7,true)", "truncate(6)", "center(15)", "first", "last", "wordcount", "default('d')", "default('d',true)", "string", "indent(2,true)", "wordwrap(5)", "urlencode", "escape", "striptags", "int", "list|join('.')"}
	textMethods   = []string{"upper()", "strip()", "split('l')|join('+')", "replace('l','L',1)", "startswith('h')|string|length", "find('o')", "count('l')", "title()", "zfill(14)", "rjust(14,'*')", "ljust(3)", "partition(' ')|first", "rsplit(' ',1)|last", "splitlines()|length", "swapcase()", "removeprefix('he')", "capitalize()", "isalpha()|string|length"}
	numberFilters = []string{"abs", "round", "round(1)", "int", "float", "string", "round(1,'floor')", "round(0,'ceil')", "default(4)", "filesizeformat", "int|string|length"}
	listFilters   = []string{"first", "last", "length", "join('|')", "reverse|join(',')", "unique|join(',')", "min", "max", "batch(2)|map('length')|join(',')", "slice(2)|map('length')|join(',')", "select('string')|list|length", "reject('number')|list|length", "sort|first", "map('string')|map('length')|sum"}
	operators     = []string{"+", "-", "*", "/", "//", "%"}
	comparators   = []string{"<", "<=", ">", ">=", "==", "!="}
)

// The games are the same each time, so that a change is judged by itself; -jinja.seed=0
// draws others.
var (
	games = flag.Int("jinja.games", 1000, "how many random templates are compared with Jinja2")
	seed  = flag.Uint64("jinja.seed", 9, "of the random templates; 0 draws one")
)

type game struct{ *rand.Rand }

func (g game) of(list []string) string { return list[g.IntN(len(list))] }

func (g game) number(depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.of(differNumbers)
	}
	if g.IntN(3) == 0 {
		return "(" + g.number(depth-1) + ") | " + g.of(numberFilters)
	}
	return "(" + g.number(depth-1) + ") " + g.of(operators) + " (" + g.number(depth-1) + ")"
}

func (g game) text(depth int) string {
	if depth == 0 || g.IntN(4) == 0 {
		return g.of(differTexts)
	}
	switch g.IntN(5) {
	case 0:
		return "(" + g.text(depth-1) + ") | " + g.of(textFilters)
	case 1:
		return "(" + g.text(depth-1) + ")." + g.of(textMethods)
	case 2:
		return "(" + g.text(depth-1) + " ~ " + g.text(depth-1) + ")"
	case 3:
		return "(" + g.text(depth-1) + " if " + g.condition(depth-1) + " else " + g.text(depth-1) + ")"
	}
	return "(" + g.of(differLists) + ") | " + g.of(listFilters)
}

func (g game) condition(depth int) string {
	switch g.IntN(5) {
	case 0:
		return g.number(depth) + " " + g.of(comparators) + " " + g.number(depth)
	case 1:
		return "(" + g.text(depth) + ") " + g.of(comparators) + " (" + g.text(depth) + ")"
	case 2:
		return "not " + g.of(differTexts) + " and " + g.of(differNumbers) + " is odd"
	case 3:
		return g.of(differTexts) + " in s or " + g.of(differNumbers) + " in list"
	}
	return g.of(differLists) + " is sequence"
}

func (g game) template() string {
	switch g.IntN(6) {
	case 0:
		return "{% if " + g.condition(1) + " %}A{{ " + g.text(1) + " }}{% else %}B{{ " + g.text(1) + " }}{% endif %}"
	case 1:
		return "{% for x in " + g.of(differLists) + " %}{{ loop.index }}{{ x }}{{ loop.last and '.' or ',' }}{% endfor %}"
	case 2:
		return "{% set x = " + g.text(2) + " %}[{{ x }}]"
	case 3:
		return "{{ '%s %5.2f %03d' | format(" + g.of(differTexts[:6]) + ", " + g.of(differNumbers) + ", " + g.of(differNumbers) + ") }}"
	case 4:
		return "[{{ " + g.number(3) + " }}]"
	}
	return "[{{ " + g.text(3) + " }}]"
}

// Random templates print the same by Jinja2 itself, where that is at hand.
func TestLikeJinja2(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import jinja2; assert jinja2.__version__ >= '3.1'").Run() != nil {
		t.Skip("no python3 with jinja2 3.1: install python3-jinja2 to compare with it")
	}
	seed := *seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	g := game{rand.New(rand.NewPCG(seed, 1))}
	var templates []string
	var in bytes.Buffer
	for range *games {
		text := g.template()
		templates = append(templates, text)
		line, _ := json.Marshal(map[string]any{"template": text, "variables": json.RawMessage(differVariables)})
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command(python, "-c", theirs)
	cmd.Stdin = &in
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	faults := 0
	for i, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		var want struct{ Out, Error string }
		if err := json.Unmarshal([]byte(line), &want); err != nil {
			t.Fatal(err)
		}
		got, _, err := render(templates[i], differVariables)
		if strings.Contains(want.Out, " object at ") || strings.Contains(templates[i], "(missing) | reverse") { // an iterator of Python's own
			continue
		}
		// Within a text Jinja2 has the .0 of a computed whole number, which SPEC 15 leaves out.
		if (err != nil) != (want.Error != "") || err == nil && got != want.Out && got != strings.ReplaceAll(want.Out, ".0", "") {
			if faults++; faults > 30 {
				t.Fatalf("seed %d: more than 30", seed)
			}
			t.Errorf("seed %d: %s\nprints %q, %v\nwant   %q, %s", seed, templates[i], got, err, want.Out, want.Error)
		}
	}
}
