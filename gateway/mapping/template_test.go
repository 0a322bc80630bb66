package mapping

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// callNames are the names of a call, as its directory gives them.
func callNames(name string) [][]string {
	switch name {
	case "variables", "context", "conversation_key":
		return [][]string{{name}}
	case "sessionId":
		return [][]string{{"context", name}, {"conversation_key"}}
	case "customVariables":
		return [][]string{{"context", name}, {"variables"}}
	case "firstName", "reply":
		return [][]string{{"context", name}}
	}
	return [][]string{{"variables", name}}
}

const callBody = `{"conversation_key":"c-1",
"variables":{"name":"Ada","n":12,"price":1200.0,"half":1.50,"huge":12345678901234567890123,"yes":true,"no":false,"nothing":null,"empty":"",
 "text":"a \"b\"\n\u00e9","list":[3,1,2],"none_left":[],"object":{"x":{"y":"deep"},"0":"zero","odd key":1,"x2":1.50},"firstName":"hidden",
 "items":[{"sku":"A","price":1.50,"tags":["p","q"]},{"sku":"B","price":20,"tags":[]}],"pairs":[["a",1],["b",2]],"loop":"a variable"},
"context":{"firstName":"Eve"},"wait":{"timeout":60}}`

// render renders one template over a call.
func render(t testing.TB, text, body string) (string, error) {
	t.Helper()
	b := NewBuilder()
	b.Names(callNames)
	tpl, err := b.Template(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var v Values
	b.Set().Read(jsonDocument(t, body), &v)
	out, err := tpl.Append(nil, &v)
	return string(out), err
}

func TestTemplateRenders(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"no tag\r\n":                     "no tag\r\n",
		"a {{ name }}\r\n\n":             "a Ada\r\n\n",
		"{{name}}{{ name }}":             "AdaAda",
		"{{ variables.name }}":           "Ada",
		`{{ variables["name"] }}`:        "Ada",
		"{{ firstName }}":                "Eve", // a standard name wins
		"{{ variables.firstName }}":      "hidden",
		"{{ context.firstName }}":        "Eve",
		"{{ sessionId }}":                "c-1",
		"{{ conversation_key }}":         "c-1",
		"{{ customVariables.name }}":     "Ada",
		"{{ reply }}|{{ reply.x.y }}":    "|",
		"{{ missing }}{{ nothing }}":     "",
		"{{ n }} {{ price }} {{ half }}": "12 1200.0 1.50",
		"{{ huge }}":                     "12345678901234567890123",
		"{{ yes }} {{ no }}":             "true false",
		"{{ text }}":                     "a \"b\"\n\u00e9",
		"{{ list }}":                     "[3,1,2]",
		"{{ object.x }}":                 `{"y":"deep"}`,
		"{{ object.x.y }}{{ list[0] }}":  "deep3",
		"{{ list[-1] }}{{ list.1 }}":     "21",
		`{{ object["odd key"] }}`:        "1",
		`{{ object.0 }}`:                 "zero",
		"{{\n  name\n  | upper\r\n}}":    "ADA",
		"{{ wait }}":                     "", // a variable, not the member of the call

		// Filters and operators.
		`{{ missing | default("x") }}`:                        "x",
		`{{ huge | default("x") }}`:                           "12345678901234567890123",
		`{{ half | default(0) }}`:                             "1.50",
		`{{ missing | default(name) }}`:                       "Ada",
		`{{ missing | default }}`:                             "",
		`{{ missing | upper }}`:                               "",
		`{{ missing.x.y | upper | d("z") }}`:                  "", // upper makes a text of it
		`{{ missing.x.y | d("z") | upper }}`:                  "Z",
		`{{ name | upper }}`:                                  "ADA",
		`{{ "a/b c?" | urlencode }}`:                          "a/b%20c%3F",
		`{{ n + 1 }} {{ n * 1.5 }}`:                           "13 18",
		`{{ price + 0 }}`:                                     "1200",
		`{{ "Hello " ~ missing ~ "!" }}`:                      "Hello !",
		`{{ missing ~ name }}`:                                "Ada",
		`{{ object.x | tojson }}`:                             `{"y":"deep"}`,
		`{{ text | tojson }}`:                                 `"a \"b\"\n\u00e9"`,
		`{{ list | sort | join("-") }}`:                       "1-2-3",
		`{{ "yes" if n > 5 else "no" }}`:                      "yes",
		`{{ half if yes }}{{ half if no }}`:                   "1.50",
		`{{ "x" if missing else "y" }}`:                       "y",
		`{{ "}}" }}{{ '{% if %}' }}`:                          "}}{% if %}",
		`{{ none }}{{ None }}`:                                "",
		`{{ range(3) }}`:                                      "[0,1,2]",
		`{{ range(1, 10, 4) | join(",") }}`:                   "1,5,9",
		`{{ range(3, 0, -1) }}{{ range(0) }}`:                 "[3,2,1][]",
		`{{ [1].Len }}{{ [1].append }}{{ list.Len }}`:         "",
		`{{ [1, 2][-2] }}{{ [1][1] }}{{ (list | sort)[-1] }}`: "13",
		`{{ list[n].x.y | d("-") }}{{ missing[n] }}{{ list["x"] }}{{ (object | d(1)).x.y }}`: "-deep",
		`{{ "café!"[3] }}{{ ("ab" ~ "c")[-1] }}{{ (object | d(1)).0 }}`:                      "éczero",
		`{{ range }}`:                  "", // a name like any other
		`{{ self }}{{ ''.__class__ }}`: "",

		// What is missing is false, and no number; operators do not take it (TestTemplateFails).
		`{{ missing | length > 0 }}{{ missing | length | d(8) }}`:                                                     "false0",
		`{{ missing | upper or "x" }}{{ not (missing | upper) }}{{ missing | upper == "X" }}{{ missing == missing }}`: "xtruefalsetrue",
		`{{ missing or n > 1 }}{{ name and missing }}{{ missing is none }}{{ missing is defined }}`:                   "truefalsefalse",
		`{{ missing in list }}{{ "a" in missing }}{{ 3 in list }}{{ n not in list }}`:                                 "falsefalsetruetrue",
		`{{ n > 5 and n >= 12 and n < 12.5 and n <= 12 }}{{ "b" > "a" }}{{ "90" > "100" }}`:                           "truetruetrue",
		`{{ [missing, n] | tojson }}`: "[null,12]",

		`{{ items | map(attribute="price") | join("+") }}={{ items | map(attribute="nope") | join("+") }}`: "1.50+20=+",

		// Slices.
		`{{ name[:2] }}{{ name[1:] }}{{ name[-1:] }}{{ name[::-1] }}{{ name[::2] }}{{ name[5:9] }}`:         "AddaaadAAa",
		`{{ list[1:] }}{{ list[::-1] }}{{ list[:-1] }}{{ list[2:0:-1] }}{{ list[-9:9] }}{{ list[none:2] }}`: "[1,2][2,1,3][3,1][2,1][3,1,2][3,1]",
		`{{ name[::9223372036854775807] }}{{ name[1::-9223372036854775807] }}`:                              "Ad",
		`{{ "x=1&y=/a b" | urlencode }}{{ n | urlencode }}`:                                                 "x%3D1%26y%3D/a%20b12",

		// if
		"{% if yes %}a{% endif %}":                                                         "a",
		"{% if no %}a{% elif n == 12 %}b{% else %}c{% endif %}":                            "b",
		"{% if no %}a{% elif missing %}b{% else %}c{% endif %}":                            "c",
		"{% if nothing or empty or none_left %}a{% else %}b{% endif %}":                    "b",
		"{% if missing %}a{% endif %}{% if empty %}b{% endif %}{% if 0.0 %}c{%endif%}":     "",
		"{% if none_left %}a{% endif %}{% if list %}b{% endif %}{% if object %}c{%endif%}": "bc",
		"{% if missing | upper %}a{% else %}b{% endif %}":                                  "b",
		"{% if not missing %}a{% endif %}":                                                 "a",
		"{% if name is defined and name != 'x' %}a{% endif %}":                             "a",
		"{% if 'd' in name %}{% if yes %}a{% endif %}{% endif %}":                          "a",

		// for
		"{% for x in list %}{{ x }},{% endfor %}":                                                                           "3,1,2,",
		"{% for x in missing %}{{ x }}{% else %}none{% endfor %}":                                                           "none",
		"{% for x in none_left %}{{ x }}{% else %}none{% endfor %}":                                                         "none",
		"{% for i in items %}{{ i.sku }}={{ i.price }};{% endfor %}":                                                        "A=1.50;B=20;",
		"{% for i in items %}{% for t in i.tags %}{{ t }}{{ i.sku }}{% endfor %}{% endfor %}":                               "pAqA",
		"{% for k, v in object.items() %}{{ k }}={{ v }};{% endfor %}":                                                      `x={"y":"deep"};0=zero;odd key=1;x2=1.50;`,
		"{% for k in object %}{{ k }};{% endfor %}":                                                                         `x;0;odd key;x2;`,
		"{% for k, v in pairs %}{{ k }}{{ v }}{% endfor %}":                                                                 "a1b2",
		"{% for k, v in object.x | items %}{{ k }}{{ v }}{% endfor %}":                                                      "ydeep",
		"{% for i in range(2) %}{% for j in range(2) %}{{ i }}{{ j }} {% endfor %}{% endfor %}":                             "00 01 10 11 ",
		"{% for x in list if x > 1 %}{{ x }}{{ ',' if not loop.last }}{% endfor %}":                                         "3,2",
		"{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}": "10truefalse3 21falsefalse3 32falsetrue3 ",
		"{{ loop }}{% for x in list %}{{ loop.index + 1 }}{% endfor %}{{ loop }}":                                           "a variable234a variable",
		"{% for x in list %}{{ x }}{% endfor %}{{ x }}":                                                                     "312",
		"{% for name in list %}{{ name }}{% endfor %}{{ name }}":                                                            "312Ada",
		"{% for i in items %}{{ i.tags | length }}{{ i.price * 2 }} {% endfor %}":                                           "23 040 ",
		"{% for x in list | sort %}{{ x }}{% endfor %}":                                                                     "123",
		"{% for i in range(3) %}{{ list[i] }}{% endfor %}":                                                                  "312",

		// set
		"{% set x = 1 %}{{ x }}":                                                           "1",
		"{% set x = items[0].price %}{{ x }}{{ x + 1 }}":                                   "1.502.5",
		"{{ name }}{% set name = 'Bo' %}{{ name }}{{ variables.name }}":                    "AdaBoAda",
		"{% if no %}{% set name = 'Bo' %}{% endif %}{{ name }}":                            "Ada",
		"{% if yes %}{% set name = 'Bo' %}{% endif %}{{ name }}":                           "Bo",
		"{% set name = missing %}[{{ name }}]":                                             "[]",
		"{% for x in list %}{{ seen }}{% set seen = x %}{% endfor %}{{ seen }}":            "",
		"{% set s = '' %}{% for x in list %}{% set s = s ~ x %}{{ s }}{% endfor %}{{ s }}": "312",
		"{% set a = 'x' if no else 'y' %}{{ a }}":                                          "y",
		"{% set o = object %}{{ o.x.y }}{{ o['odd key'] }}{{ o.x2 }}{{ o.0 }}":             "deep11.50zero",
		"{% set l = list %}{{ l[-1] }}{{ l[7] }}{{ l[-7] }}{{ l.name }}":                   "2",
		"{% set x = '=' %}{{ x == '=' }}":                                                  "true",

		// raw, comments, space
		"{% raw %}{{ name }}{% if %}{% endraw %}!":                             "{{ name }}{% if %}!",
		"a {%- raw -%} {{ x }} {%- endraw -%} b":                               "a{{ x }}b",
		"a{# {{ name }} {% if %} #}b":                                          "ab",
		"a {#- x -#} b":                                                        "ab",
		"a  {{- name -}}  b":                                                   "aAdab",
		"a\n{%- if yes -%}\n b \n{%- endif -%}\nc":                             "abc",
		"a\n{% if yes %}\nb{% endif %}\nc":                                     "a\n\nb\nc",
		"{%\nif\nyes\n%}a{%\n endif\n%}":                                       "a",
		"{%\r\nfor x\nin\nlist %}{{ x }}{% endfor %}{% set\nx\n=\n1 %}{{ x }}": "3121",
		"{%+ if yes +%}\na{% endif %}":                                         "\na",
		"{{ 3 -}} {{- 4 }}":                                                    "34",
		"{{ -3 }}{{ +3 }}":                                                     "-33",
		"{ {{ name }} } {x} {":                                                 "{ Ada } {x} {",
	} {
		got, err := render(t, text, callBody)
		if err != nil || got != want {
			t.Errorf("%s renders %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestNamesHaveTwoPlaces(t *testing.T) {
	for body, want := range map[string]string{
		`{"conversation_key":"k","variables":{"a":1},"context":{"sessionId":"s","customVariables":{"a":2}}}`: "s 2 2",
		`{"conversation_key":"k","variables":{"a":1},"context":{"customVariables":{"b":2}}}`:                 "k  9",
		`{"conversation_key":"k","variables":{"a":1},"context":{"sessionId":null}}`:                          "k 1 1",
		`{"conversation_key":"k","variables":{"a":1}}`:                                                       "k 1 1",
	} {
		got, err := render(t, "{{ sessionId }} {{ customVariables.a }} {{ customVariables.a | d(9) }}", body)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", body, got, err, want)
		}
	}
}

func TestTemplateRefused(t *testing.T) {
	deep := func(open, end string) string { return strings.Repeat(open, 10_000) + "x" + strings.Repeat(end, 10_000) }
	for text, want := range map[string]string{
		"a {{ name":                   "line 1, column 3: the tag is not closed: }} is missing",
		"a\n {% if yes":               "line 2, column 2: the tag is not closed: %} is missing",
		"é {# name":                   "line 1, column 3: the comment is not closed",
		"{{ }}":                       "line 1, column 4: }} stands where a value is expected",
		"{{ name | nope }}":           "line 1, column 11: there is no filter nope",
		"{{ name is nope }}":          `there is no test "nope"`,
		"{{ name name }}":             `line 1, column 9: "name" stands where }} is expected`,
		"{{ name | }}":                "}} stands where a name is expected",
		"{{ (name }}":                 "",
		"{{ 'a }}":                    "",
		"{{ a ? b }}":                 "line 1, column 6: ? cannot stand in an expression",
		"{{ lipsum() }}":              "line 1, column 4: there is no function lipsum",
		"{% %}":                       "line 1, column 4: %} stands where a name is expected",
		`{% include "/etc/passwd" %}`: "a template reaches no other: there is no include",
		`{% import "x" as y %}`:       "there is no import",
		`{% from "x" import y %}`:     "there is no from",
		`{% extends "x" %}`:           "there is no extends",
		"{% block b %}{% endblock %}": "there is no block",
		"{% call m() %}{% endcall %}": "there is no function m",
		"{% do x %}":                  "do is no statement",
		"{% autoescape true %}{% endautoescape %}": "autoescape is no statement",
		"{% if yes %}a":                              "endif",
		"{% for x in list %}a":                       "endfor",
		"{% if yes %}a{% endfor %}":                  "line 1, column 17: endfor is no statement, or has none that it belongs to",
		"{% for x in list %}{% elif a %}":            "elif is no statement, or has none that it belongs to",
		"{% endif %}":                                "endif is no statement, or has none that it belongs to",
		"{% if a %}b{% else c %}d{% endif %}":        `"c" stands where %} is expected`,
		"{% if a %}b{% else %}c{% else %}d{%endif%}": "line 1, column 26: else",
		"{% if a if b %}c{% endif %}":                "",
		"{% for x %}{% endfor %}":                    "",
		"{% for x in %}{% endfor %}":                 "",
		"{% for x in a if b else c %}{% endfor %}":   `"else" stands where %} is expected`,
		"{% set true = 1 %}":                         `"true" cannot be given a value`,
		"{% set 1x = 1 %}":                           "",
		"{% set x = %}":                              "%} stands where a value is expected",
		"{% raw %}a":                                 "the raw is not closed",
		"\xff":                                       "a template is UTF-8",
		strings.Repeat("x", MaxTemplate+1):           "a template has at most 64 KiB",
		"{{ a.0.1.2.3.4 }}":                          "line 1, column 4: at most 4 numbers",
		"{{ " + strings.Repeat("(", 65) + "a" + strings.Repeat(")", 65) + " }}":  "nested at most 64 deep",
		"{{ " + strings.Repeat("a[", 65) + "a" + strings.Repeat("]", 65) + " }}": "nested at most 64 deep",
		"{{ " + deep("(", ")") + " }}":                                           "nested at most 64 deep",
		strings.Repeat("{%if a%}", 4000) + strings.Repeat("{%endif%}", 3000):     "nested at most 100 deep",
		strings.Repeat("{%for a in b%}", 4000):                                   "nested at most 100 deep",
	} {
		b := NewBuilder()
		_, err := b.Template(text)
		var fault *PathError
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", text, err, want)
		}
	}
}

// What Jinja2 refuses to do, a template refuses: with its place, and without the values.
func TestTemplateFails(t *testing.T) {
	for text, want := range map[string]string{
		"{{ missing + 1 }}":                    "line 1, column 1: the value is missing",
		"{{ 1 + nothing }}":                    "line 1, column 1: the operator does not take these values",
		"{{ -missing }}":                       "line 1, column 1: the value is missing",
		"{{ missing > 1 }}":                    "line 1, column 1: the value is missing",
		"a\n{{ (missing + 1) | default(7) }}":  "line 2, column 1: the value is missing",
		"{{ n / 0 }}":                          "line 1, column 1: a division by zero",
		"{{ name > n }}":                       "line 1, column 1: these values have no order",
		"{% for k, v in object %}{% endfor %}": "line 1, column 4: there are more or fewer values than names",
		"{{ list[missing:] }}":                 "line 1, column 1: the value is missing",
	} {
		got, err := render(t, text, callBody)
		var fault *RenderError
		if !errors.As(err, &fault) || fault.Rule != want || got != "" {
			t.Errorf("%s renders %q, %v, want %s", text, got, err, want)
		}
	}
}

func TestTemplateConstant(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "a{# b #}c": "ac", "{% raw %}{{ a }}{% endraw %}": "{{ a }}", "{ }": "{ }"} {
		tpl, err := NewBuilder().Template(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, is := tpl.Constant(); !is || got != want {
			t.Errorf("%s is constant: %q, %v", text, got, is)
		}
	}
	for _, text := range []string{"{{ a }}", "a{{ a }}", "{% if a %}{% endif %}", "{% set a = 1 %}"} {
		tpl, err := NewBuilder().Template(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := tpl.Constant(); is {
			t.Errorf("%s is constant", text)
		}
	}
	for _, text := range []string{"", "{{ name }} {% if %}"} {
		out, err := Literal(text).Append(nil, new(Values))
		if err != nil || string(out) != text {
			t.Errorf("the literal %q renders %q, %v", text, out, err)
		}
	}
}

// Without Names a bare name stands at the top of the document.
func TestTemplateWithoutNames(t *testing.T) {
	b := NewBuilder()
	tpl, err := b.Template("{{ a.b }}{{ a.b | upper }}")
	if err != nil {
		t.Fatal(err)
	}
	var v Values
	b.Set().Read(jsonDocument(t, `{"a":{"b":"x"}}`), &v)
	if out, err := tpl.Append([]byte("before "), &v); err != nil || string(out) != "before xX" {
		t.Errorf("%s, %v", out, err)
	}
}

func TestTemplatesLookIntoBoundedPlaces(t *testing.T) {
	for _, c := range []struct {
		text, want string
		atLeast    int // how many of them are taken
	}{
		{"{{ a%d.b.c.d.e }}", "line 1, column 4: all templates together look into more than 10000 places", 1900},
		{"{{ a%d.0 | upper }}", "line 1, column 4: all templates together look into more than 10000 places", 3000},
		{"{{ a }}{# %d #}", "at 0: all templates together have at most 4096 expressions and statements", maxTags},
		{"{% if a %}%d{% endif %}", "at 0: all templates together have at most 4096 expressions and statements", maxTags / 2},
	} {
		b := NewBuilder()
		for i := 0; ; i++ {
			_, err := b.Template(strings.Replace(c.text, "%d", fmt.Sprint(i), 1))
			if err == nil && i < 2*maxTags {
				continue
			}
			if i < c.atLeast || err == nil || err.Error() != c.want {
				t.Errorf("the template %d of %s: %v", i, c.text, err)
			}
			break
		}
	}
}

// One template serves any number of requests at once.
func TestTemplateIsShared(t *testing.T) {
	b := NewBuilder()
	b.Names(callNames)
	tpl, err := b.Template(`{% for i in items if i.price > 1 %}{% set s = i.sku ~ loop.index %}{{ s | lower }}{{ missing | d(name) }}{% endfor %}`)
	if err != nil {
		t.Fatal(err)
	}
	set := b.Set()
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			var v Values
			doc := Document{Body: JSON, Raw: []byte(callBody)}
			for range 50 {
				set.Read(&doc, &v)
				if out, err := tpl.Append(nil, &v); err != nil || string(out) != "a1Adab2Ada" {
					t.Errorf("%s, %v", out, err)
				}
				v.Release()
			}
		})
	}
	done.Wait()
}
