package jinja

import (
	"strconv"
	"strings"
)

// formatted is str.format().
func formatted(r *run, v Value, a *args) (Value, error) {
	f := formatting{run: r, args: a}
	s, err := f.text(v.text(), 2)
	if err != nil {
		return undefined, err
	}
	return r.made(s)
}

// formatting is one str.format() on its way.
type formatting struct {
	run    *run
	args   *args
	next   int  // of the fields without a number
	manual bool // fields have numbers
}

func (f *formatting) text(s string, depth int) (string, error) {
	if depth == 0 {
		return "", errFormat
	}
	if err := f.run.work(len(s)); err != nil {
		return "", err
	}
	var b strings.Builder
	for s != "" {
		at := strings.IndexAny(s, "{}")
		if at < 0 {
			at = len(s)
		}
		b.WriteString(s[:at])
		if s = s[at:]; s == "" {
			break
		}
		if len(s) > 1 && s[1] == s[0] {
			b.WriteByte(s[0])
			s = s[2:]
			continue
		}
		end := closing(s)
		if s[0] == '}' || end < 0 {
			return "", errFormat
		}
		field, err := f.field(s[1:end], depth)
		if err != nil {
			return "", err
		}
		b.WriteString(field)
		if b.Len() > maxText {
			return "", errMade
		}
		s = s[end+1:]
	}
	return b.String(), nil
}

// closing finds the } of the { that a text begins with.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// field is name[!conversion][:spec].
func (f *formatting) field(s string, depth int) (string, error) {
	name, form := s, ""
	if at := strings.IndexAny(s, ":!"); at >= 0 {
		name, form = s[:at], s[at:]
	}
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	if conversion, is := strings.CutPrefix(form, "!"); is {
		if conversion == "" || strings.IndexByte("sra", conversion[0]) < 0 {
			return "", errFormat
		}
		s, err := f.run.converted(v, conversion[0])
		if err != nil {
			return "", err
		}
		v, form = text(s), conversion[1:]
	}
	form, err = f.text(strings.TrimPrefix(form, ":"), depth-1+boolToInt(form == ""))
	if err != nil {
		return "", err
	}
	how, err := parseSpec(form)
	if err != nil {
		return "", err
	}
	return f.run.format(v, how)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// value finds what a field names: an argument, then members of it.
func (f *formatting) value(name string) (Value, error) {
	first := name
	if at := strings.IndexAny(name, ".["); at >= 0 {
		first = name[:at]
	}
	rest := name[len(first):]
	var v Value
	switch {
	case first == "":
		if f.next++; f.manual || f.next > len(f.args.list) {
			return undefined, errFormat
		}
		v = f.args.list[f.next-1]
	case isDigits(first):
		i, err := strconv.Atoi(first)
		if f.manual = true; f.next > 0 || err != nil || i >= len(f.args.list) {
			return undefined, errFormat
		}
		v = f.args.list[i]
	default:
		at := indexOf(f.args.names, first)
		if at < 0 {
			return undefined, errFormat
		}
		v = f.args.named[at]
	}
	return f.inside(v, rest)
}

// inside follows the members that a field names: .name and [key].
func (f *formatting) inside(v Value, rest string) (Value, error) {
	for rest != "" {
		var key Value
		if inner, is := strings.CutPrefix(rest, "["); is {
			end := strings.IndexByte(inner, ']')
			if end < 1 {
				return undefined, errFormat
			}
			key, rest = keyOf(inner[:end]), inner[end+1:]
		} else {
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			key, rest = text(rest[1:end]), rest[end:]
		}
		var err error
		if v, err = f.run.inside(v, key); err != nil {
			return undefined, err
		}
	}
	return v, nil
}
