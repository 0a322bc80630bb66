package fields_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

func TestParse(t *testing.T) {
	got, err := fields.Parse([]byte(` {"a": [1.0, "é", null, true, {}], "b": {"c": 12345678901234567890}} `))
	want := object("a", []any{json.Number("1.0"), "é", nil, true, object()}, "b", object("c", json.Number("12345678901234567890")))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }
	for name, c := range map[string]struct {
		text, want string
		code       gateway.Code
	}{
		"nothing":        {" \n", "the body is empty: it must be JSON", gateway.CodeInvalidBody},
		"cut short":      {`{"a":`, "the body is not valid JSON, at line 1, column 5", gateway.CodeInvalidBody},
		"a stray letter": {"{\n \"é\": x}", "the body is not valid JSON, at line 2, column 7", gateway.CodeInvalidBody},
		"two values":     {`{} {}`, "the body is not valid JSON, at line 1, column 4", gateway.CodeInvalidBody},
		"no UTF-8":       {"\"\xff\"", "the body is not UTF-8 text", gateway.CodeInvalidBody},
		"too deep":       {deep(fields.MaxDepth + 2), "the body is nested deeper than 128 levels", gateway.CodeInvalidBody},
		"a member twice": {`{"a":{"b":1,"b":2},"c d":1,"c d":1}`, `some fields are not valid: a.b: is written twice`, gateway.CodeInvalidField},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fields.Parse([]byte(c.text))
			e, ok := errors.AsType[*gateway.Error](err)
			if !ok || e.Code != c.code || e.Error() != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if name == "a member twice" && (len(e.Faults) != 2 || e.Faults[1].Path != `["c d"]`) {
				t.Errorf("faults are %v", e.Faults)
			}
		})
	}
	if _, err := fields.Parse([]byte(deep(fields.MaxDepth))); err != nil {
		t.Errorf("%d levels: %v", fields.MaxDepth, err)
	}
}

func TestPathsComeApartAsTheyWerePutTogether(t *testing.T) {
	for _, name := range []string{"a", "X-Y", "a.b", "", "é", `q"[0]`, `["x"]`, `\`, `a["b`, "tab\t"} {
		for _, root := range []string{"", "r", `r["o.dd"]`, "r[3]"} {
			path := fields.Member(root, name)
			if parent, last := fields.Parent(path); parent != root || last != name {
				t.Errorf("Parent(%s) is %q, %q; want %q, %q", path, parent, last, root, name)
			}
		}
	}
	if parent, last := fields.Parent(fields.Index("a.b", 12)); parent != "a.b" || last != "[12]" {
		t.Errorf("the parent of an element is %q, its place %q", parent, last)
	}
}

func TestWithin(t *testing.T) {
	for path, want := range map[string]bool{"a.b": true, "a.b.c": true, "a.b[0]": true, "a.bc": false, "a": false, "": false} {
		if fields.Within(path, "a.b") != want {
			t.Errorf("Within(%q, a.b) is not %t", path, want)
		}
	}
	if !fields.Within("anything", "") {
		t.Error("everything is within the root")
	}
}

func TestTypeAt(t *testing.T) {
	root := reflect.TypeFor[tenant]()
	for path, want := range map[string]reflect.Type{
		"":                              root,
		"sources.x.verify.secrets":      reflect.TypeFor[[]gateway.Secret](),
		`headers["X.Y"]`:                reflect.TypeFor[gateway.Secret](),
		"platform.retry.schedule[2]":    reflect.TypeFor[gateway.Duration](),
		"limits.calls_per_second.burst": nil,
		"sources.x.nope.deeper":         nil,
		"name[0]":                       nil,
		"ports.x":                       nil,
		"extra":                         reflect.TypeFor[string](),
	} {
		if got := fields.TypeAt(root, path); got != want {
			t.Errorf("%s is of type %v, want %v", path, got, want)
		}
	}
	if names := fields.Names(reflect.TypeFor[*gateway.Upstream]()); !slices.Equal(names, []string{"url", "tls"}) {
		t.Errorf("names of an upstream: %v", names)
	}
}
