package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// parseInt reads a whole number as Python's int() does: with space around it, a sign,
// and _ between digits.
func parseInt(s string, base int) (Value, bool) {
	s = strings.TrimSpace(s)
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") ||
		strings.Contains(digits, "__") || len(digits) > maxBits/4 {
		return undefined, false
	}
	digits = strings.ReplaceAll(digits, "_", "")
	if len(digits) > 2 && digits[0] == '0' {
		if of := map[byte]int{'x': 16, 'o': 8, 'b': 2}[digits[1]|0x20]; of != 0 && (of == base || base == 0) {
			digits, base = digits[2:], of
		}
	}
	if base == 0 {
		base = 10
	}
	b, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return undefined, false
	}
	if s[0] == '-' {
		b.Neg(b)
	}
	return whole(b), true
}

// parseFloat reads a number as Python's float() does.
func parseFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") || strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, err == nil || math.IsInf(f, 0)
}

// truncated is a float without its fraction, as a whole number.
func truncated(f float64) (Value, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return undefined, false
	}
	b, _ := new(big.Float).SetFloat64(math.Trunc(f)).Int(nil)
	return whole(b), true
}

func toInt(r *run, v Value, given []Value) (Value, error) {
	base, err := given[1].number(10)
	if err != nil || base != 0 && (base < 2 || base > 36) {
		return undefined, errArguments
	}
	otherwise := given[0].or(integer(0))
	switch v.kind {
	case Undefined:
		return undefined, errMissing
	case Int:
		if v.isSmall() {
			return Value{kind: Int, num: v.small()}, nil
		}
		return v, nil
	case Bool:
		return integer(int(v.small())), nil
	case Float:
		if n, ok := truncated(v.double()); ok {
			return n, nil
		}
		return undefined, errNumber
	case String:
		s := v.text()
		if err := r.work(len(s)); err != nil {
			return undefined, err
		}
		if n, ok := parseInt(s, base); ok {
			return n, nil
		}
		if f, ok := parseFloat(s); ok { // "42.23" | int is 42
			if n, ok := truncated(f); ok {
				return n, nil
			}
		}
	}
	return otherwise, nil
}

func toFloat(r *run, v Value, given []Value) (Value, error) {
	otherwise := given[0].or(float(0))
	switch v.kind {
	case Undefined:
		return undefined, errMissing
	case Int, Float, Bool:
		return float(v.double()), nil
	case String:
		s := v.text()
		if f, ok := parseFloat(s); ok {
			return float(f), r.work(len(s))
		}
	}
	return otherwise, nil
}

func absolute(_ *run, v Value, given []Value) (Value, error) {
	switch {
	case v.kind == Undefined:
		return undefined, errMissing
	case !v.isNumber():
		return undefined, errOperand
	case v.kind == Float:
		if v.double() >= 0 && !math.Signbit(v.double()) {
			return v, nil
		}
		return float(math.Abs(v.double())), nil
	}
	if b := v.big(); b.Sign() < 0 {
		return whole(new(big.Int).Abs(b)), nil
	}
	return v, nil
}

func round(_ *run, v Value, given []Value) (Value, error) {
	digits, err := given[0].number(0)
	if err != nil {
		return undefined, err
	}
	how, err := given[1].word("common")
	if err != nil {
		return undefined, err
	}
	switch {
	case v.kind == Undefined:
		return undefined, errMissing
	case !v.isNumber():
		return undefined, errOperand
	case digits > 300 || digits < -300:
		return undefined, errArguments
	}
	switch how {
	case "common":
		return rounded(v, digits)
	case "ceil":
		return roundedTo(v, digits, math.Ceil)
	case "floor":
		return roundedTo(v, digits, math.Floor)
	}
	return undefined, errArguments
}

// roundedTo scales, cuts and divides; what it gives is a Float.
func roundedTo(v Value, digits int, how func(float64) float64) (Value, error) {
	if v.kind != Float && digits >= 0 {
		return float(v.double()), nil
	}
	scale := math.Pow10(digits)
	f := how(v.double()*scale) / scale
	return float(f), finite(f)
}

// rounded is Python's round(): to the nearest, halves to the even one.
func rounded(v Value, digits int) (Value, error) {
	if v.kind == Float {
		return float(roundFloat(v.double(), digits)), nil
	}
	if digits >= 0 {
		return whole(v.big()), nil
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	quotient, rest := new(big.Int).DivMod(v.big(), unit, new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(unit); c > 0 || c == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return whole(quotient.Mul(quotient, unit)), nil
}

func roundFloat(f float64, digits int) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return f
	}
	if digits < 0 {
		unit := math.Pow10(-digits)
		return math.RoundToEven(f/unit) * unit
	}
	out, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', digits, 64), 64) // exact, halves to the even one
	return out
}

func fileSize(_ *run, v Value, given []Value) (Value, error) {
	size := v.double()
	if v.kind == String {
		f, ok := parseFloat(v.text())
		if !ok {
			return undefined, errOperand
		}
		size = f
	} else if !v.isNumber() {
		return undefined, errOperand
	}
	base, suffix := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if given[0].isTrue() {
		base, suffix = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return text("1 Byte"), nil
	case size < base:
		n, ok := truncated(size)
		if !ok {
			return undefined, errNumber
		}
		return text(n.print() + " Bytes"), nil
	}
	unit := base
	for i, name := range suffix {
		if unit *= base; size < unit || i == len(suffix)-1 {
			return text(strconv.FormatFloat(base*size/unit, 'f', 1, 64) + " " + name), nil
		}
	}
	return undefined, errOperand
}
