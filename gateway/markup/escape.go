package markup

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// output writes a page.
type output struct {
	w     io.Writer
	place place
}

// text writes what a template says.
func (o *output) text(text []byte) error {
	if err := o.place.read(string(text)); err != nil {
		return err
	}
	_, err := o.w.Write(text)
	return err
}

// value writes a value, as its place asks.
func (o *output) value(v reflect.Value) error {
	text, safe := shown(v)
	p := &o.place
	switch p.at {
	case inText:
		if !safe {
			text = Escape(text)
		}
	case inPlain:
		text = Escape(text)
	case inDouble, inSingle:
		name := p.attribute[strings.LastIndexByte(p.attribute, ':')+1:] // xlink:href is an address
		if code(name) {
			return fmt.Errorf("a value has no place in the attribute %s", p.attribute)
		}
		if urls[strings.TrimPrefix(name, "data-")] {
			text = p.address(text)
		}
		text = Escape(text)
	default:
		return errors.New("a value has its place in a text, and in the quoted value of an attribute")
	}
	_, err := io.WriteString(o.w, text)
	return err
}

// shown gives a value as text, and whether it is safe as it is.
func shown(v reflect.Value) (text string, safe bool) {
	v = inside(v)
	for {
		if !v.IsValid() {
			return "", false
		}
		if v.CanInterface() {
			switch said := v.Interface().(type) {
			case HTML:
				return string(said), true
			case string:
				return said, false
			case error, fmt.Stringer:
				return fmt.Sprint(said), false
			}
		}
		if v.Kind() != reflect.Pointer || v.IsNil() {
			return fmt.Sprint(v), false
		}
		v = v.Elem()
	}
}

// escaped is what html/template writes for these bytes, wherever they stand.
var escaped = strings.NewReplacer("\x00", "\uFFFD", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;")

// Escape makes a text one that is shown as it is, in text and in quoted values.
func Escape(text string) string { return escaped.Replace(text) }

// refused stands for an address that would do more than to lead somewhere.
const refused = "#refused"

// address makes a text, or part of one, safe as an address: at its start it has the scheme
// http, https or mailto, or none; in a query it is one value of it; elsewhere it stays what
// it is, and what URLs do not have is encoded.
func (p *place) address(text string) string {
	began := p.url
	if text != "" && began == atStart {
		p.url = inPath
	}
	switch {
	case began == inQuery:
		return encoded(text, "")
	case began == atStart && !leads(text):
		return refused
	}
	return encoded(text, "!#$&*+,/:;=?@[]%")
}

// leads says whether an address is one of a place, and not a script or data.
func leads(address string) bool {
	scheme, _, has := strings.Cut(address, ":")
	if !has || strings.Contains(scheme, "/") {
		return true
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto":
		return true
	}
	return false
}

// encoded encodes each byte that is neither unreserved in RFC 3986 nor kept; % is kept before
// two hexadecimal digits alone.
func encoded(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case letter(c) || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		case c == '%' && keep != "" && (i+2 >= len(text) || !hexadecimal(text[i+1]) || !hexadecimal(text[i+2])):
			b.WriteString("%25")
		case strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

func hexadecimal(b byte) bool { return b >= '0' && b <= '9' || lower(b) >= 'a' && lower(b) <= 'f' }
