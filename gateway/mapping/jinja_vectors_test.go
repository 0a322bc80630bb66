package mapping

import (
	"bytes"
	"encoding/json"
	"hookgate/gateway/mapping/jsontest"
	"hookgate/gateway/mapping/rawjson"
	"os"
	"reflect"
	"testing"
)

// What Jinja2 prints, a Template of a call prints: the vectors of package jinja, with
// their variables where those of a call stand.
func TestTemplatesPrintWhatJinjaPrints(t *testing.T) {
	raw, err := os.ReadFile("jinja/testdata/jinja.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		ID, Template, Want, Compare, When string
		Variables                         json.RawMessage
		Error                             bool
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 300 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, c := range vectors {
		b := NewBuilder()
		b.Names(callNames)
		tpl, err := b.Template(c.Template)
		if err != nil {
			if !c.Error {
				t.Errorf("%s: %v", c.ID, err)
			}
			continue
		}
		if c.Error && c.When == "write" {
			t.Errorf("%s: %s\nis accepted when written", c.ID, c.Template)
			continue
		}
		var v Values
		b.Set().Read(jsonDocument(t, `{"variables":`+string(c.Variables)+`}`), &v)
		out, err := tpl.Append(nil, &v)
		switch {
		case c.Error != (err != nil):
			t.Errorf("%s: %s\nprints %q, %v", c.ID, c.Template, out, err)
		case !c.Error && string(out) != c.Want && !(c.Compare == "json" && sameTree(out, []byte(c.Want))):
			t.Errorf("%s: %s\nprints %q\nwant   %q", c.ID, c.Template, out, c.Want)
		}
		if err != nil && bytes.Contains(c.Variables, []byte(err.Error())) {
			t.Errorf("%s: the error quotes a value: %v", c.ID, err)
		}
	}
}

func sameTree(a, b []byte) bool {
	return rawjson.Valid(a) && rawjson.Valid(b) && reflect.DeepEqual(jsontest.Decode(a), jsontest.Decode(b))
}
