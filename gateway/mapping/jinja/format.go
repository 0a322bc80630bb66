package jinja

import (
	"errors"
	"math"
	"math/big"
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

// format formats a value.
func (m *meter) format(v Value, f spec) (string, error) {
	numeric := strings.IndexByte("bcdoxXneEfFgG%", f.kind) >= 0 && f.kind != 0
	switch {
	case v.kind == Int, v.kind == Float, v.kind == Bool && numeric:
		return f.number(v)
	case v.kind == Undefined && f == (spec{fill: " ", precision: -1}):
		return "", nil
	case v.kind != String && v.kind != Bool && f != (spec{fill: " ", precision: -1}), f.kind != 0 && f.kind != 's',
		f.sign != 0, f.align == '=', f.grouping != 0:
		return "", errFormat
	}
	s, err := m.say(v)
	if err != nil {
		return "", err
	}
	if f.precision >= 0 && runes(s) > f.precision {
		s = string([]rune(s)[:f.precision])
	}
	return f.pad("", s, '<'), nil
}

// number formats a number.
func (f *spec) number(v Value) (string, error) {
	if f.kind == 0 && v.kind == Float || strings.IndexByte("eEfFgG%", f.kind) >= 0 && f.kind != 0 {
		return f.float(v)
	}
	if v.kind == Float || f.precision >= 0 {
		return "", errFormat
	}
	b := v.big()
	digits, prefix := "", ""
	switch f.kind {
	case 0, 'd', 'n':
		if f.kind == 0 && f.grouping == 0 && v.raw {
			digits = strings.TrimPrefix(v.source, "-")
			break
		}
		digits = new(big.Int).Abs(b).String()
	case 'b':
		digits, prefix = new(big.Int).Abs(b).Text(2), "0b"
	case 'o':
		digits, prefix = new(big.Int).Abs(b).Text(8), "0o"
	case 'x', 'X':
		digits, prefix = new(big.Int).Abs(b).Text(16), "0x"
		if f.kind == 'X' {
			digits, prefix = strings.ToUpper(digits), "0X"
		}
	case 'c':
		if !b.IsInt64() || b.Int64() < 0 || b.Int64() > 0x10ffff || f.sign != 0 {
			return "", errFormat
		}
		return f.pad("", string(rune(b.Int64())), '<'), nil
	default:
		return "", errFormat
	}
	if !f.alternate {
		prefix = ""
	}
	return f.pad(f.signOf(b.Sign() < 0)+prefix, f.grouped(digits), '>'), nil
}

func (f *spec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case f.sign == '+' || f.sign == ' ':
		return string(f.sign)
	}
	return ""
}

func (f *spec) float(v Value) (string, error) {
	x := v.double()
	precision := f.precision
	if precision < 0 {
		precision = 6
	}
	suffix := ""
	kind := f.kind
	switch kind {
	case 0:
		if f.precision < 0 {
			if v.raw { // as it was written
				return f.pad(f.signOf(strings.HasPrefix(v.source, "-")), f.grouped(strings.TrimPrefix(v.source, "-")), '>'), nil
			}
			return f.pad(f.signOf(math.Signbit(x)), f.grouped(string(appendFloat(nil, math.Abs(x)))), '>'), nil
		}
		kind = 'g'
	case '%':
		x *= 100
		suffix, kind = "%", 'f'
	}
	var s string
	switch magnitude := math.Abs(x); {
	case math.IsInf(x, 0):
		s = "inf"
	case math.IsNaN(x):
		s = "nan"
	case kind == 'f' || kind == 'F':
		s = strconv.FormatFloat(magnitude, 'f', precision, 64)
	case kind == 'e' || kind == 'E':
		s = strconv.FormatFloat(magnitude, 'e', precision, 64)
	default:
		s = general(magnitude, max(1, precision), f.alternate)
	}
	if kind == 'E' || kind == 'G' || kind == 'F' {
		s = strings.ToUpper(s)
	}
	if f.alternate && !strings.ContainsAny(s, ".in") {
		s += "."
	}
	return f.pad(f.signOf(math.Signbit(x) && !math.IsNaN(x)), f.grouped(s)+suffix, '>'), nil
}

// general is %g: so many digits, no zeros at the end, an exponent where it is shorter.
func general(x float64, digits int, keep bool) string {
	s := strconv.FormatFloat(x, 'e', digits-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(exponent)
	trim := func(s string) string {
		if keep || !strings.Contains(s, ".") {
			return s
		}
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if exp < -4 || exp >= digits {
		return trim(mantissa) + "e" + exponent
	}
	return trim(strconv.FormatFloat(x, 'f', max(0, digits-1-exp), 64))
}

// grouped puts separators into the digits before the point.
func (f *spec) grouped(s string) string {
	if f.grouping == 0 {
		return s
	}
	end := len(s) - len(strings.TrimLeft(s, "0123456789abcdefABCDEF"))
	if at := strings.IndexAny(s, ".e"); at >= 0 && (f.kind == 0 || strings.IndexByte("eEfFgG%", f.kind) >= 0) {
		end = at
	}
	size := 3
	if f.kind != 0 && strings.IndexByte("boxX", f.kind) >= 0 {
		size = 4
	}
	var b strings.Builder
	for i := range end {
		if i > 0 && (end-i)%size == 0 {
			b.WriteByte(f.grouping)
		}
		b.WriteByte(s[i])
	}
	return b.String() + s[end:]
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
	for rest != "" {
		var key Value
		if inner, is := strings.CutPrefix(rest, "["); is {
			end := strings.IndexByte(inner, ']')
			if end < 1 {
				return undefined, errFormat
			}
			key, rest = text(inner[:end]), inner[end+1:]
			if n, ok := parseInt(key.source, 10); ok && isDigits(key.source) {
				key = n
			}
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

// converted is str(), or repr().
func (m *meter) converted(v Value, how byte) (string, error) {
	if how != 's' && v.kind == String {
		s := v.text()
		quote := "'"
		if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
			quote = `"`
		}
		s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote).Replace(s)
		return quote + s + quote, m.work(len(s))
	}
	return m.say(v)
}

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
	var key *Value
	if strings.HasPrefix(s, "(") {
		end := strings.IndexByte(s, ')')
		if end < 0 || p.with.kind != Dict {
			return "", "", errFormat
		}
		v, found, err := p.run.member(p.with, text(s[1:end]))
		if err != nil || !found {
			return "", "", errFormat
		}
		key, s = &v, s[end+1:]
		p.used = len(p.list)
	}
	f := spec{fill: " ", precision: -1}
	flags := s[:len(s)-len(strings.TrimLeft(s, "-+ #0"))]
	s = s[len(flags):]
	f.alternate = strings.Contains(flags, "#")
	if strings.Contains(flags, " ") {
		f.sign = ' '
	}
	if strings.Contains(flags, "+") {
		f.sign = '+'
	}
	if f.width, s, err = p.size(s); err != nil {
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
	left := strings.Contains(flags, "-") || f.width < 0
	f.width = max(f.width, -f.width)
	f.align = '>'
	if left {
		f.align = '<'
	} else if strings.Contains(flags, "0") && strings.IndexByte("diouxXeEfFgG", kind) >= 0 {
		f.fill, f.align = "0", '='
	}
	if kind == '%' {
		return "%", s[1:], nil
	}
	var v Value
	switch {
	case key != nil:
		v = *key
	case p.used == len(p.list):
		return "", "", errFormat
	default:
		v = p.list[p.used]
		p.used++
	}
	field, err = p.convert(v, f, kind)
	return field, s[1:], err
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
			n, ok := truncated(v.flt)
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
