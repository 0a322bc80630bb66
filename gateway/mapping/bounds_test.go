package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// mapped gives what rules make of a body.
func mapped(t testing.TB, variables []gateway.Variable, bounds Bounds, doc *Document) ([]byte, error) {
	t.Helper()
	p, faults := Compile(nil, variables, bounds)
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	var v Values
	p.Set.Read(doc, &v)
	verdict, fits := p.Rules.Fit(&v)
	if !fits {
		t.Fatal(v.Err())
	}
	return p.Rules.AppendVariables([]byte("x"), &v, verdict)
}

// Fifty variables on one field are not built and then looked at.
func TestVariablesAreBounded(t *testing.T) {
	doc := jsonDocument(t, `{"a":"`+strings.Repeat("a", 4<<20)+`","b":"`+strings.Repeat("b", 300<<10)+`","c":"\"`+strings.Repeat("c", 300<<10)+`\""}`)
	for name, c := range map[string]struct {
		path, kind string
		bounds     Bounds
		fits       int // variables
	}{
		"default":    {"b", "", Bounds{}, 3},
		"one":        {"a", "", Bounds{}, 0},
		"text":       {"b", "text", Bounds{}, 3},
		"json":       {"c", "json", Bounds{}, 3},
		"expression": {"{{ 'abcdefghi' * 20000 }}", "", Bounds{}, 5},
		"found":      {"$['b','c']", "", Bounds{}, 1},
		"own":        {"b", "", Bounds{Variables: 700 << 10}, 2},
		"large":      {"a", "text", Bounds{Variables: 9 << 20}, 2},
	} {
		for n := 1; n <= 50; n++ {
			var list []gateway.Variable
			for i := range n {
				list = append(list, gateway.Variable{Name: fmt.Sprint("v", i), Path: c.path, Type: c.kind})
			}
			most := c.bounds.Filled().Variables
			out, err := mapped(t, list, c.bounds, doc)
			switch {
			case n <= c.fits && (err != nil || len(out) > most+1):
				t.Errorf("%s: %d variables: %d bytes, %v", name, n, len(out), err)
			case n > c.fits && (!errors.Is(err, ErrVariablesTooLarge) || string(out) != "x"):
				t.Errorf("%s: %d variables: %d bytes, %v", name, n, len(out), err)
			}
			if cap(out) > 2*most+4<<10 {
				t.Errorf("%s: %d variables: the buffer grew to %d bytes", name, n, cap(out))
			}
		}
	}
}

// The limit is to the byte, escapes and defaults included.
func TestVariablesFitToTheByte(t *testing.T) {
	doc := jsonDocument(t, `{"a":"\u0001é","n":12}`)
	doc.Request = outside{headers: map[string]string{"X-Text": "\x01\""}}
	list := []gateway.Variable{
		{Name: "a", Path: "a"}, {Name: "n", Path: "n", Type: "text"}, {Name: "h", Path: "header:X-Text"}, {Name: "d", Path: "none", Default: raw(`[1,2]`)},
	}
	whole, err := mapped(t, list, Bounds{}, doc)
	if err != nil {
		t.Fatal(err)
	}
	size := len(whole) - 1
	for most := 1; most <= size+2; most++ {
		if _, err := mapped(t, list, Bounds{Variables: most}, doc); errors.Is(err, ErrVariablesTooLarge) != (most < size) {
			t.Errorf("%d bytes for %d: %v", most, size, err)
		}
	}
}

// What …/run shows of fifty variables is bounded as the variables are.
func TestExplanationsAreBounded(t *testing.T) {
	doc := jsonDocument(t, `{"a":"`+strings.Repeat("a", 400<<10)+`"}`)
	p := compileRules(t, nil, variablesNamed(50, "a"))
	var v Values
	p.Set.Read(doc, &v)
	size, told := 0, 0
	for _, e := range p.Rules.Explain(&v, Verdict{}) {
		size += len(e.Found) + len(e.Value)
		if e.Value == nil && strings.Contains(e.Problem, "variables_max") {
			told++
		}
	}
	if size > 2<<20 || told != 48 {
		t.Errorf("%d bytes, %d told of", size, told)
	}
}

func variablesNamed(n int, path string) (list []gateway.Variable) {
	for i := range n {
		list = append(list, gateway.Variable{Name: fmt.Sprint("v", i), Path: path})
	}
	return list
}

// What runs out is an error and never a "no".
func TestTooComplexIsNoAnswer(t *testing.T) {
	doc := jsonDocument(t, `{"a":"`+strings.Repeat("x", 1<<20)+`","b":"`+strings.Repeat("x", 200<<10)+`"}`)
	for name, when := range map[string]gateway.Condition{
		"regex":  {Path: "a", Regex: pointer(`(x{0,20}y?){20}z`)},
		"exists": {Path: `$[?search(@,'(x{0,20}y?){20}z')]`, Exists: pointer(false)},
		"not":    {Path: `$[?!search(@,'(x{0,20}y?){20}z')]`, Exists: pointer(true)},
		"braces": {Path: `{{ b | upper | lower | upper | lower | upper | lower | upper | lower | upper | lower | length }}`, Exists: pointer(false)},
	} {
		p := compileRulesIn(t, []gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{when}}}, Bounds{Work: 5 * time.Millisecond})
		var v Values
		p.Set.Read(doc, &v)
		verdict, fits := p.Rules.Fit(&v)
		if fits || !errors.Is(v.Err(), ErrTooComplex) {
			t.Errorf("%s: fits %v %v, %v", name, fits, verdict, v.Err())
		}
	}
}

func compileRulesIn(t testing.TB, match []gateway.Match, b Bounds) *Program {
	t.Helper()
	p, faults := Compile(match, nil, b)
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return p
}

// Whoever looks at the same callback with other paths has what is left.
func TestWorkIsOneForACallback(t *testing.T) {
	doc := jsonDocument(t, `{"a":"`+strings.Repeat("x", 1<<20)+`"}`)
	p := compileRulesIn(t, nil, Bounds{Work: 3 * time.Millisecond})
	var first, second Values
	p.Set.Read(doc, &first)
	p.Set.ReadAfter(doc, &second, &first)
	if err := second.Err(); err != nil {
		t.Fatalf("twice over a megabyte: %v", err)
	}
	p.Set.ReadAfter(doc, &second, &first)
	if err := second.Err(); !errors.Is(err, ErrTooComplex) || first.Err() != err {
		t.Errorf("three times: %v, %v", err, first.Err())
	}
	p.Set.Read(doc, &first)
	if err := first.Err(); err != nil {
		t.Errorf("the next one: %v", err)
	}
}
