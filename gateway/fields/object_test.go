package fields_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// object makes an Object of names and values in turn.
func object(members ...any) *fields.Object {
	o := &fields.Object{}
	for pair := range slices.Chunk(members, 2) {
		o.Set(pair[0].(string), pair[1])
	}
	return o
}

// Whatever is kept as JSON stands as it was written (c14), however many members it has.
func TestMembersKeepTheirOrder(t *testing.T) {
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, `,"m%d":{"z":%d,"a":[{"y":1.50,"b":null}]}`, 997*i%100, i)
	}
	for _, text := range []string{
		`{"__type":"x","zeta":1,"alpha":{"d":1,"c":2}}`, `{"z":"<&>","a":[[],{}],"m":12345678901234567890.10}`,
		"{" + many.String()[1:] + "}", "{}",
	} {
		tree, err := fields.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var kept struct {
			Raw gateway.Raw `json:"raw"`
		}
		faults := fields.Decode(object("raw", tree), &kept)
		if written, err := json.Marshal(tree); err != nil || faults != nil || string(kept.Raw) != text || len(written) < len(text) {
			t.Errorf("%s\nis kept as %s, %v", text, kept.Raw, faults)
		}
	}
}

func TestNamesThatAreNotOursKeepTheirOrder(t *testing.T) {
	type whole struct {
		Headers gateway.Headers         `json:"headers"`
		Query   gateway.Members[string] `json:"query"`
	}
	tree, err := fields.Parse([]byte(`{"query":{"z":"<1>","a":"2","m":"3"},"headers":{"X-Z":"z","X-A":"a"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got, again whole
	if faults := fields.Decode(tree, &got); faults != nil {
		t.Fatal(faults)
	}
	want := whole{gateway.Headers{{Name: "X-Z", Value: "z"}, {Name: "X-A", Value: "a"}}, gateway.Members[string]{
		{Name: "z", Value: "<1>"}, {Name: "a", Value: "2"}, {Name: "m", Value: "3"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("decoded %+v", got)
	}
	text, err := json.Marshal(got)
	const shown = `{"headers":{"X-Z":"***","X-A":"***"},"query":{"z":"\u003c1\u003e","a":"2","m":"3"}}`
	if err != nil || string(text) != shown {
		t.Errorf("shown as %s, %v", text, err)
	}
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again.Query, want.Query) {
		t.Errorf("read back as %+v, %v", again, err)
	}
	for path, want := range map[string]reflect.Type{"headers.X-Z": reflect.TypeFor[gateway.Secret](), "query.z": reflect.TypeFor[string]()} {
		if is := fields.TypeAt(reflect.TypeFor[whole](), path); is != want {
			t.Errorf("%s is of type %v", path, is)
		}
	}
	for text, want := range map[string]string{
		`{"query":["a"]}`: "query: must be an object, not a list", `{"query":{"a":null,"b":"x"}}`: "query.a: has no value",
		`{"query":{"b":"x","a":1}}`: "query.a: must be text, not a number: put it in quotes",
	} {
		tree, _ := fields.Parse([]byte(text))
		var got whole
		if faults := fields.Decode(tree, &got); len(faults) != 1 || faults[0].String() != want {
			t.Errorf("%s: %v", text, faults)
		}
	}
}
