package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

func compileRules(t testing.TB, match []gateway.Match, variables []gateway.Variable) *Program {
	t.Helper()
	p, faults := Compile(match, variables, Bounds{})
	if faults != nil {
		t.Fatal(faults)
	}
	return p
}

func TestFitTakesTheFirst(t *testing.T) {
	p := compileRules(t, []gateway.Match{
		{Name: "paid", Branch: gateway.Success, When: []gateway.Condition{
			{Path: "status", Equals: raw(`"paid"`)}, {Path: "amount", Exists: pointer(true)},
		}},
		{Name: "seen", Branch: gateway.Success, When: []gateway.Condition{{Path: "amount", Exists: pointer(true)}}},
		{Name: "failed", Branch: gateway.Failure, When: []gateway.Condition{{Path: "status", Regex: pointer("^fail")}},
			Variables: []gateway.Variable{{Name: "why", Path: "reason"}}},
		{Name: "void", Branch: gateway.Failure, When: []gateway.Condition{{Path: "status", Equals: raw(`"void"`)}},
			Variables: []gateway.Variable{}},
	}, []gateway.Variable{{Name: "amount", Path: "amount"}})
	for body, want := range map[string]string{
		`{"status":"paid","amount":1}`:         `paid SUCCESS {"amount":1}`,
		`{"status":"open","amount":2}`:         `seen SUCCESS {"amount":2}`,
		`{"status":"failed","reason":"funds"}`: `failed FAILURE {"why":"funds"}`,
		`{"status":"void","reason":"x"}`:       `void FAILURE {}`,
		`{"status":"paid"}`:                    `none`,
		`{}`:                                   `none`,
	} {
		var v Values
		p.Set.Read(jsonDocument(t, body), &v)
		got := "none"
		if verdict, fits := p.Rules.Fit(&v); fits {
			out, err := p.Rules.AppendVariables(nil, &v, verdict)
			got = fmt.Sprintf("%s %s %s%s", verdict.Name, verdict.Branch, out, missingIn(err))
		}
		if got != want {
			t.Errorf("%s fits %s, want %s", body, got, want)
		}
	}
}

