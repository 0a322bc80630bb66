package mapping

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// dotForm writes steps as people do, where that can say them.
func dotForm(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		switch {
		case s.item:
			fmt.Fprintf(&b, "[%d]", s.index)
		case wordEnd(s.name) == len(s.name) && s.name != "" && s.name[0] > '9':
			b.WriteString("." + s.name)
		default:
			fmt.Fprintf(&b, "[%s]", gateway.AppendString(nil, s.name))
		}
	}
	return b.String()
}

// libraryName says whether the template library reads the name as we do: its
// strings have escapes of their own.
func libraryName(s string) bool { return !strings.ContainsAny(s, `\"`) }

// TestTemplateWaysAgree: a plain path finds the same on the walk, in a register
// that set or for filled, in the template library, as JSONPath and as a Pointer.
func TestTemplateWaysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(`{"v":` + drawJSON(t, 5) + `}`)
		var steps []step
		for _, s := range drawSteps(t) {
			if s.item || libraryName(s.name) {
				steps = append(steps, s)
			}
		}
		path := "v" + dotForm(steps)
		full := append([]step{{name: "v", member: true}}, steps...)
		want, found := lookUp(decodeTree(body), full)

		b := NewBuilder()
		exact := map[string]*Template{}
		for _, text := range []string{
			"{{ " + path + " }}",
			"{% set x = v %}{{ x" + dotForm(steps) + " }}",
			"{% set x = " + path + " %}{{ x }}",
			"{% for x in [1] %}{{ " + path + " }}{% endfor %}",
			"{{ " + path + " | default(none) }}",
			"{{ " + path + " if true }}",
		} {
			exact[text] = compileTemplate(t, b, text)
		}
		slow := compileTemplate(t, b, "{{ "+path+" | default(none, false) }}")
		isTrue := compileTemplate(t, b, "{% if "+path+" %}yes{% endif %}")
		slowTrue := compileTemplate(t, b, "{% if "+path+" | default(none, false) %}yes{% endif %}")
		if _, library := slow.lone().valuer.(*expression); !library {
			t.Fatal("the slow way is not slow")
		}
		slot, err := b.Path(jsonPathForm(full))
		if err != nil {
			t.Fatal(err)
		}
		var v Values
		doc := Document{Body: JSON, Raw: body}
		b.Set().Read(&doc, &v)

		reference := v.At(slot)
		if found != (reference.Kind != Missing) {
			t.Fatalf("%s in %s: %v, %s", path, body, want, reference.Raw)
		}
		for text, tpl := range exact {
			out, err := tpl.Append(nil, &v)
			if expected := textOf(reference); err != nil || string(out) != expected {
				t.Fatalf("%s in %s renders %q, %v, want %q", text, body, out, err, expected)
			}
		}
		compareLibrary(t, string(body), path, slow, &v, want)
		if one, other := appended(t, isTrue, &v), appended(t, slowTrue, &v); one != other {
			t.Fatalf("%s in %s is true: %q, in the library %q", path, body, one, other)
		}
	})
}

func compileTemplate(t *rapid.T, b *Builder, text string) *Template {
	tpl, err := b.Template(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tpl
}

func appended(t *rapid.T, tpl *Template, v *Values) string {
	out, err := tpl.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// textOf is what a template makes of a value.
func textOf(value Value) string {
	if value.Kind == Null {
		return ""
	}
	if text, ok := value.Text(nil); ok {
		return string(text)
	}
	return string(value.Raw)
}

// compareLibrary allows the library its doubles, and members in another order.
func compareLibrary(t *rapid.T, body, path string, tpl *Template, v *Values, want any) {
	value, err := tpl.lone().valuer.value(v)
	if err != nil {
		t.Fatalf("%s in %s: %v", path, body, err)
	}
	got := any(nil)
	if value.Kind != Missing {
		got = decodeTree(value.Raw)
	}
	if !reflect.DeepEqual(rounded(got), rounded(want)) {
		t.Fatalf("%s in %s is %v in the library, want %v", path, body, got, want)
	}
}

func rounded(tree any) any {
	switch tree := tree.(type) {
	case json.Number:
		f, _ := tree.Float64()
		return math.Round(f*1e6) / 1e6
	case []any:
		for i := range tree {
			tree[i] = rounded(tree[i])
		}
	case map[string]any:
		for name := range tree {
			tree[name] = rounded(tree[name])
		}
	}
	return tree
}

// FuzzTemplate renders any template, alone and as the string of a body: soon, in
// bounds, to itself where it has no tag, and with the type of the value where it is
// a path alone.
func FuzzTemplate(f *testing.F) {
	for text := range hostileTemplates {
		f.Add(text)
	}
	for _, text := range []string{
		"plain", "{{ name }}", "{{- list[0] | default('x') -}} {# c #}", "{% raw %}{{ x }}{% endraw %}", "{ {", "{%+ if a +%}\r\n{% endif %}",
		"{% for k, v in object %}{{ loop.index }}{{ k }}{{ v.y }}{% else %}-{% endfor %}{% set a = b if c else d %}{{ a }}",
		`{{ "a" ~ 'b\'c' * 2 if n is even else [1, (2, 3)][0] }}`, "{{ object.x['y'] }}", "{{ x\n|\rupper }}",
	} {
		f.Add(text)
	}
	doc := Document{Body: JSON, Raw: []byte(callBody)}
	f.Fuzz(func(t *testing.T, text string) {
		b := NewBuilder()
		b.Names(callNames)
		tpl, err := b.Template(text)
		if err != nil {
			return
		}
		body, faults := b.Body(append(gateway.AppendString([]byte("["), text), ']'))
		if faults != nil {
			t.Fatalf("%q is refused in a body: %v", text, faults)
		}
		var v Values
		b.Set().Read(&doc, &v)
		start := time.Now()
		out, err := tpl.Append(nil, &v)
		inBody, bodyErr := body.Append(nil, &v)
		switch {
		case time.Since(start) > 5*time.Second:
			t.Fatalf("%q took %s", text, time.Since(start))
		case len(out)+len(inBody) > maxRendered:
			t.Fatalf("%q renders %d bytes", text, len(out)+len(inBody))
		case nextTag(text, 0) == len(text) && (err != nil || string(out) != text):
			t.Fatalf("%q renders %q, %v", text, out, err)
		case err != nil || bodyErr != nil:
			return
		}
		checkLeaf(t, text, tpl, &v, string(out), string(inBody))
	})
}

func checkLeaf(t *testing.T, text string, tpl *Template, v *Values, out, inBody string) {
	want := string(gateway.AppendString([]byte("["), out)) + "]"
	if lone := tpl.lone(); lone != nil {
		if p, plain := lone.valuer.(*place); plain {
			want = string(v.At(p.slot).AppendJSON([]byte("["))) + "]"
		} else if want = inBody; !valid([]byte(inBody)) {
			t.Fatalf("%q makes the body %q", text, inBody)
		}
	}
	if inBody != want {
		t.Fatalf("%q makes the body %q, want %q", text, inBody, want)
	}
}
