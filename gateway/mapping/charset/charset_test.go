package charset_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"hookgate/gateway/mapping/charset"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct{ label, text, want string }{
		{"UTF-8", "café", "café"}, {" utf8 ", "é", "é"},
		{"iso-8859-1", "caf\xe9 \x80", "café €"}, {"ISO8859-1", "\xe9", "é"}, {"us-ascii", "\x80", "€"}, {"latin1", "\xe9", "é"},
		{"Windows-1252", "\x80\x99\xff", "€™ÿ"}, {"windows-1251", "\xcf\xf0\xe8", "При"}, {"koi8-r", "\xf0\xd2\xc9", "При"},
		{"Shift_JIS", "\x93\xfa\x96\x7b", "日本"}, {"sjis", "\x83\x5c", "ソ"}, {"EUC-JP", "\xc6\xfc", "日"}, {"iso-2022-jp", "\x1b$B\x46\x7c\x1b(B", "日"},
		{"GBK", "\xd6\xd0\xce\xc4", "中文"}, {"gb2312", "\xd6\xd0", "中"}, {"gb18030", "\x81\x30\x84\x36", "¥"}, {"big5", "\xa4\xa4", "中"}, {"euc-kr", "\xc7\xd1", "한"},
		{"utf-16", "\x41\x00\xe9\x00", "Aé"}, {"utf-16le", "\xff\xfe\x41\x00", "A"}, {"utf-16", "\xfe\xff\x00\x41", "A"}, {"utf-16be", "\x00\x41", "A"},
		{"gb18030", "\x84\x31\xa4\x37", "\ufffd"}, // what it means, and not what it became
	} {
		set, known := charset.Of(c.label)
		got, bad := set.Decode([]byte(c.text))
		if !known || bad >= 0 || string(got) != c.want {
			t.Errorf("%q in %s is %q, bad at %d (known: %v), want %q", c.text, c.label, got, bad, known, c.want)
		}
	}
}

func TestDecodeSaysWhereItCannot(t *testing.T) {
	for _, c := range []struct {
		label, text string
		bad         int
	}{
		{"utf-8", "caf\xe9", 3}, {"utf-8", "\ufffd\xc3", 3}, {"utf-8", "\xed\xa0\x80", 0},
		{"shift_jis", "a\x93\xfab\x93", 4}, {"shift_jis", "a\xa0b", 1}, {"gbk", "ab\xff", 2}, {"euc-jp", "\xc6", 0},
		{"utf-16le", "a\x00\x00\xd8b\x00", 2}, {"utf-16le", "a", 0}, {"windows-1253", "\xd2", 0},
		{"iso-2022-jp", "a\x1b$B\x46\x20", 4}, {"gb18030", "a\x81\x3a\x81\x30", 1}, // read as other characters, once
	} {
		set, known := charset.Of(c.label)
		if got, bad := set.Decode([]byte(c.text)); !known || bad != c.bad {
			t.Errorf("%q in %s is %q, bad at %d, want %d", c.text, c.label, got, bad, c.bad)
		}
	}
}

func TestUnknownCharsets(t *testing.T) {
	for _, label := range []string{"", "utf-9", "klingon", "iso-2022-kr", "hz-gb-2312", "x-user-defined", "utf-7", strings.Repeat("u", 1000), "utf-8\x00"} {
		if set, known := charset.Of(label); known {
			t.Errorf("%q is %s", label, set)
		}
	}
}

// FuzzDecode holds every charset to its law: what decodes is UTF-8 in which no U+FFFD
// stands that was not meant; what does not says a place within the text.
func FuzzDecode(f *testing.F) {
	labels := []string{"utf-8", "windows-1252", "shift_jis", "gbk", "gb18030", "euc-jp", "iso-2022-jp", "big5", "euc-kr", "utf-16le", "utf-16be", "koi8-r", "windows-874"}
	for i := range labels {
		f.Add(i, []byte("caf\xe9\x93\xfa\x1b$B\x46"))
		f.Add(i, []byte("\xff\xfea\x00\x84\x31\xa4\x37"))
	}
	f.Fuzz(func(t *testing.T, which int, text []byte) {
		set, _ := charset.Of(labels[uint(which)%uint(len(labels))])
		got, bad := set.Decode(text)
		switch {
		case bad >= len(text) && bad != 0, bad >= 0 && len(text) == 0:
			t.Fatalf("%q in %s: bad at %d", text, set, bad)
		case bad < 0 && !utf8.Valid(got):
			t.Fatalf("%q in %s is %q", text, set, got)
		case bad < 0 && bytes.Contains(got, []byte("\ufffd")) && set.String() != "utf-8" && set.String() != "gb18030" && !set.IsWide():
			t.Fatalf("%q in %s has become %q", text, set, got)
		case bad < 0 && len(got) > 3*len(text):
			t.Fatalf("%d bytes of %s became %d", len(text), set, len(got))
		}
	})
}
