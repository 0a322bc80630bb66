package signature

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzValidJSON holds validJSON to encoding/json, but for the depth.
func FuzzValidJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-0.5e+3,true,false,null,"\u00e9\n"]}`, `{}`, `[]`, ` [ ] `, `{"a":1,}`, `[1,]`, `01`, `-`, `1.`, `1e`, `"\x"`, `"\u12"`, "\"\n\"", `{"a" :1}`, `{a:1}`,
		`tru`, `nulll`, ``, ` `, `"`, `{"a":1}x`, `0`, `-0`, `0.0`, `1E9`, `{"":""}`, `[[[]]]`, `{"a":{"b":[]}}`, "\x00", `"\ud800"`, `.5`, `+1`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Count(string(text), "[")+strings.Count(string(text), "{") > mostTokenDepth {
			return
		}
		if got, want := validJSON(text), json.Valid(text); got != want {
			t.Fatalf("%q: %t, encoding/json says %t", text, got, want)
		}
	})
}

func TestDeepTokens(t *testing.T) {
	deep := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if !validJSON(deep(mostTokenDepth)) || validJSON(deep(mostTokenDepth+2)) || validJSON(deep(1<<20)) {
		t.Error("the bound of depth does not hold")
	}
}
