package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hookgate/gateway"
	"hookgate/gateway/mapping/jsonpath"
	"hookgate/gateway/mapping/jsontest"
	"hookgate/gateway/mapping/rawjson"
)

func drawSteps(t *rapid.T) []step {
	steps := make([]step, rapid.IntRange(1, 4).Draw(t, "steps"))
	for i := range steps {
		if rapid.Bool().Draw(t, "item") {
			steps[i] = step{index: rapid.IntRange(-3, 3).Draw(t, "index"), item: true}
		} else {
			steps[i] = step{name: rapid.SampledFrom(jsontest.Names).Draw(t, "member"), member: true}
		}
	}
	return steps
}

// lookUp is the reference: the tree of encoding/json, one step after the other.
func lookUp(tree any, steps []step) (any, bool) {
	for _, s := range steps {
		switch at := tree.(type) {
		case map[string]any:
			next, found := at[s.name]
			if !s.member || !found {
				return nil, false
			}
			tree = next
		case []any:
			i := s.index
			if i < 0 {
				i += len(at)
			}
			if !s.item || i < 0 || i >= len(at) {
				return nil, false
			}
			tree = at[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

func jinjaForm(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		if s.item {
			fmt.Fprintf(&b, "[%d]", s.index)
		} else {
			fmt.Fprintf(&b, "[%s]", gateway.AppendString(nil, s.name))
		}
	}
	return b.String()
}

func jsonPathForm(steps []step) string { return "$" + jinjaForm(steps) }

// pointerForm cannot tell an index from a name, nor count from the end.
func pointerForm(steps []step) (string, []step) {
	var b strings.Builder
	loose := make([]step, len(steps))
	for i, s := range steps {
		name := s.name
		if s.item {
			name = strconv.Itoa(s.index)
		}
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		loose[i] = namedStep(name)
	}
	return b.String(), loose
}

func TestWalkAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := []byte(jsontest.Draw(t, 5))
		tree := jsontest.Decode(body)
		if !rawjson.Valid(body) || !json.Valid(body) {
			t.Fatalf("drawn is not valid: %s", body)
		}
		b := NewBuilder()
		type wanted struct {
			path  string
			steps []step
			slot  Slot
		}
		var all []wanted
		add := func(path string, steps []step) {
			slot, err := b.Path(path)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			all = append(all, wanted{path, steps, slot})
		}
		for range rapid.IntRange(1, 8).Draw(t, "paths") {
			steps := drawSteps(t)
			add(jinjaForm(steps), steps)
			add(jsonPathForm(steps), steps)
			pointer, loose := pointerForm(steps)
			add(pointer, loose)
		}
		var v Values
		doc := Document{Body: JSON, Raw: body}
		b.Set().Read(&doc, &v)
		for _, w := range all {
			check(t, body, w.path, v.At(w.slot), tree, w.steps)
			if w.path[0] == '$' { // the evaluator of the paths that find several agrees
				q, err := jsonpath.Parse(w.path, somePatterns())
				if err != nil {
					t.Fatal(err)
				}
				check(t, body, w.path+" as a query", valueOf(q.Find(body, newWork())), tree, w.steps)
			}
		}
	})
}

func check(t *rapid.T, body []byte, path string, got Value, tree any, steps []step) {
	want, found := lookUp(tree, steps)
	if found != (got.Kind != Missing) {
		t.Fatalf("%s in %s found %s, the reference %v", path, body, got.Raw, want)
	}
	if found && !reflect.DeepEqual(jsontest.Decode(got.Raw), want) {
		t.Fatalf("%s in %s found %s, the reference %v", path, body, got.Raw, want)
	}
}

// FuzzPath compiles and runs any path. Whatever a path finds is valid JSON, and
// the braces around a plain path change nothing.
func FuzzPath(f *testing.F) {
	for _, path := range append([]string{
		"a.b[0].c", `a["odd key"]`, "/a/b/0", "$.a.b[?@.c>1 && !(@.x)]", "$..[1:3,'a',*]", "$[?match(@.a,'x.*')||length(@)==count(@.*)]",
		"header:X", "query:q", `{{ a.b | first | tojson }}`, `{{ (a.x ~ 1)[0:2] if a is mapping else [1, -2.5] }}`,
	}, hostile...) {
		f.Add(path)
	}
	doc := Document{Body: JSON, Raw: []byte(shop), Request: outside{}}
	f.Fuzz(func(t *testing.T, path string) {
		b := NewBuilder()
		slot, err := b.Path(path)
		if err != nil {
			return
		}
		braced, plain := NoSlot, b.slots[slot].isPlain() && !strings.HasPrefix(path, "{{")
		if plain && path[0] != '$' && path[0] != '/' {
			braced, err = b.Path("{{ " + path + " }}")
			if err != nil || !b.slots[braced].isPlain() {
				braced = NoSlot // a name that is an operator between braces
			}
		}
		var v Values
		b.Set().Read(&doc, &v)
		value := v.At(slot)
		if value.Kind != Missing && !rawjson.Valid(value.AppendJSON(nil)) {
			t.Fatalf("%s found %q", path, value.Raw)
		}
		if braced != NoSlot && string(v.At(braced).Raw) != string(value.Raw) {
			t.Fatalf("%s found %q, with braces %q", path, value.Raw, v.At(braced).Raw)
		}
	})
}
