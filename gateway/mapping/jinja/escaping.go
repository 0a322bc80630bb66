package jinja

import "github.com/tidwall/gjson"

// Escape is how a template writes what its expressions print, for what it is a part of.
// What its own text says stays as it is.
type Escape byte

// The ways to escape. With HTML, what escape and safe give, and what blocks and macros
// have written, is not escaped again; with JSON, what tojson gives, and with URL, what
// urlencode and safe give.
const (
	EscapeNone Escape = iota
	EscapeHTML        // as Jinja2's autoescape, for HTML and XML
	EscapeJSON        // as the inside of a JSON text; objects and lists are JSON already
	EscapeURL         // percent-encoded, all but the unreserved characters
)

// Escaping gives the template as one that escapes.
func (t *Template) Escaping(e Escape) *Template {
	own := *t
	own.escape, own.plain = e, nil
	return &own
}

// writeEscaped prints a value as a part of something.
func (r *run) writeEscaped(v Value) error {
	switch v.kind {
	case Undefined, None:
		return nil
	case List, Dict:
		if err := r.printable(v, 0); err != nil {
			return err
		}
		if r.escape == EscapeJSON {
			r.out = v.appendJSON(r.out)
			return r.fits()
		}
	}
	switch text := v.print(); {
	case v.kind == String && v.flag:
		r.out = append(r.out, text...)
	case r.escape == EscapeHTML:
		r.out = append(r.out, htmlEscapes.Replace(text)...)
	case r.escape == EscapeURL:
		r.out = append(r.out, quoted(text, "", false)...)
	default:
		from := len(r.out)
		r.out = gjson.AppendJSONString(r.out, text)
		r.out = append(r.out[:from], r.out[from+1:len(r.out)-1]...) // without its quotes
	}
	return r.fits()
}
