package mapping

import (
	"errors"
	"strings"
	"testing"
)

const shop = `{"a":{"b":[{"c":1},{"c":"two"}],"0":"zero","odd key":true,"x-y":1.50,"q\"'":null},
 "list":[10,[20,21],30],"dé":"ü","esc\u0061ped":"caf\u00e9","empty":"","":{"":"nameless"},"m/n~o":7,"big":12345678901234567890.10}`

func TestPathFinds(t *testing.T) {
	doc := jsonDocument(t, shop)
	doc.Request = outside{
		headers: map[string]string{"X-Id": `say "hi"`, "X-Empty": ""},
		params:  map[string]string{"id": "42"},
	}
	for path, want := range map[string]string{
		"a.b[0].c":                 `1`,
		"a.b[1].c":                 `"two"`,
		"a.b.1.c":                  `"two"`,
		"a.b[-1].c":                `"two"`,
		"a.b[ -2 ]":                `{"c":1}`,
		"a.b[2]":                   ``,
		"a.b[-3]":                  ``,
		"a.0":                      `"zero"`,
		"a[0]":                     ``, // an index is no name
		`a["0"]`:                   `"zero"`,
		`list["0"]`:                ``, // and a name in quotes no index
		"list.1.0":                 `20`,
		"list[-2][-1]":             `21`,
		`a["odd key"]`:             `true`,
		`a['odd key']`:             `true`,
		`a["q\"'"]`:                `null`,
		"a.x-y":                    `1.50`,
		"dé":                       `"ü"`,
		"escaped":                  `"caf\u00e9"`,
		`["esc\u0061ped"]`:         `"caf\u00e9"`,
		"empty":                    `""`,
		`[""][""]`:                 `"nameless"`,
		"big":                      `12345678901234567890.10`,
		"a.b.c":                    ``,
		"nope.nope":                ``,
		"{{ a.b[0].c }}":           `1`,
		"{{a.b.1.c}}":              `"two"`,
		"$.a.b[0].c":               `1`,
		"$['a']['b'][1]['c']":      `"two"`,
		"$.a.b[-1].c":              `"two"`,
		"$.a.b[*].c":               `[1,"two"]`,
		"$..c":                     `[1,"two"]`,
		"$.a.b[?@.c==1].c":         `1`,
		"$.a.b[?@.c==3].c":         ``,
		"$.list[0:2]":              `[10,[20,21]]`,
		"$.list[::-1]":             `[30,[20,21],10]`,
		"/a/b/0/c":                 `1`,
		"/a/0":                     `"zero"`,
		"/m~1n~0o":                 `7`,
		"//":                       `"nameless"`,
		"/list/-":                  ``,
		"/list/01":                 ``,
		"/list/1/1":                `21`,
		"header:X-Id":              `"say \"hi\""`,
		"header:X-Empty":           `""`,
		"header:X-None":            ``,
		"query:id":                 `"42"`,
		"query:none":               ``,
		"list[999999999]":          ``,
		"$.list[9007199254740991]": ``,
	} {
		if got, _ := read(t, path, doc); got != want {
			t.Errorf("%s found %s, want %s", path, got, want)
		}
	}
}

func TestWholeBody(t *testing.T) {
	for _, body := range []string{`{"a":1}`, ` [1, 2] `, `"x"`, ` 12 `, `null`} {
		got, _ := read(t, "$", jsonDocument(t, body))
		if want := strings.TrimSpace(body); got != want {
			t.Errorf("$ of %q found %q, want %q", body, got, want)
		}
	}
}

func TestRepeatedNames(t *testing.T) {
	for _, c := range []struct{ body, path, want string }{
		{`{"a":1,"a":2}`, "a", `2`},
		{`{"a":{"b":1},"a":{"c":2}}`, "a.b", ``},
		{`{"a":{"b":1},"a":3}`, "a.b", ``},
		{`{"a":[{"b":1}],"a":[{}]}`, "a[0].b", ``},
		{`{"a":1,"\u0061":2}`, "a", `2`},
		{`{"a":1,"\u0061":2}`, "$.*", `2`},
		{`{"a":{"b":1},"a":{"c":2}}`, "$..b", ``},
		{`[{"a":1},{"a":2}]`, "$[*].a", `[1,2]`},
	} {
		if got, _ := read(t, c.path, jsonDocument(t, c.body)); got != c.want {
			t.Errorf("%s in %s found %s, want %s", c.path, c.body, got, c.want)
		}
	}
}