func TestNoMatchListedIsSuccess(t *testing.T) {
	p := compileRules(t, nil, nil)
	var v Values
	p.Set.Read(jsonDocument(t, `{}`), &v)
	verdict, fits := p.Rules.Fit(&v)
	if out, _ := p.Rules.AppendVariables(nil, &v, verdict); !fits || verdict.Branch != gateway.Success || verdict.Name != "" || string(out) != "{}" {
		t.Errorf("%v %v %s", verdict, fits, out)
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		body string
		when gateway.Condition
		want bool
	}{
		{`{"a":1}`, gateway.Condition{Equals: raw(`1`)}, true},
		{`{"a":1.0}`, gateway.Condition{Equals: raw(`1`)}, true},
		{`{"a":10e-1}`, gateway.Condition{Equals: raw(` 1.000 `)}, true},
		{`{"a":-0.0}`, gateway.Condition{Equals: raw(`0`)}, true},
		{`{"a":9007199254740993}`, gateway.Condition{Equals: raw(`9007199254740992`)}, false},
		{`{"a":9007199254740993}`, gateway.Condition{Equals: raw(`9007199254740993.0`)}, true},
		{`{"a":1e400}`, gateway.Condition{Equals: raw(`10e399`)}, true},
		{`{"a":1e99999999999999999999}`, gateway.Condition{Equals: raw(`1e99999999999999999998`)}, false},
		{`{"a":-1}`, gateway.Condition{Equals: raw(`1`)}, false},
		{`{"a":"1"}`, gateway.Condition{Equals: raw(`1`)}, false},
		{`{"a":1}`, gateway.Condition{Equals: raw(`"1"`)}, false},
		{`{"a":"caf\u00e9"}`, gateway.Condition{Equals: raw(`"café"`)}, true},
		{`{"a":null}`, gateway.Condition{Equals: raw(`null`)}, true},
		{`{}`, gateway.Condition{Equals: raw(`null`)}, false},
		{`{"a":true}`, gateway.Condition{Equals: raw(`true`)}, true},
		{`{"a":false}`, gateway.Condition{Equals: raw(`true`)}, false},
		{`{"a":{"x":1,"y":[1,{"z":2}]}}`, gateway.Condition{Equals: raw(`{"y":[1.0,{"z":2}],"x":1}`)}, true},
		{`{"a":{"x":1,"y":2}}`, gateway.Condition{Equals: raw(`{"x":1}`)}, false},
		{`{"a":{"x":1}}`, gateway.Condition{Equals: raw(`{"y":1}`)}, false},
		{`{"a":{"x":0,"x":1}}`, gateway.Condition{Equals: raw(`{"\u0078":1}`)}, true},
		{`{"a":[1,2]}`, gateway.Condition{Equals: raw(`[2,1]`)}, false},
		{`{"a":[1,2]}`, gateway.Condition{Equals: raw(`[1]`)}, false},
		{`{"a":[]}`, gateway.Condition{Equals: raw(`[ ]`)}, true},
		{`{"a":"b"}`, gateway.Condition{In: &[]gateway.Raw{gateway.Raw(`1`), gateway.Raw(`"b"`)}}, true},
		{`{"a":"c"}`, gateway.Condition{In: &[]gateway.Raw{gateway.Raw(`1`), gateway.Raw(`"b"`)}}, false},
		{`{"a":null}`, gateway.Condition{Exists: pointer(true)}, true},
		{`{}`, gateway.Condition{Exists: pointer(true)}, false},
		{`{}`, gateway.Condition{Exists: pointer(false)}, true},
		{`{"a":"x\ty"}`, gateway.Condition{Regex: pointer(`^x\ty$`)}, true},
		{`{"a":120}`, gateway.Condition{Regex: pointer(`^12`)}, true},
		{`{"a":true}`, gateway.Condition{Regex: pointer(`^true$`)}, true},
		{`{"a":null}`, gateway.Condition{Regex: pointer(``)}, false},
		{`{"a":["x"]}`, gateway.Condition{Regex: pointer(`x`)}, false},
		{`{}`, gateway.Condition{Regex: pointer(``)}, false},
	} {
		c.when.Path = "a"
		p := compileRules(t, []gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{c.when}}}, nil)
		var v Values
		p.Set.Read(jsonDocument(t, c.body), &v)
		if _, got := p.Rules.Fit(&v); got != c.want {
			when, _ := json.Marshal(c.when)
			t.Errorf("%s in %s holds: %v", when, c.body, got)
		}
	}
}

func TestFormsAndQueriesCompareAsText(t *testing.T) {
	doc, err := Parse("application/x-www-form-urlencoded", []byte("a=1200&b=true&c=1.0&l=1&l=2"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Request = outside{headers: map[string]string{"X-N": "5"}, params: map[string]string{"q": "5"}}
	for _, c := range []struct {
		path, equals string
		want         bool
	}{
		{"a", `1200`, true}, {"a", `"1200"`, true}, {"a", `1200.0`, false}, {"b", `true`, true}, {"b", `null`, false},
		{"c", `1`, false}, {"l", `["1","2"]`, true}, {"l[0]", `1`, true}, {"query:q", `5`, true}, {"header:X-N", `"5"`, true},
		{"header:X-N", `[5]`, false}, {"{{ a | int }}", `1200`, true}, {"$.l[*]", `["1","2"]`, true},
	} {
		p := compileRules(t, []gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: c.path, Equals: raw(c.equals)}}}}, nil)
		var v Values
		p.Set.Read(&doc, &v)
		if _, got := p.Rules.Fit(&v); got != c.want {
			t.Errorf("%s equals %s: %v", c.path, c.equals, got)
		}
	}
}

