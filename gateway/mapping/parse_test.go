package mapping

import (
	"errors"
	"strings"
	"testing"
)

const multi = "multipart/form-data; boundary=B"

// parts is a multipart body of parts, each its header fields and its text.
func parts(all ...string) string {
	var b strings.Builder
	for i := 0; i < len(all); i += 2 {
		b.WriteString("--B\r\nContent-Disposition: form-data; " + all[i] + "\r\n\r\n" + all[i+1] + "\r\n")
	}
	return b.String() + "--B--\r\n"
}

func TestCharsets(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct{ kind, body, shown string }{
		{form + "; charset=iso-8859-1", "v=caf%E9", `{"v":"café"}`},
		{form + `; Charset="ISO-8859-1"`, "v=caf\xe9", `{"v":"café"}`},
		{form + "; charset=windows-1252", "v=%80&caf%E9=1", `{"v":"€","café":"1"}`},
		{form + ";charset=Shift_JIS", "v=%93%FA%83%5C", `{"v":"日ソ"}`},
		{form + "; charset=GBK", "v=%D6%D0+%CE%C4", `{"v":"中 文"}`},
		{form + "; charset=utf-8", "v=caf%C3%A9", `{"v":"café"}`},
		{form, "v=caf%E9&_charset_=iso-8859-1", `{"v":"café","_charset_":"iso-8859-1"}`},
		{form, "_charset_=&v=caf%C3%A9", `{"_charset_":"","v":"café"}`},
		{form + "; charset=utf-8", "_charset_=iso-8859-1&v=caf%C3%A9", `{"_charset_":"iso-8859-1","v":"café"}`},
		{form, "\ufeffv=1", `{"v":"1"}`},
		{multi, parts("name=\"v\"\r\nContent-Type: text/plain; charset=windows-1252", "caf\xe9 \x80"), `{"v":"café €"}`},
		{multi, parts(`name="_charset_"`, "gbk", `name="v"`, "\xd6\xd0"), `{"_charset_":"gbk","v":"中"}`},
		{multi, parts(`name="v"`, "\xd6\xd0", "name=\"w\"\r\nContent-Type: text/plain; charset=utf-8", "é", `name="_charset_"`, "gbk"), `{"v":"中","w":"é","_charset_":"gbk"}`},
		{multi, parts(`name="_charset_"`, "iso-8859-1", "name=\"f\xe9\"; filename=\"\xe9.txt\"", "\xff"), `{"_charset_":"iso-8859-1","fé":{"filename":"é.txt","content_type":null,"size":1}}`},
		{multi + "; charset=iso-8859-1", parts(`name="v"`, "caf\xe9"), `{"v":"café"}`},
		{multi, parts("name=\"v\"\r\nContent-Type: text/plain; charset=utf-16le", "A\x00"), `{"v":"A"}`},
		{"text/plain; charset=iso-8859-1", "caf\xe9", `"café"`},
		{"text/plain; charset=utf-16", "\xff\xfeA\x00", `"A"`},
		{"text/plain", "café", `"café"`},
		{"text/xml", "<?xml version=\"1.0\" encoding='windows-1251'?><a>\xcf</a>", `"<?xml version=\"1.0\" encoding='windows-1251'?><a>П</a>"`},
		{"application/soap+xml; charset=utf-8", `<?xml version="1.0" encoding="latin1"?><a>é</a>`, `"<?xml version=\"1.0\" encoding=\"latin1\"?><a>é</a>"`},
		{"text/xml", `<a/>`, `"<a/>"`},
		{"", "caf\u00e9", `"café"`},
	} {
		doc, err := Parse(c.kind, []byte(c.body))
		if shown := string(doc.AppendBody(nil)); err != nil || shown != c.shown {
			t.Errorf("%s %q: %s, %v; want %s", c.kind, c.body, shown, err, c.shown)
		}
	}
}

func TestCharsetsThatCannotBe(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		kind, body string
		want       error
		says       string
	}{
		{form + "; charset=klingon", "v=1", ErrCharset, ""},
		{form + "; charset=utf-16", "v=1", ErrCharset, ""},
		{form + "; charset=utf-16be", "v=1", ErrCharset, ""},
		{form, "_charset_=klingon&v=1", ErrCharset, ""},
		{multi, parts(`name="_charset_"`, "utf-16"), ErrCharset, ""},
		{multi, parts("name=\"v\"\r\nContent-Type: text/plain; charset=klingon", "1"), ErrCharset, ""},
		{"text/plain; charset=klingon", "v", ErrCharset, ""},
		{"text/xml", `<?xml version="1.0" encoding="klingon"?>`, ErrCharset, ""},
		{multi, "v=1", ErrInvalidForm, ""},
		{multi, "--X\r\nContent-Disposition: form-data; name=\"v\"\r\n\r\n1\r\n--X--\r\n", ErrInvalidForm, ""},
		{form, "v=caf%E9", ErrText, "byte 5,"},
		{form, "v=%41caf\xe9", ErrText, "byte 8,"},
		{form, "a=1&&\xe9=1", ErrText, "byte 5,"},
		{form + "; charset=utf-8", "v=caf%E9", ErrText, "byte 5,"},
		{form + "; charset=shift_jis", "v=a%93", ErrText, "byte 3,"},
		{multi, parts(`name="v"`, "caf\xe9"), ErrText, "byte 52,"},
		{multi, parts("name=\"\xe9\"", "1"), ErrText, "byte"},
		{"text/plain", "caf\xe9", ErrText, "byte 3,"},
		{"", "caf\xe9", ErrText, "byte 3,"},
		{"application/octet-stream; charset=utf-8", "caf\xe9", ErrText, "byte 3,"},
		{"text/xml", "<a>\xe9</a>", ErrText, "byte 3,"},
	} {
		_, err := Parse(c.kind, []byte(c.body))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %q: %v, want %v that names %s", c.kind, c.body, err, c.want, c.says)
		}
	}
}

func TestFormsOverrideTypes(t *testing.T) {
	for _, c := range []struct {
		word, kind, body string
		want             BodyKind
	}{
		{"json", "text/plain", `{"a":1}`, JSON}, {"json", "application/octet-stream", `{"a":1}`, JSON}, {"json", "application/x-www-form-urlencoded", `{"a":1}`, JSON},
		{"form", "text/plain", "a=1", Fields}, {"form", "application/json", "a=1", Fields}, {"form", multi, parts(`name="a"`, "1"), Fields},
		{"text", "application/json", `{"a":1}`, RawText}, {"text", "", `{"a":1}`, RawText}, {"auto", "text/json", "1", JSON}, {"", "text/plain", "1", RawText},
		{"json", "text/plain", "  ", NoBody},
	} {
		form, known := FormOf(c.word)
		doc, err := form.Parse(c.kind, []byte(c.body))
		if !known || err != nil || doc.Body != c.want {
			t.Errorf("%s of %s: %v %s, %v; want %v", c.word, c.kind, doc.Body, doc.Raw, err, c.want)
		}
	}
	if _, err := AsJSON.Parse("text/plain", []byte("a=1")); !errors.Is(err, ErrInvalidJSON) {
		t.Errorf("a form as JSON: %v", err)
	}
	if _, known := FormOf("JSON5"); known {
		t.Error("JSON5 is a form")
	}
}
