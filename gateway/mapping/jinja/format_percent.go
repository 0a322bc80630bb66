package jinja

import (
	"strings"
)

// percent is the operator % on a text, with a tuple, an object, or one value.
func (r *operators) percent(v, with Value) (Value, error) {
	s := v.text()
	if err := r.work(len(s)); err != nil {
		return undefined, err
	}
	p := &percenting{run: r, with: with, list: []Value{with}}
	if with.kind == List && with.flag {
		var err error
		if p.list, err = r.items(with); err != nil {
			return undefined, err
		}
	}
	var b strings.Builder
	for s != "" {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			at = len(s)
		}
		b.WriteString(s[:at])
		if s = s[at:]; s == "" {
			break
		}
		field, rest, err := p.field(s[1:])
		if err != nil {
			return undefined, err
		}
		if b.WriteString(field); b.Len() > maxText {
			return undefined, errMade
		}
		s = rest
	}
	if p.used < len(p.list) && (with.kind != Dict && with.kind != List || with.flag && with.kind == List) {
		return undefined, errFormat
	}
	return r.made(b.String())
}

// percenting is one % on its way.
type percenting struct {
	run  *operators
	with Value
	list []Value
	used int
}

// field formats what stands behind a %.
func (p *percenting) field(s string) (field, rest string, err error) {
	key, s, err := p.key(s)
	if err != nil {
		return "", "", err
	}
	flags := s[:len(s)-len(strings.TrimLeft(s, "-+ #0"))]
	f := spec{fill: " ", precision: -1, alternate: strings.Contains(flags, "#")}
	if f.width, s, err = p.size(s[len(flags):]); err != nil {
		return "", "", err
	}
	if rest, is := strings.CutPrefix(s, "."); is {
		if f.precision, s, err = p.size(rest); err != nil {
			return "", "", err
		}
	}
	s = strings.TrimLeft(s, "hlL")
	if s == "" {
		return "", "", errFormat
	}
	kind := s[0]
	f.flags(flags, kind)
	if kind == '%' {
		return "%", s[1:], nil
	}
	if key == nil {
		if p.used == len(p.list) {
			return "", "", errFormat
		}
		key = &p.list[p.used]
		p.used++
	}
	field, err = p.convert(*key, f, kind)
	return field, s[1:], err
}

// key finds the member that a field names, as in %(name)s; nil where it names none.
func (p *percenting) key(s string) (value *Value, rest string, err error) {
	if !strings.HasPrefix(s, "(") {
		return nil, s, nil
	}
	end := strings.IndexByte(s, ')')
	if end < 0 || p.with.kind != Dict {
		return nil, "", errFormat
	}
	v, found, err := p.run.member(p.with, text(s[1:end]))
	if err != nil || !found {
		return nil, "", errFormat
	}
	p.used = len(p.list)
	return &v, s[end+1:], nil
}

// flags are those of a field of this kind.
func (f *spec) flags(flags string, kind byte) {
	switch {
	case strings.Contains(flags, "+"):
		f.sign = '+'
	case strings.Contains(flags, " "):
		f.sign = ' '
	}
	f.align = '>'
	if strings.Contains(flags, "-") || f.width < 0 {
		f.align = '<'
	} else if strings.Contains(flags, "0") && strings.IndexByte("diouxXeEfFgG", kind) >= 0 {
		f.fill, f.align = "0", '='
	}
	f.width = max(f.width, -f.width)
}

// size reads a width or precision: a number, or * for an argument.
func (p *percenting) size(s string) (n int, rest string, err error) {
	if !strings.HasPrefix(s, "*") {
		return leading(s)
	}
	if p.used == len(p.list) {
		return 0, "", errFormat
	}
	n, err = p.list[p.used].number(0)
	p.used++
	if n > maxWidth || n < -maxWidth {
		err = errFormat
	}
	return n, s[1:], err
}

func (p *percenting) convert(v Value, f spec, kind byte) (string, error) {
	switch kind {
	case 's', 'r', 'a':
		s, err := p.run.converted(v, kind)
		if err != nil {
			return "", err
		}
		if f.precision >= 0 && runes(s) > f.precision {
			s = string([]rune(s)[:f.precision])
		}
		f.fill = " "
		return f.pad("", s, '>'), nil
	case 'c':
		if v.kind == String && runes(v.text()) == 1 {
			return f.pad("", v.text(), '>'), nil
		}
		f.kind = 'c'
		return p.run.format(v, f)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		if v.kind == Float && kind != 'o' && kind != 'x' && kind != 'X' {
			n, ok := truncated(v.double())
			if !ok {
				return "", errFormat
			}
			v = n
		}
		if v.kind != Int && v.kind != Bool {
			return "", errFormat
		}
		return p.whole(v, f, kind)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if !v.isNumber() {
			return "", errFormat
		}
		f.kind = kind
		return f.float(v)
	}
	return "", errFormat
}

// whole formats a whole number; the precision is how many digits there are at least.
func (p *percenting) whole(v Value, f spec, kind byte) (string, error) {
	least := f.precision
	f.precision = -1
	if f.kind = kind; kind == 'i' || kind == 'u' {
		f.kind = 'd'
	}
	width, fill, align := f.width, f.fill, f.align
	if least > 0 {
		f.width, f.fill, f.align = 0, " ", '>'
	}
	s, err := f.number(v)
	if err != nil || least <= 0 {
		return s, err
	}
	digits := strings.TrimLeft(s, "+- ")
	sign := s[:len(s)-len(digits)]
	if len(digits) < least {
		digits = strings.Repeat("0", least-len(digits)) + digits
	}
	f.width, f.fill, f.align = width, fill, align
	return f.pad(sign, digits, '>'), nil
}