func TestConversions(t *testing.T) {
	const left = "left out"
	for _, c := range []struct{ kind, value, want string }{
		{"", `null`, `null`}, {"", `1.50`, `1.50`}, {"", `{"x": [1]}`, `{"x": [1]}`}, {"", `"\u00e9"`, `"\u00e9"`},
		{"text", `"a"`, `"a"`}, {"text", `1.50`, `"1.50"`}, {"text", `true`, `"true"`}, {"text", `null`, left},
		{"text", `[1]`, left}, {"text", `{}`, left},
		{"number", `12345678901234567890.10`, `12345678901234567890.10`}, {"number", `"12.50"`, `12.50`}, {"number", `" 7 "`, `7`},
		{"number", `"1e3"`, `1e3`}, {"number", `"\u0037"`, `7`}, {"number", `"0x1F"`, left}, {"number", `"007"`, left},
		{"number", `"1,200"`, left}, {"number", `""`, left}, {"number", `true`, left}, {"number", `null`, left}, {"number", `[1]`, left},
		{"boolean", `true`, `true`}, {"boolean", `false`, `false`}, {"boolean", `1`, `true`}, {"boolean", `0`, `false`},
		{"boolean", `1.0`, `true`}, {"boolean", `2`, left}, {"boolean", `"YES"`, `true`}, {"boolean", `"No"`, `false`},
		{"boolean", `"1"`, `true`}, {"boolean", `"0"`, `false`}, {"boolean", `"True"`, `true`}, {"boolean", `"on"`, left},
		{"boolean", `null`, left}, {"boolean", `{}`, left},
		{"date", `"2023-09-01T14:13:32Z"`, `"2023-09-01T14:13:32.000Z"`},
		{"date", `"2023-09-01T14:13:32.1417+02:00"`, `"2023-09-01T12:13:32.141Z"`},
		{"date", `"2023-09-01 14:13:32.141788"`, `"2023-09-01T14:13:32.141Z"`},
		{"date", `"2023-09-01 14:13:32"`, `"2023-09-01T14:13:32.000Z"`},
		{"date", `"2023-09-01 14:13:32-01:30"`, `"2023-09-01T15:43:32.000Z"`},
		{"date", `"2023-09-01T14:13:32"`, `"2023-09-01T14:13:32.000Z"`},
		{"date", `"2006-01-02"`, `"2006-01-02T00:00:00.000Z"`},
		{"date", `1693577612`, `"2023-09-01T14:13:32.000Z"`}, {"date", `"1693577612"`, `"2023-09-01T14:13:32.000Z"`},
		{"date", `1693577612141`, `"2023-09-01T14:13:32.141Z"`}, {"date", `1693577612.1417`, `"2023-09-01T14:13:32.142Z"`},
		{"date", `0`, `"1970-01-01T00:00:00.000Z"`}, {"date", `-1`, `"1969-12-31T23:59:59.000Z"`},
		{"date", `1e300`, left}, {"date", `1e16`, left}, {"date", `"2023-13-01"`, left}, {"date", `"yesterday"`, left}, {"date", `""`, left},
		{"date", `true`, left}, {"date", `null`, left}, {"date", `"99999-01-01T00:00:00Z"`, left},
		{"json", `{"x":1}`, `{"x":1}`}, {"json", `"{\"x\":[1,2]}"`, `{"x":[1,2]}`}, {"json", `" 12 "`, `12`},
		{"json", `"plain"`, `"plain"`}, {"json", `""`, `""`}, {"json", `"null"`, left}, {"json", `null`, left}, {"json", `7`, `7`},
		{"json", `"{\"x\":"`, `"{\"x\":"`},
	} {
		p := compileRules(t, nil, []gateway.Variable{{Name: "v", Path: "a", Type: c.kind}})
		want := `{"v":` + c.want + `}`
		if c.want == left {
			want = `{}`
		}
		var v Values
		p.Set.Read(jsonDocument(t, `{"a":`+c.value+`}`), &v)
		if got, _ := p.Rules.AppendVariables(nil, &v, Verdict{}); string(got) != want {
			t.Errorf("%s as %q is %s, want %s", c.value, c.kind, got, want)
		}
	}
}

