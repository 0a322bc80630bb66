package mapping

import (
	"bytes"
	"iter"
)

// parseURLEncoded reads application/x-www-form-urlencoded as browsers' parsers do (URL
// Standard, 5.1): a stray % stands for itself, so no body is invalid but by its bytes.
func (f *form) parseURLEncoded() (Document, error) {
	f.body = withoutMark(f.body)
	if !f.said && bytes.Contains(f.body, []byte(charsetField+"=")) {
		for p := range pairs(f.body) {
			if string(percentDecoded(p.name)) == charsetField {
				if err := f.named(percentDecoded(p.value)); err != nil {
					return Document{}, err
				}
			}
		}
	}
	if err := f.fits(); err != nil {
		return Document{}, err
	}
	for p := range pairs(f.body) {
		if err := f.pair(p); err != nil {
			return Document{}, err
		}
	}
	return f.document(), nil
}

// pair is one field as it is written, at a place of the body.
type pair struct {
	name, value []byte
	at          int
}

func pairs(body []byte) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		at := 0
		for written := range bytes.SplitSeq(body, []byte{'&'}) {
			name, value, _ := bytes.Cut(written, []byte{'='})
			if len(written) > 0 && !yield(pair{name, value, at}) {
				return
			}
			at += len(written) + len("&")
		}
	}
}

func (f *form) pair(p pair) error {
	name, err := f.decoded(p.name, p.at)
	if err != nil {
		return err
	}
	value, err := f.decoded(p.value, p.at+len(p.name)+len("="))
	if err != nil {
		return err
	}
	return f.add(string(name), appendJSONText(nil, value))
}

// decoded gives the text of a part of the body that is written at a place.
func (f *form) decoded(written []byte, at int) ([]byte, error) {
	text, bad := f.set.Decode(percentDecoded(written))
	if bad >= 0 {
		return nil, textError(f.set, f.body, at+writtenAt(written, bad), f.said)
	}
	return text, nil
}

// writtenAt gives where the n-th byte of a percent-decoded text is written.
func writtenAt(written []byte, n int) int {
	at := 0
	for ; n > 0; n-- {
		if written[at] == '%' && hexAt(written, at+1) >= 0 && hexAt(written, at+2) >= 0 {
			at += 2
		}
		at++
	}
	return at
}

func percentDecoded(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '+':
			out = append(out, ' ')
		case '%':
			high, low := hexAt(b, i+1), hexAt(b, i+2)
			if high < 0 || low < 0 {
				out = append(out, c)
				continue
			}
			out = append(out, byte(high<<4|low))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

func hexAt(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
