package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// The names are few, so that paths meet members and members repeat.
var memberNames = []string{"a", "b", "ab", "0", "1", "-x", "odd key", "é", "q\"'\\", "", "~/"}

func drawJSON(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 && kind > 3 {
		kind -= 3
	}
	blank := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "blank")
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "word")
	case 1:
		return rapid.SampledFrom([]string{"0", "-1", "1.50", "1e3", "12345678901234567890"}).Draw(t, "number")
	case 2, 3:
		return quoteSomehow(t, rapid.SampledFrom(memberNames).Draw(t, "text"))
	case 4:
		var items []string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, blank+drawJSON(t, depth-1))
		}
		return "[" + strings.Join(items, blank+",") + blank + "]"
	}
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		name := quoteSomehow(t, rapid.SampledFrom(memberNames).Draw(t, "name"))
		members = append(members, blank+name+blank+":"+blank+drawJSON(t, depth-1))
	}
	return "{" + strings.Join(members, blank+",") + blank + "}"
}

// quoteSomehow writes a JSON string with or without escapes that it could spare.
func quoteSomehow(t *rapid.T, s string) string {
	if !rapid.Bool().Draw(t, "escaped") {
		return string(gateway.AppendString(nil, s))
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	b.WriteByte('"')
	return b.String()
}

func drawSteps(t *rapid.T) []step {
	steps := make([]step, rapid.IntRange(1, 4).Draw(t, "steps"))
	for i := range steps {
		if rapid.Bool().Draw(t, "item") {
			steps[i] = step{index: rapid.IntRange(-3, 3).Draw(t, "index"), item: true}
		} else {
			steps[i] = step{name: rapid.SampledFrom(memberNames).Draw(t, "member"), member: true}
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

func decodeTree(raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return nil
	}
	return tree
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
		body := []byte(drawJSON(t, 5))
		tree := decodeTree(body)
		if !valid(body) || !json.Valid(body) {
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
				p := queryParser{text: w.path, patterns: somePatterns()}
				q, err := p.whole()
				if err != nil {
					t.Fatal(err)
				}
				check(t, body, w.path+" as a query", valueOf(q.find(body, newWork())), tree, w.steps)
			}
		}
	})
}

func check(t *rapid.T, body []byte, path string, got Value, tree any, steps []step) {
	want, found := lookUp(tree, steps)
	if found != (got.Kind != Missing) {
		t.Fatalf("%s in %s found %s, the reference %v", path, body, got.Raw, want)
	}
	if found && !reflect.DeepEqual(decodeTree(got.Raw), want) {
		t.Fatalf("%s in %s found %s, the reference %v", path, body, got.Raw, want)
	}
}

func TestEqualAgreesWithReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := []byte(drawJSON(t, 3)), []byte(drawJSON(t, 3))
		var x, y any
		if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
			t.Fatal("drawn is not valid")
		}
		if got, want := newWork().equal(a, b), reflect.DeepEqual(x, y); got != want {
			t.Fatalf("%s equals %s: %v", a, b, got)
		}
		if !newWork().equal(a, a) || newWork().equal(a, b) != newWork().equal(b, a) {
			t.Fatalf("%s and %s", a, b)
		}
	})
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
		if value.Kind != Missing && !valid(value.AppendJSON(nil)) {
			t.Fatalf("%s found %q", path, value.Raw)
		}
		if braced != NoSlot && string(v.At(braced).Raw) != string(value.Raw) {
			t.Fatalf("%s found %q, with braces %q", path, value.Raw, v.At(braced).Raw)
		}
	})
}