func TestTextsConvert(t *testing.T) {
	doc := &Document{Request: outside{headers: map[string]string{"X": `say "1"`, "N": "12.50", "B": "yes", "J": `{"a":1}`, "D": "0"}}}
	p := compileRules(t, nil, []gateway.Variable{
		{Name: "x", Path: "header:X"}, {Name: "t", Path: "header:N", Type: "text"}, {Name: "n", Path: "header:N", Type: "number"},
		{Name: "b", Path: "header:B", Type: "boolean"}, {Name: "j", Path: "header:J", Type: "json"},
		{Name: "d", Path: "header:D", Type: "date"}, {Name: "none", Path: "header:None"},
	})
	var v Values
	p.Set.Read(doc, &v)
	got, _ := p.Rules.AppendVariables([]byte("x"), &v, Verdict{})
	want := `x{"x":"say \"1\"","t":"12.50","n":12.50,"b":true,"j":{"a":1},"d":"1970-01-01T00:00:00.000Z"}`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDefaultsAndRequired(t *testing.T) {
	for _, c := range []struct {
		name     string
		variable gateway.Variable
		body     string
		want     string
		missing  string
	}{
		{"there", gateway.Variable{Required: true}, `{"a":1}`, `{"v":1}`, ""},
		{"optional", gateway.Variable{}, `{}`, `{}`, ""},
		{"default", gateway.Variable{Default: raw(`"x"`)}, `{}`, `{"v":"x"}`, ""},
		{"default before required", gateway.Variable{Default: raw(`"x"`), Required: true}, `{}`, `{"v":"x"}`, ""},
		{"required", gateway.Variable{Required: true}, `{}`, ``, "v"},
		{"does not convert", gateway.Variable{Type: "number", Required: true}, `{"a":"x"}`, ``, "v"},
		{"default in the type", gateway.Variable{Type: "number", Default: raw(`"7"`)}, `{"a":"x"}`, `{"v":7}`, ""},
		{"default date", gateway.Variable{Type: "date", Default: raw(`0`)}, `{}`, `{"v":"1970-01-01T00:00:00.000Z"}`, ""},
		{"default null", gateway.Variable{Default: raw(`null`)}, `{}`, `{"v":null}`, ""},
		{"null is there", gateway.Variable{Required: true}, `{"a":null}`, `{"v":null}`, ""},
	} {
		c.variable.Name, c.variable.Path = "v", "a"
		p := compileRules(t, nil, []gateway.Variable{c.variable})
		var v Values
		p.Set.Read(jsonDocument(t, c.body), &v)
		got, err := p.Rules.AppendVariables(nil, &v, Verdict{})
		if missing := missingIn(err); string(got) != c.want || missing != c.missing {
			t.Errorf("%s: %s, %v, want %s %q", c.name, got, err, c.want, c.missing)
		}
	}
}

func TestRuleFaults(t *testing.T) {
	variables := func(n int) []gateway.Variable {
		list := make([]gateway.Variable, n)
		for i := range list {
			list[i] = gateway.Variable{Name: fmt.Sprint("v", i), Path: "a"}
		}
		return list
	}
	ok := gateway.Condition{Path: "a", Exists: pointer(true)}
	for want, c := range map[string]struct {
		match     []gateway.Match
		variables []gateway.Variable
	}{
		"variables: at most 50 variables are listed":                   {nil, variables(51)},
		"variables[0].name: a name has 1 to 64 letters, digits, _ - .": {nil, []gateway.Variable{{Name: "a b", Path: "a"}}},
		"variables[1].name: the name v0 is there twice":                {nil, append(variables(1), variables(1)...)},
		"variables[0].path: at 2: a name is missing":                   {nil, []gateway.Variable{{Name: "v", Path: "a."}}},
		"variables[0].path: at 0: a path is missing":                   {nil, []gateway.Variable{{Name: "v"}}},
		"variables[0].type: a type is one of text, number, boolean, date, json, or left out": {
			nil, []gateway.Variable{{Name: "v", Path: "a", Type: "int"}}},
		"variables[0].default: the default does not convert to number": {
			nil, []gateway.Variable{{Name: "v", Path: "a", Type: "number", Default: raw(`"x"`)}}},
		"variables[0].default: this is no JSON value": {nil, []gateway.Variable{{Name: "v", Path: "a", Default: raw(`x`)}}},
		"match: at most 50 outcomes are listed":       {make([]gateway.Match, 51), nil},
		"match[0].name: a name has 1 to 64 characters, all of them visible": {
			[]gateway.Match{{Name: "", Branch: gateway.Success, When: []gateway.Condition{ok}}}, nil},
		"match[1].name: the name m is there twice": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success}, {Name: "m", Branch: gateway.Success}}, nil},
		"match[0].branch: a branch is SUCCESS or FAILURE": {[]gateway.Match{{Name: "m", Branch: "success"}}, nil},
		"match[0].when[1]: exactly one of equals, in, exists and regex is given": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{ok, {Path: "a"}}}}, nil},
		"match[0].when[0]: exactly one of equals, in, exists and regex is given": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Exists: pointer(true), Equals: raw(`1`)}}}}, nil},
		"match[0].when[0].regex: error parsing regexp: missing closing ]: `[`": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: pointer("[")}}}}, nil},
		"match[0].when[0].regex: a regular expression has at most 1024 bytes": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: pointer(strings.Repeat("a", 1025))}}}}, nil},
		"match[0].when[0].in: at least one value is listed": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", In: &[]gateway.Raw{}}}}}, nil},
		"match[0].when[0].in[1]: this is no JSON value": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", In: &[]gateway.Raw{gateway.Raw("1"), gateway.Raw("x")}}}}}, nil},
		"match[0].when[0].equals: a value has at most 16 KiB of JSON": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Equals: raw(`"` + strings.Repeat("a", 16<<10) + `"`)}}}}, nil},
		"match[0].when: at most 20 conditions are listed": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, When: make([]gateway.Condition, 21)}}, nil},
		"match[0].variables[0].path: at 0: a path is missing": {
			[]gateway.Match{{Name: "m", Branch: gateway.Success, Variables: []gateway.Variable{{Name: "v"}}}}, nil},
	} {
		p, faults := Compile(c.match, c.variables, Bounds{})
		if p != nil || len(faults) != 1 || faults[0].String() != want {
			t.Errorf("%v, want %s", faults, want)
		}
	}
}

