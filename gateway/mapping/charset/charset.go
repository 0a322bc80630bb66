// Package charset turns text of the charsets that the web knows into UTF-8, and says
// where it cannot: no byte becomes U+FFFD in silence (SPEC 15).
//
// Names are those of the WHATWG Encoding Standard, so ISO-8859-1 and US-ASCII are read as
// windows-1252, as every browser does: what senders call by the one name is the other.
package charset

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Charset is a known one. The zero value is UTF-8.
type Charset struct{ at uint8 } // its place in all

// UTF8 is what text is in of which nothing is said.
var UTF8 Charset

// maxLabel is longer than any name of a charset, in bytes.
const maxLabel = 40

// Of gives the charset of a name, whatever its case and the white space around it; false
// for one that nobody knows, and for those that the standard refuses to decode.
func Of(label string) (Charset, bool) {
	label = strings.Trim(label, "\t\n\f\r ")
	if len(label) > maxLabel {
		return UTF8, false
	}
	at, is := byLabel()[strings.ToLower(label)]
	return Charset{at}, is
}

// IsUTF8 says whether it is UTF-8.
func (c Charset) IsUTF8() bool { return c == UTF8 }

// IsWide says whether its units are of more than one byte, so that no form can be in it:
// what parts the fields are single bytes.
func (c Charset) IsWide() bool { return strings.HasPrefix(c.String(), "utf-16") }

// String gives the name of the standard.
func (c Charset) String() string {
	name, _, _ := strings.Cut(all[c.at].labels, " ")
	return name
}

// Decode gives text as UTF-8, without a byte order mark. bad is the place of the first
// byte that is none of the charset, below 0 where all are. UTF-8 is given back as it is;
// anything else has memory of its own, at most three times as much.
func (c Charset) Decode(text []byte) (decoded []byte, bad int) {
	if c.IsUTF8() {
		return text, Invalid(text)
	}
	decode := all[c.at].decode
	if decode == nil {
		decode = c.single
	}
	decoded, bad = decode(make([]byte, 0, len(text)+len(text)/4), text)
	if bad >= 0 {
		return nil, bad
	}
	return bytes.TrimPrefix(decoded, mark), -1
}

var mark = []byte("\ufeff")

// Invalid gives the place of the first byte that is no UTF-8; below 0 for none.
func Invalid(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
