package mapping

import (
	"strings"
	"testing"
)

// fromjson reads JSON in a text, in paths and in templates (SPEC 15).
func TestFromJSON(t *testing.T) {
	doc := jsonDocument(t, `{"m":"{\"a\":{\"b\":[1,2.50]},\"s\":\"\\u00e9\"}","n":"\ufeff 7 ","t":"\"{}\"","bad":"{a}","empty":"","o":{"x":1},"nil":null,"deep":"`+strings.Repeat("[", 200)+`"}`)
	for path, want := range map[string]string{
		`{{ (m | fromjson).a.b[1] }}`: `2.50`, `{{ m | fromjson }}`: `{"a":{"b":[1,2.50]},"s":"\u00e9"}`, `{{ (m | fromjson).s | upper }}`: `"É"`, `{{ (n | fromjson) + 1 }}`: `8`,
		`{{ t | fromjson }}`: `"{}"`, `{{ t | fromjson | fromjson }}`: `{}`, `{{ o | fromjson }}`: `{"x":1}`, `{{ (m | fromjson).a.b | sum }}`: `3.5`,
		`{{ bad | fromjson }}`: ``, `{{ bad | fromjson | default(1) }}`: ``, `{{ empty | fromjson }}`: ``, `{{ missing | fromjson }}`: ``, `{{ nil | fromjson | default(2) }}`: `2`, `{{ deep | fromjson }}`: ``,
	} {
		if got, err := read(t, path, doc); got != want {
			t.Errorf("%s is %s, want %s (%v)", path, got, want, err)
		}
	}
}
