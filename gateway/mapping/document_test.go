package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"hookgate/gateway/mapping/rawjson"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		want             BodyKind
		shown            string
		err              error
	}{
		{"json", "application/json", `{"a":1}`, JSON, `{"a":1}`, nil},
		{"json with parameters", "Application/JSON; charset=utf-8", ` [1] `, JSON, ` [1] `, nil},
		{"suffix", "application/cloudevents+json", `{}`, JSON, `{}`, nil},
		{"byte order mark", "application/json", "\ufeff{}", JSON, `{}`, nil},
		{"broken json", "application/json", `{"a":}`, NoBody, ``, ErrInvalidJSON},
		{"not UTF-8", "application/json", "\"\xff\"", NoBody, ``, ErrInvalidJSON},
		{"json said, nothing sent", "application/json", ``, NoBody, `null`, nil},
		{"json said, white space sent", "application/json", " \r\n\t", NoBody, `null`, nil},
		{"a form said, white space sent", "application/x-www-form-urlencoded", "\r\n", NoBody, `null`, nil},
		{"multipart said, nothing sent", multi, "", NoBody, `null`, nil},
		{"text of white space", "text/plain", " ", NoBody, `null`, nil},
		{"text/json", "text/json", `{"a":1}`, JSON, `{"a":1}`, nil},
		{"x-json", "Application/X-JSON;charset=latin1", `{"a":"é"}`, JSON, `{"a":"é"}`, nil},
		{"json of an unknown charset", "application/json; charset=klingon", `{}`, JSON, `{}`, nil},
		{"none", "", ``, NoBody, `null`, nil},
		{"none of a type", "text/plain", ``, NoBody, `null`, nil},
		{"no type, json", "", `{"a":1}`, JSON, `{"a":1}`, nil},
		{"no type, text", "", `a "b"`, RawText, `"a \"b\""`, nil},
		{"text", "text/plain", `{"a":1}`, RawText, `"{\"a\":1}"`, nil},
		{"bytes", "application/octet-stream", "a\xffb\x00", RawText, `{"base64":"Yf9iAA=="}`, nil},
		{"bytes that are text", "application/octet-stream", "a\x00", RawText, `"a\u0000"`, nil},
		{"form", "application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&c&&=n&d=%zz%4", Fields,
			`{"a":["1","2"],"b":"x y!","c":"","":"n","d":"%zz%4"}`, nil},
		{"form, not UTF-8", "application/x-www-form-urlencoded;charset=latin1", "a=%ff", Fields, `{"a":"ÿ"}`, nil},
		{"too many fields", "application/x-www-form-urlencoded", strings.Repeat("a&", 1001), NoBody, ``, ErrTooManyFields},
		{"multipart", multi, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x.png\"\r\nContent-Type: image/png\r\n\r\n12345\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"y\"\r\n\r\n\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n--B--\r\n", Fields,
			`{"a":["1","2"],"f":[{"filename":"x.png","content_type":"image/png","size":5},{"filename":"y","content_type":null,"size":0}]}`, nil},
		{"multipart without an end", multi, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1", NoBody, ``, ErrInvalidForm},
		{"multipart without a boundary", "multipart/form-data", "--B", RawText, `"--B"`, nil},
	} {
		doc, err := Parse(c.kind, []byte(c.body))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
			continue
		}
		if err != nil {
			continue
		}
		if shown := string(doc.AppendBody(nil)); doc.Body != c.want || shown != c.shown {
			t.Errorf("%s: kind %d shows %s, want %d %s", c.name, doc.Body, shown, c.want, c.shown)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		closing := map[string]string{"[": "]", `{"a":`: "}"}[open]
		for depth, want := range map[int]bool{128: true, 129: false, 100_000: false} {
			body := strings.Repeat(open, depth) + "1" + strings.Repeat(closing, depth)
			if got := rawjson.Valid([]byte(body)); got != want {
				t.Errorf("%d times %s is valid: %v", depth, open, got)
			}
		}
	}
	if !rawjson.Valid([]byte(strings.Repeat("[", 128) + strings.Repeat("]", 128))) {
		t.Error("128 empty arrays are refused")
	}
}

func TestTextHasNoPaths(t *testing.T) {
	doc, err := Parse("text/plain", []byte(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	doc.Request = outside{params: map[string]string{"id": "7"}}
	for path, want := range map[string]string{"a": ``, "$": ``, "$..a": ``, "{{ a | default(1) }}": ``, "query:id": `"7"`} {
		if got, _ := read(t, path, &doc); got != want {
			t.Errorf("%s found %s, want %s", path, got, want)
		}
	}
}

// FuzzParse holds the validator to encoding/json, and what is shown of any body
// to being JSON.
func FuzzParse(f *testing.F) {
	for _, body := range []string{`{"a":[1,2.5e-3,true,null,"\u00e9\n"]}`, "a=1&a=2", "[[[", `"\ud800"`, "-0.0", "\ufeff{}", "01", `{"a":1,}`} {
		for i := range fuzzTypes {
			f.Add(i, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		if got, want := rawjson.Valid(body), json.Valid(body) && utf8.Valid(body) && depth(body) <= rawjson.MaxDepth; got != want {
			t.Fatalf("valid is %v, encoding/json says %v", got, want)
		}
		doc, err := Parse(fuzzTypes[uint(kind)%uint(len(fuzzTypes))], body)
		if err != nil {
			return
		}
		if shown := doc.AppendBody(nil); !rawjson.Valid(shown) {
			t.Fatalf("shown is no JSON: %q", shown)
		}
	})
}

var fuzzTypes = []string{
	"", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "text/plain",
	"application/x-www-form-urlencoded; charset=shift_jis", "multipart/form-data; boundary=B; charset=gbk", "text/plain; charset=utf-16", "text/xml", "application/octet-stream",
}

func depth(body []byte) int {
	d := json.NewDecoder(strings.NewReader(string(body)))
	now, most := 0, 0
	for {
		token, err := d.Token()
		if err != nil {
			return most
		}
		switch fmt.Sprint(token) {
		case "{", "[":
			if _, delim := token.(json.Delim); delim {
				now++
			}
		case "}", "]":
			if _, delim := token.(json.Delim); delim {
				now--
			}
		}
		most = max(most, now)
	}
}