func TestFaultsAreAllToldAtOnce(t *testing.T) {
	_, faults := Compile([]gateway.Match{{}}, []gateway.Variable{{}, {}}, Bounds{})
	if len(faults) != 6 { // name and branch of the entry, name and path of each variable
		t.Errorf("%d faults: %v", len(faults), faults)
	}
}

// A body can make one comparison dear, never a thousand of them.
func TestConditionsAreBounded(t *testing.T) {
	var list []gateway.Raw
	for i := range maxIn {
		list = append(list, gateway.Raw(fmt.Sprintf(`[%d]`, i)))
	}
	var match []gateway.Match
	for i := range maxMatches {
		when := gateway.Condition{Path: "a", In: &list}
		if i%2 == 0 {
			when = gateway.Condition{Path: "a", Regex: pointer("(a|b)*c")}
		}
		match = append(match, gateway.Match{Name: fmt.Sprint("m", i), Branch: gateway.Success, When: []gateway.Condition{when}})
	}
	match[maxMatches-1].When = []gateway.Condition{{Path: "b", Equals: raw(`1`)}}
	p := compileRules(t, match, nil)
	var v Values
	for _, a := range []string{"[" + strings.Repeat("1,", 500_000) + "1]", `"` + strings.Repeat("a", 1<<20) + `"`} {
		p.Set.Read(jsonDocument(t, `{"a":`+a+`,"b":2}`), &v)
		if verdict, fits := p.Rules.Fit(&v); fits || v.Err() != ErrTooComplex {
			t.Errorf("it fits %q, with %d ns left: %v", verdict.Name, v.work.Left(), v.Err())
		}
	}
}

// One Set is used by every request at once.
func TestSetIsShared(t *testing.T) {
	p := compileRules(t, paid, []gateway.Variable{
		{Name: "a", Path: "amount"}, {Name: "b", Path: "$..amount"}, {Name: "c", Path: "{{ amount | abs }}"},
	})
	done := make(chan string)
	for i := range 8 {
		go func() {
			var v Values
			body := fmt.Sprintf(`{"id":"evt_%d","status":"paid","amount":%d}`, i, i)
			want := fmt.Sprintf(`{"a":%d,"b":%d,"c":%d}`, i, i, i)
			for range 50 {
				p.Set.Read(&Document{Body: JSON, Raw: []byte(body)}, &v)
				verdict, _ := p.Rules.Fit(&v)
				if got, _ := p.Rules.AppendVariables(nil, &v, verdict); string(got) != want {
					done <- string(got) + " is not " + want
					return
				}
			}
			done <- ""
		}()
	}
	for range 8 {
		if fault := <-done; fault != "" {
			t.Error(fault)
		}
	}
}
