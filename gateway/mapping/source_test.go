package mapping

import (
	"strings"
	"testing"

	"hookgate/gateway"
)

func TestSourcePlan(t *testing.T) {
	doc := jsonDocument(t, `{"conversation_key":"body-key","id":77,"evt":"e1"}`)
	doc.Request = outside{headers: map[string]string{"X-Key": "header-key"}, params: map[string]string{"key": "query-key"}}
	for _, c := range []struct {
		place gateway.KeyPlace
		want  string
	}{
		{gateway.KeyPlace{}, "body-key"}, {gateway.KeyPlace{In: "body"}, "body-key"},
		{gateway.KeyPlace{Path: "id"}, "77"}, {gateway.KeyPlace{In: "body", Path: "$.id"}, "77"},
		{gateway.KeyPlace{In: "query", Path: "key"}, "query-key"}, {gateway.KeyPlace{In: "header", Path: "X-Key"}, "header-key"},
		{gateway.KeyPlace{In: "path"}, ""},
	} {
		plan, faults := CompileSource(Whom{Key: c.place}, "evt", nil, nil, Bounds{})
		if faults != nil {
			t.Fatal(faults)
		}
		var v Values
		plan.Set.Read(doc, &v)
		if key, _ := plan.Keys.Find(&v, nil); key != c.want {
			t.Errorf("%v gives %q, want %q", c.place, key, c.want)
		}
		if id := string(v.At(plan.Dedupe).Raw); id != `"e1"` {
			t.Errorf("the dedupe id is %s", id)
		}
	}
}

func TestSourceFaults(t *testing.T) {
	for want, c := range map[string]struct {
		place  gateway.KeyPlace
		dedupe string
	}{
		"conversation_key.in: a key is in body, query, header or path":          {gateway.KeyPlace{In: "cookie"}, ""},
		"conversation_key.path: a key that is a segment of the URL has no path": {gateway.KeyPlace{In: "path", Path: "a"}, ""},
		"conversation_key.path: at 7: the header's name is missing":             {gateway.KeyPlace{In: "header"}, ""},
		"conversation_key.path: at 2: a name is missing":                        {gateway.KeyPlace{Path: "a."}, ""},
		"dedupe.id: at 6: the parameter's name is missing":                      {gateway.KeyPlace{}, "query:"},
	} {
		plan, faults := CompileSource(Whom{Key: c.place}, c.dedupe, nil, nil, Bounds{})
		if plan != nil || len(faults) != 1 || faults[0].String() != want {
			t.Errorf("%v, want %s", faults, want)
		}
	}
}

func TestKeyOf(t *testing.T) {
	for value, want := range map[string]string{
		`"k"`: "k", `"caf\u00e9"`: "café", `12`: "12", `1e3`: "1000", `1.5e3`: "1500", `15e-1`: "1.5", `1.5e-3`: "0.0015", `-2E2`: "-200",
		`12.50`: "12.50", `0e5`: "0", `12.34e1`: "123.4", `1e300`: "", `1e99999999999`: "", `1e-300`: "", `true`: "", `null`: "", `[1]`: "", `{}`: "", `""`: "", `"a b"`: "",
		`"https://shop.example/c/42bb%2083?x=1"`: "", `"https://shop.example/c/42bb/?x=1#y"`: "42bb",
		`"` + strings.Repeat("k", 257) + `"`: "", `12345678901234567890`: "12345678901234567890",
	} {
		got, ok := KeyOf(valueOf([]byte(value)))
		if got != want || ok != (want != "") {
			t.Errorf("%s is the key %q (%v), want %q", value, got, ok, want)
		}
	}
	if key, ok := KeyOf(Value{}); ok {
		t.Errorf("nothing is the key %q", key)
	}
}
