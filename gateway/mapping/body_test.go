package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

func renderBody(t testing.TB, body, document string) (string, error) {
	t.Helper()
	b := NewBuilder()
	b.Names(callNames)
	compiled, faults := b.Body(gateway.Raw(body))
	if faults != nil {
		t.Fatalf("%s: %v", body, faults)
	}
	var v Values
	b.Set().Read(jsonDocument(t, document), &v)
	out, err := compiled.Append([]byte("before "), &v)
	rest, found := strings.CutPrefix(string(out), "before ")
	if !found {
		t.Fatalf("%s replaced what was there: %s", body, out)
	}
	return rest, err
}

func TestBodyRenders(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":"{{ price }}"}`:                          `{"a":1200.0}`,
		`{"a":"{{ huge }}","b":"{{ text }}"}`:          `{"a":12345678901234567890123,"b":"a \"b\"\n\u00e9"}`,
		`{"a":"{{ missing }}","b":"{{ nothing }}"}`:    `{"a":null,"b":null}`,
		`{"a":"{{ object.x }}","b":"{{ list }}"}`:      `{"a":{"y":"deep"},"b":[3,1,2]}`,
		`{"a":"{{ yes }}","b":"{{ yes and no }}"}`:     `{"a":true,"b":false}`,
		`{"a":"{{ n + 1 }}","b":"{{ name | upper }}"}`: `{"a":13,"b":"ADA"}`,
		`{"a":"{{- n -}}"}`:                            `{"a":12}`,
		`{"a":" {{ n }}"}`:                             `{"a":" 12"}`,
		`{"a":"{{ n }}{{ n }}","b":"n: {{ n }}"}`:      `{"a":"1212","b":"n: 12"}`,
		`{"a":"<{{ text }}>"}`:                         `{"a":"<a \"b\"\n` + "\u00e9" + `>"}`,
		`{"a":"{% if no %}x{% endif %}"}`:              `{"a":""}`,
		`{"a":"{{ n if no }}"}`:                        `{"a":null}`,
		`{"a":"{# c #}x"}`:                             `{"a":"x"}`,
		`{"a":"{% raw %}{{ n }}{% endraw %}"}`:         `{"a":"{{ n }}"}`,
		`{"a":"caf\u00e9 \/","{{ n }}":["{{ n }}",1]}`: `{"a":"caf\u00e9 \/","{{ n }}":[12,1]}`,
		` [ "{{ n }}" , {"b" : "{{ name }}" } ] `:      `[ 12 , {"b" : "Ada" } ]`,
		`{"a":"{{ \"x\" ~ name }}"}`:                   `{"a":"xAda"}`,
		`12`:                                           `12`, `null`: `null`, `{}`: `{}`,
		`"{{ name }}={{ n }}"`:           `Ada=12`,
		`"{\"a\": {{ text | tojson }}}"`: `{"a": "a \"b\"\n\u00e9"}`,
		`"{{ object.x }}"`:               `{"y":"deep"}`,
		`"plain"`:                        `plain`,
		`""`:                             ``,
	} {
		got, err := renderBody(t, body, callBody)
		if err != nil || got != want {
			t.Errorf("%s renders %s, %v, want %s", body, got, err, want)
		}
	}
}

func TestBodyIsText(t *testing.T) {
	for body, want := range map[string]bool{`"a"`: true, ` "{{ a }}" `: true, `{}`: false, `1`: false, `["a"]`: false} {
		b, faults := NewBuilder().Body(gateway.Raw(body))
		if faults != nil || b.IsText() != want {
			t.Errorf("%s: %v, %v", body, b, faults)
		}
	}
}

func TestBodyFaults(t *testing.T) {
	many := "[" + strings.Repeat(`"{{ }}",`, 100) + "1]"
	for body, want := range map[string][]string{
		`{"a":{"b":[1,"{{ x | nope }}"]},"c":"{{","odd key":["{% if %}"]}`: {
			"a.b[1]: line 1, column 8: there is no filter nope",
			"c: line 1, column 1: the tag is not closed: }} is missing",
			`["odd key"][0]: line 1, column 7: %} stands where a value is expected`,
		},
		`"{{"`:                                   {"line 1, column 1: the tag is not closed: }} is missing"},
		`["a","{{"]`:                             {"[1]: line 1, column 1: the tag is not closed: }} is missing"},
		`{"a":1`:                                 {"a body is JSON, nested at most 128 deep"},
		``:                                       {"a body is JSON, nested at most 128 deep"},
		`"` + strings.Repeat("x", MaxBody) + `"`: {"a body has at most 256 KiB"},
	} {
		_, faults := NewBuilder().Body(gateway.Raw(body))
		var got []string
		for _, f := range faults {
			got = append(got, f.String())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%.60s:\n%q, want\n%q", body, got, want)
		}
	}
	if _, faults := NewBuilder().Body(gateway.Raw(many)); len(faults) != maxBodyFaults {
		t.Errorf("%d faults", len(faults))
	}
}

func TestBodyRenderErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":["x","{{ name * name }}"]}`: "a[1]: line 1, column 1: the operator does not take these values",
		`{"a":{"b c":"- {{ 1 % 0 }}"}}`:   `a["b c"]: line 1, column 3: a division by zero`,
		`"{% for x in n %}{% endfor %}"`:  "line 1, column 4: this is neither a list, an object nor a string",
		`{"a":"{{ name | replace(1) }}"}`: "a: line 1, column 1: the filter replace: it does not take these arguments",
		`{"a":"{{ 'x' | int(base=1) }}"}`: "a: line 1, column 1: the filter int: it does not take these arguments",
	} {
		got, err := renderBody(t, body, callBody)
		var fault *RenderError
		if !errors.As(err, &fault) || err.Error() != want || got != "" {
			t.Errorf("%s: %q, %v, want %s", body, got, err, want)
		}
	}
}
