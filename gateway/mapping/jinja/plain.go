package jinja

import "strings"

// piece is what a plain template is made of: words, or what stands at a place.
type piece struct {
	words string
	place int // noPlace: words are all
}

// plainOf gives the pieces of a block that is words and names of the document, and
// nothing else; nil of any other.
func plainOf(b block) []piece {
	pieces := make([]piece, 0, len(b))
	for _, s := range b {
		switch s := s.(type) {
		case words:
			pieces = append(pieces, piece{string(s), noPlace})
		case *output:
			n, is := s.of.(*name)
			if !is || !n.documents() {
				return nil
			}
			pieces = append(pieces, piece{place: n.place})
		default:
			return nil
		}
	}
	return pieces
}

// documents says whether the name can only be of the document.
func (n *name) documents() bool {
	return len(n.given) == 0 && n.function == nil && n.place != noPlace && n.index == noPlace
}

// appendPlain renders a plain template without a run, which is most of what a small one
// costs. It is not done where a value does not print as it is written: the run does it
// then, from the beginning, and finds what is wrong, too.
func (t *Template) appendPlain(dst []byte, most int, env Env) (out []byte, done bool) {
	out = dst
	for i := range t.plain {
		p := &t.plain[i]
		if p.place == noPlace {
			out = append(out, p.words...)
			continue
		}
		raw, err := env.Raw(p.place)
		if err != nil {
			return dst, false
		}
		text, is := asWritten(raw)
		if !is {
			return dst, false
		}
		out = append(out, text...)
	}
	return out, len(out)-len(dst) <= most
}

// appendPlain does as much for an expression that is a name of the document.
func (x *Expression) appendPlain(dst []byte, most int, env Env) (out []byte, done bool) {
	n, is := x.of.(*name)
	if !is || !n.documents() {
		return dst, false
	}
	raw, err := env.Raw(n.place)
	if err != nil || raw == "" || len(raw) > most || raw[0] != '"' && !isNumber(raw[0]) {
		return dst, false
	}
	return append(dst, raw...), true
}

// asWritten gives what a number or a text of JSON prints as, if it stands there so.
func asWritten(raw string) (text string, is bool) {
	if raw == "" {
		return "", true
	}
	if raw[0] == '"' {
		text = raw[1 : len(raw)-1]
		return text, strings.IndexByte(text, '\\') < 0
	}
	return raw, isNumber(raw[0])
}

// isNumber says whether a JSON text that begins so is a number.
func isNumber(first byte) bool { return first == '-' || '0' <= first && first <= '9' }
