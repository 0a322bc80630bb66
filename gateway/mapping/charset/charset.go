// Package charset turns text of the charsets that the web knows into UTF-8, and says
// where it cannot: no byte becomes U+FFFD in silence (SPEC 15).
//
// Names are those of the WHATWG Encoding Standard, so ISO-8859-1 and US-ASCII are read as
// windows-1252, as every browser does: what senders call by the one name is the other.
package charset

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// Charset is a known one. The zero value is UTF-8.
type Charset struct {
	name string
	from encoding.Encoding // nil: UTF-8
}

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
	from, err := htmlindex.Get(label)
	if err != nil {
		return UTF8, false
	}
	switch name, err := htmlindex.Name(from); {
	case err != nil, name == "replacement", name == "x-user-defined":
		return UTF8, false
	case name == "utf-8":
		return UTF8, true
	default:
		return Charset{name, from}, true
	}
}

// IsUTF8 says whether it is UTF-8.
func (c Charset) IsUTF8() bool { return c.from == nil }

// IsWide says whether its units are of more than one byte, so that no form can be in it:
// what parts the fields are single bytes.
func (c Charset) IsWide() bool { return strings.HasPrefix(c.name, "utf-16") }

// String gives the name of the standard.
func (c Charset) String() string {
	if c.from == nil {
		return "utf-8"
	}
	return c.name
}

// Decode gives text as UTF-8, without a byte order mark. bad is the place of the first
// byte that is none of the charset, below 0 where all are. UTF-8 is given back as it is;
// anything else has memory of its own, at most three times as much.
func (c Charset) Decode(text []byte) (decoded []byte, bad int) {
	if c.from == nil {
		return text, Invalid(text)
	}
	decoded, _, err := transform.Bytes(c.decoder(text), text)
	if err != nil || bytes.Contains(decoded, unknown) && !c.means(text) {
		return nil, c.firstBad(text)
	}
	return bytes.TrimPrefix(decoded, mark), -1
}

var (
	unknown = []byte("\ufffd")
	mark    = []byte("\ufeff")
)

// decoder gives the decoder of a text: of UTF-16 a byte order mark says which it is.
func (c Charset) decoder(text []byte) transform.Transformer {
	from := c.from
	if c.IsWide() {
		switch {
		case bytes.HasPrefix(text, []byte("\xfe\xff")):
			from = mustGet("utf-16be")
		case bytes.HasPrefix(text, []byte("\xff\xfe")):
			from = mustGet("utf-16le")
		}
	}
	return from.NewDecoder()
}

func mustGet(name string) encoding.Encoding {
	e, err := htmlindex.Get(name)
	if err != nil {
		panic(err) // the standard has it
	}
	return e
}

// means says whether the text means the U+FFFD that it became: then that is turned into
// the same text again.
func (c Charset) means(text []byte) bool {
	decoded, _, err := transform.Bytes(c.decoder(text), text)
	if err != nil {
		return false
	}
	again, _, err := transform.Bytes(encoding.HTMLEscapeUnsupported(c.from.NewEncoder()), decoded)
	return err == nil && bytes.Equal(again, text)
}

// firstBad finds the first byte that is none of the charset: it decodes one character
// after the other, each of as few bytes as it needs.
func (c Charset) firstBad(text []byte) int {
	d := c.decoder(text)
	var room [16]byte // what one character becomes, or two
	for at, n := 0, 1; at < len(text); {
		end := min(at+n, len(text))
		written, read, err := d.Transform(room[:], text[at:end], end == len(text))
		switch {
		case bytes.Contains(room[:written], unknown):
			return at
		case read > 0:
			at, n = at+read, 1
		case errors.Is(err, transform.ErrShortSrc) && end < len(text):
			n++
		default:
			return at
		}
	}
	return 0
}

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
