package jinja

import (
	"errors"
	"strconv"
	"strings"
)

var errFormat = errors.New("the format is none that Python knows, or does not take these values")

// maxWidth bounds the width and precision of one field.
const maxWidth = 1000

// spec is how one value is formatted: [[fill]align][sign][#][0][width][grouping]
// [.precision][type] (Python, "Format Specification Mini-Language").
type spec struct {
	fill      string
	align     byte // one of <>=^; 0: as the kind has it
	sign      byte // one of -+ and space; 0: -
	alternate bool
	width     int
	grouping  byte // , or _; 0: none
	precision int  // -1: none
	kind      byte // 0: as the value has it
}

// parseSpec reads what stands behind the colon of a field.
func parseSpec(s string) (f spec, err error) {
	f = spec{fill: " ", precision: -1}
	if first, rest := head(s); rest != "" && strings.IndexByte("<>=^", rest[0]) >= 0 {
		f.fill, f.align, s = first, rest[0], rest[1:]
	} else if s != "" && strings.IndexByte("<>=^", s[0]) >= 0 {
		f.align, s = s[0], s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		f.sign, s = s[0], s[1:]
	}
	if s, f.alternate = strings.CutPrefix(s, "#"); strings.HasPrefix(s, "0") {
		if f.align == 0 {
			f.fill, f.align = "0", '='
		}
	}
	if f.width, s, err = leading(s); err != nil {
		return f, err
	}
	if s != "" && (s[0] == ',' || s[0] == '_') {
		f.grouping, s = s[0], s[1:]
	}
	if rest, is := strings.CutPrefix(s, "."); is {
		if rest == "" || rest[0] < '0' || rest[0] > '9' {
			return f, errFormat
		}
		if f.precision, s, err = leading(rest); err != nil {
			return f, err
		}
	}
	if len(s) > 1 {
		return f, errFormat
	}
	if s != "" {
		f.kind = s[0]
	}
	return f, nil
}

// leading reads the number that a text begins with; 0 where there is none.
func leading(s string) (n int, rest string, err error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return 0, s, nil
	}
	n, err = strconv.Atoi(s[:digits])
	if err != nil || n > maxWidth {
		return 0, "", errFormat
	}
	return n, s[digits:], nil
}

// pad fills a field up to its width.
func (f *spec) pad(sign, s string, usual byte) string {
	missing := f.width - runes(sign) - runes(s)
	if missing <= 0 {
		return sign + s
	}
	align := f.align
	if align == 0 {
		align = usual
	}
	switch align {
	case '<':
		return sign + s + strings.Repeat(f.fill, missing)
	case '=':
		return sign + strings.Repeat(f.fill, missing) + s
	case '^':
		return strings.Repeat(f.fill, missing/2) + sign + s + strings.Repeat(f.fill, missing-missing/2)
	}
	return strings.Repeat(f.fill, missing) + sign + s
}
