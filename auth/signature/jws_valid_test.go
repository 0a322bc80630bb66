package signature

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"
)

// FuzzValidJSON holds what tokens are judged by to encoding/json.
func FuzzValidJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\u00e9\n"]}`, `{}`, `[]`, ` [ ] `, `{"a":1,}`, `[1,]`, `01`, `-`, `1.`, `1e`, `"\x"`, `"\u12"`, "\"\n\"", `{"a" :1}`, `{a:1}`,
		`tru`, `nulll`, ``, ` `, `"`, `{"a":1}x`, `0`, `-0`, `0.0`, `1E9`, `{"":""}`, `[[[]]]`, `{"a":{"b":[]}}`, "\x00", `"\ud800"`, `.5`, `+1`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 10_000 { // encoding/json refuses what is nested deeper
			return
		}
		if got, want := gjson.ValidBytes(text), json.Valid(text); got != want {
			t.Fatalf("%q: %t, encoding/json says %t", text, got, want)
		}
	})
}
