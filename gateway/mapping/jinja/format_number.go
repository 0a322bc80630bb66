package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

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
