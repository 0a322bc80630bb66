package directory_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
)

// faultsOf decodes and compiles a source, and gives all that is wrong with it.
func faultsOf(t *testing.T, text string) (all []string) {
	t.Helper()
	tree, err := fields.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var spec gateway.Source
	for _, f := range fields.Decode(tree, &spec) {
		all = append(all, f.String())
	}
	if all != nil {
		return all
	}
	_, faults := directory.CompileSource(gateway.Meta{ID: "pay"}, spec, options)
	for _, f := range faults {
		all = append(all, f.String())
	}
	return all
}

func TestWhomAndHowFaults(t *testing.T) {
	eleven := strings.Repeat(`"a",`, 10) + `"a"`
	for text, want := range map[string]string{
		`{"conversation_key":[]}`: "conversation_key: has 0 places: must be 1 to 10", `{"conversation_key":[{"in":"cookie"}]}`: "conversation_key[0].in: a key is in body, query, header or path",
		`{"conversation_key":[{},{"in":"query"}]}`:                   "conversation_key[1].path: at 6: the parameter's name is missing",
		`{"conversation_key":[[{}]]}`:                                "conversation_key[0]: is a list in a list: places are listed once",
		`{"conversation_key":[{"inn":"body"}]}`:                      "conversation_key[0].inn: is not a known field, did you mean in?",
		`{"conversation_key":{"pat":"a"}}`:                           "conversation_key.pat: is not a known field, did you mean path?",
		`{"conversation_key":"a"}`:                                   "conversation_key: must be an object, not text",
		`{"no_key":"drop"}`:                                          `no_key: is "drop": must be reject or ignore`,
		`{"aliases_from":["a","b..c"]}`:                              "aliases_from[1]: at 2: a name is missing before the dot",
		`{"aliases_from":[` + eleven + `]}`:                          "aliases_from: has 11 paths: at most 10",
		`{"body":"yaml"}`:                                            `body: is "yaml": must be auto, json, form or text`,
		`{"unwrap":"a."}`:                                            "unwrap: at 2: a name is missing",
		`{"conversation_key":[` + strings.Repeat(`{},`, 10) + `{}]}`: "conversation_key: has 11 places: must be 1 to 10",
	} {
		got := faultsOf(t, `{"verify":{"type":"none"},`+text[1:])
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// A list of places is stored as it is written: one that is alone stays in its list.
func TestKeyPlacesAreStoredAsWritten(t *testing.T) {
	for _, text := range []string{`{"in":"body","path":"a"}`, `[{"in":"body","path":"a"}]`, `[{"in":"path","path":""},{"in":"header","path":"X"}]`} {
		var place gateway.KeyPlace
		err := json.Unmarshal([]byte(text), &place)
		again, err2 := json.Marshal(place)
		if err != nil || err2 != nil || string(again) != text {
			t.Errorf("%s is written %s, %v %v", text, again, err, err2)
		}
	}
}