func TestPathFaults(t *testing.T) {
	for path, want := range map[string]string{
		"":                        "at 0: a path is missing",
		strings.Repeat("a", 1025): "at 1024: a path has at most 1024 bytes",
		"a\xff":                   "at 0: a path is UTF-8",
		"a..b":                    "at 2: a name is missing before the dot",
		"a.":                      "at 2: a name is missing",
		".a":                      "at 0: a name is missing before the dot",
		"a[":                      "at 1: the bracket is not closed",
		"a[0":                     "at 3: the bracket is not closed",
		"a[x]":                    "at 2: a bracket holds an index or a name in quotes",
		"a[01]":                   "at 2: a bracket holds an index or a name in quotes",
		`a["x]`:                   "at 2: the quote is not closed",
		`a["\z"]`:                 `at 3: \z is no escape`,
		`a["\ud800"]`:             `at 3: \u takes four hexadecimal digits, or two such for a surrogate pair`,
		"a b":                     `at 1: ' ' cannot stand in a bare name: write ["…"] around it`,
		"a | upper":               `at 1: ' ' cannot stand in a bare name: write ["…"] around it`,
		"a|upper":                 "at 1: a filter needs braces: {{ … }}",
		"a.0.1.2.3.4":             `at 0: at most 4 numbers may be an index or a name: write [0] or ["0"]`,
		"/a~2":                    "at 2: ~ is written ~0, and / is written ~1",
		"header:":                 "at 7: the header's name is missing",
		"header:X Y":              "at 8: ' ' cannot stand in a header's name",
		"query:":                  "at 6: the parameter's name is missing",
		"{a}":                     "at 0: an expression starts with {{",
		"{{ a":                    "at 4: an expression ends with }}",
		"$x":                      "at 1: a segment starts with a dot or a bracket",
		"$.a[":                    "at 4: a bracket holds a name in quotes, an index, a slice, * or ?filter",
		"$.a[?count(@.b)]":        "at 5: the result of count() must be compared",
		"$.a[?@.b==@.*]":          "at 10: only a path to a single value can be compared",
	} {
		_, err := NewBuilder().Path(path)
		var fault *PathError
		if !errors.As(err, &fault) || fault.Error() != want {
			t.Errorf("path %.40q: %v, want %s", path, err, want)
		}
	}
}

func TestEqualPathsShareASlot(t *testing.T) {
	b := NewBuilder()
	first, _ := b.Path("a.b")
	second, _ := b.Path("a.b")
	if first != second {
		t.Errorf("slots %d and %d for one path", first, second)
	}
}

func TestValuesAreUsedAgain(t *testing.T) {
	b := NewBuilder()
	plain, _ := b.Path("a")
	lazy, _ := b.Path("$..b")
	set := b.Set()
	var v Values
	for _, c := range []struct{ body, plain, lazy string }{
		{`{"a":1,"b":2}`, `1`, `2`}, {`{}`, `null`, `null`}, {`{"b":3}`, `null`, `3`},
	} {
		set.Read(jsonDocument(t, c.body), &v)
		for range 2 {
			if got := string(v.At(plain).AppendJSON(nil)); got != c.plain {
				t.Errorf("a of %s is %s", c.body, got)
			}
			if got := string(v.At(lazy).AppendJSON(nil)); got != c.lazy {
				t.Errorf("$..b of %s is %s", c.body, got)
			}
		}
		v.Release()
	}
	for _, slot := range []Slot{NoSlot, plain, lazy} { // after Release there is nothing left
		if got := v.At(slot); got.Kind != Missing {
			t.Errorf("slot %d holds %v", slot, got)
		}
	}
}

// Both edges of every level lead to the same item, and every name comes again.
func TestWalkIsBounded(t *testing.T) {
	b := NewBuilder()
	for i := range 1 << 9 {
		path := "a"
		for bit := range 9 {
			path += []string{"[0]", "[-1]"}[i>>bit&1]
		}
		if _, err := b.Path(path); err != nil {
			t.Fatal(err)
		}
	}
	plain, err := b.Path("b")
	if err != nil {
		t.Fatal(err)
	}
	set := b.Set()
	var v Values
	for name, body := range map[string]string{
		"nested":   `{"b":1,"a":` + strings.Repeat("[", 100) + `"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat("]", 100) + `}`,
		"repeated": `{"b":1` + strings.Repeat(`,"a":0`, 1<<17) + `}`,
	} {
		set.Read(jsonDocument(t, body), &v)
		if !v.work.Over() || v.At(plain).Kind != Missing {
			t.Errorf("%s: %d bytes are left to pass over", name, v.work.Left())
		}
	}
}
