package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/mapping/jsontest"
	"hookgate/gateway/mapping/rawjson"
)

// dotForm writes steps as people do, where that can say them.
func dotForm(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		switch {
		case s.item:
			fmt.Fprintf(&b, "[%d]", s.index)
		case isWord(s.name) && s.name[0] > '9':
			b.WriteString("." + s.name)
		default:
			fmt.Fprintf(&b, "[%s]", gateway.AppendString(nil, s.name))
		}
	}
	return b.String()
}

// plainName says whether a template reads the name as a path does: its strings have
// the escapes of Python.
func plainName(s string) bool { return !strings.ContainsAny(s, `\"`) }

// intoText says whether the steps go into a text: a template finds its characters, and
// a path nothing.
func intoText(tree any, steps []step) bool {
	for i := range steps {
		if at, found := lookUp(tree, steps[:i]); found && steps[i].item {
			if _, is := at.(string); is {
				return true
			}
		}
	}
	return false
}

// TestTemplateWaysAgree: a plain path finds the same on the walk, in what set or for
// gave a name, with its type in a body, as JSONPath and as a Pointer.
func TestTemplateWaysAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(`{"v":` + jsontest.Draw(t, 5) + `}`)
		var steps []step
		for _, s := range drawSteps(t) {
			if s.item || plainName(s.name) {
				steps = append(steps, s)
			}
		}
		path := "v" + dotForm(steps)
		full := append([]step{{name: "v", member: true}}, steps...)
		tree := jsontest.Decode(body)
		if intoText(tree, full) {
			return
		}
		want, found := lookUp(tree, full)

		b := NewBuilder()
		exact := map[string]*Template{}
		for _, text := range []string{
			"{{ " + path + " }}",
			"{% set x = v %}{{ x" + dotForm(steps) + " }}",
			"{% set x = " + path + " %}{{ x }}",
			"{% for x in [1] %}{{ " + path + " }}{% endfor %}",
			"{{ " + path + " | default(none) }}",
			"{{ " + path + " if true }}",
			"{{ [v][0]" + dotForm(steps) + " }}",
		} {
			exact[text] = compileTemplate(t, b, text)
		}
		isTrue := compileTemplate(t, b, "{% if "+path+" %}yes{% endif %}")
		setTrue := compileTemplate(t, b, "{% set x = v %}{% if x"+dotForm(steps)+" %}yes{% endif %}")
		typed, faults := b.Body(append(gateway.AppendString([]byte("["), "{{ "+path+" }}"), ']'))
		if faults != nil {
			t.Fatal(faults)
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
		if out, err := typed.Append(nil, &v); err != nil || string(out) != "["+string(reference.AppendJSON(nil))+"]" {
			t.Fatalf("%s in %s is %s in a body, %v, want %s", path, body, out, err, reference.Raw)
		}
		if one, other := appended(t, isTrue, &v), appended(t, setTrue, &v); one != other {
			t.Fatalf("%s in %s is true: %q, of a set %q", path, body, one, other)
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
		case time.Since(start) > 20*time.Second:
			t.Fatalf("%q took %s", text, time.Since(start))
		case len(out)+len(inBody) > maxRendered:
			t.Fatalf("%q renders %d bytes", text, len(out)+len(inBody))
		case !strings.Contains(text, "{") && (err != nil || string(out) != text):
			t.Fatalf("%q renders %q, %v", text, out, err)
		case err != nil || bodyErr != nil:
			return
		}
		checkLeaf(t, text, tpl, string(out), string(inBody))
	})
}

func checkLeaf(t *testing.T, text string, tpl *Template, out, inBody string) {
	if tpl.lone() != nil {
		if !rawjson.Valid([]byte(inBody)) {
			t.Fatalf("%q makes the body %q", text, inBody)
		}
		return
	}
	if want := string(gateway.AppendString([]byte("["), out)) + "]"; inBody != want {
		t.Fatalf("%q makes the body %q, want %q", text, inBody, want)
	}
}
