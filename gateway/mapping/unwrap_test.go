package mapping

import (
	"errors"
	"strings"
	"testing"

	"hookgate/gateway/mapping/rawjson"
)

func TestUnwrap(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	payload, _ := CompileUnwrap("payload", "", Bounds{})
	inner, _ := CompileUnwrap("a.b[0]", "", Bounds{})
	all, _ := CompileUnwrap("$", "", Bounds{})
	head, _ := CompileUnwrap("header:X-Body", "", Bounds{})
	forms, texts := UnwrapForms("payload", "", Bounds{}), UnwrapTexts("Message", "", Bounds{})
	for name, c := range map[string]struct {
		u          *Unwrap
		kind, body string
		want       string
		err        error
	}{
		"a form's field":           {payload, form, "payload=%7B%22a%22%3A1%7D", `{"a":1}`, nil},
		"a multipart field":        {payload, multi, parts(`name="payload"`, `{"a":1}`), `{"a":1}`, nil},
		"a JSON text":              {payload, "application/json", `{"payload":"{\"a\":\"\\u00e9\"}"}`, `{"a":"\u00e9"}`, nil},
		"an inner text":            {inner, "application/json", `{"a":{"b":[" [1] "]}}`, `[1]`, nil},
		"what is JSON already":     {payload, "application/json", `{"payload":{"a":1}}`, `{"a":1}`, nil},
		"a number":                 {payload, form, "payload=7", `7`, nil},
		"the whole":                {all, form, "a=1", `{"a":"1"}`, nil},
		"a header":                 {head, "", "", `{"h":1}`, nil},
		"nothing there":            {payload, form, "a=1", "", ErrNotWrapped},
		"an empty text":            {payload, form, "payload=", "", ErrNotWrapped},
		"null":                     {payload, "application/json", `{"payload":null}`, "", ErrNotWrapped},
		"no body":                  {payload, "", "", "", ErrNotWrapped},
		"a text that is no JSON":   {payload, form, "payload=hello", "", ErrWrapped},
		"too deep":                 {payload, form, "payload=" + strings.Repeat("[", 129) + strings.Repeat("]", 129), "", ErrWrapped},
		"a provider's form":        {forms, form, "payload={}", `{}`, nil},
		"a provider's other form":  {forms, form, "command=/x", `{"command":"/x"}`, nil},
		"a provider's broken form": {forms, form, "payload={", "", ErrWrapped},
		"a provider's JSON":        {forms, "application/json", `{"payload":"{}"}`, `{"payload":"{}"}`, nil},
		"a provider's text":        {texts, "application/json", `{"Message":"hi"}`, `{"Message":"hi"}`, nil},
		"a provider's JSON text":   {texts, "application/json", `{"Message":"{}"}`, `{}`, nil},
		"none of its texts":        {texts, "application/json", `{"a":1}`, `{"a":1}`, nil},
	} {
		doc, err := Parse(c.kind, []byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		doc.Request = outside{headers: map[string]string{"X-Body": `{"h":1}`}}
		var v Values
		got, err := c.u.Open(&doc, &v)
		if !errors.Is(err, c.err) || err == nil && (string(got.Raw) != c.want || got.Request == nil) {
			t.Errorf("%s: %s, %v; want %s, %v", name, got.Raw, err, c.want, c.err)
		}
	}
	if u, faults := CompileUnwrap("a..", "", Bounds{}); u != nil || len(faults) != 1 || faults[0].Path != "unwrap" {
		t.Errorf("a path that is none: %v", faults)
	}
}

// FuzzUnwrap: what is unwrapped is JSON, whatever it lay in, or the body as it was.
func FuzzUnwrap(f *testing.F) {
	for i := range fuzzTypes {
		for _, body := range []string{"payload=%7B%7D", `{"payload":"{\"a\":\"\\ud800\"}"}`, `{"payload":"\ufeff[]"}`, parts(`name="payload"`, "[1]"), "payload=1&payload=2"} {
			f.Add(i, []byte(body))
		}
	}
	all := []*Unwrap{UnwrapForms("payload", "", Bounds{}), UnwrapTexts("payload", "", Bounds{}), mustUnwrap("payload", "", Bounds{})}
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		doc, err := Parse(fuzzTypes[uint(kind)%uint(len(fuzzTypes))], body)
		if err != nil {
			return
		}
		for _, u := range all {
			var v Values
			got, err := u.Open(&doc, &v)
			if err != nil {
				continue
			}
			if got.Body == JSON && !rawjson.Valid(got.Raw) || got.Body != JSON && string(got.Raw) != string(doc.Raw) {
				t.Fatalf("unwrapped %v %q of %q", got.Body, got.Raw, body)
			}
		}
	})
}
