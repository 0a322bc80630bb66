package rawjson

import "strconv"

// decimal is the exact value of a JSON number: 0.digits times ten to the exp.
// It points into the literal, so comparing two takes no memory and rounds
// nothing: 9007199254740993 is not 9007199254740992, while 1, 1.0 and 10e-1 are one.
type decimal struct {
	negative bool
	digits   []byte // first to last digit that is not 0, with the point where it was
	exp      int
	huge     bool // the exponent is beyond maxExponent: only the same literal is equal
}

const maxExponent = 1 << 30

func parseDecimal(literal []byte) decimal {
	var d decimal
	mantissa := literal
	if len(mantissa) > 0 && mantissa[0] == '-' {
		d.negative = true
		mantissa = mantissa[1:]
	}
	for i, c := range mantissa {
		if c == 'e' || c == 'E' {
			exp, err := strconv.Atoi(View(mantissa[i+1:])) // at its bound where it is out of range
			d.huge = err != nil || exp > maxExponent || exp < -maxExponent
			d.exp = max(-maxExponent, min(exp, maxExponent))
			mantissa = mantissa[:i]
			break
		}
	}
	first, last, point := -1, -1, len(mantissa)
	for i, c := range mantissa {
		switch {
		case c == '.':
			point = i
		case c != '0':
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 { // zero, whatever its sign and exponent
		return decimal{}
	}
	d.digits = mantissa[first : last+1]
	if first < point {
		d.exp += point - first
	} else {
		d.exp -= first - point - 1
	}
	return d
}

// EqualNumbers says whether two literals are one number: 1, 1.0 and 10e-1 are.
func EqualNumbers(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	x, y := parseDecimal(a), parseDecimal(b)
	return !x.huge && !y.huge && x.negative == y.negative && x.exp == y.exp && compareDigits(x.digits, y.digits) == 0
}

// CompareNumbers gives -1, 0 or 1.
func CompareNumbers(a, b []byte) int {
	x, y := parseDecimal(a), parseDecimal(b)
	switch {
	case x.sign() != y.sign():
		return order(x.sign() < y.sign())
	case x.sign() == 0:
		return 0
	case x.exp != y.exp:
		return order((x.exp < y.exp) != x.negative)
	}
	c := compareDigits(x.digits, y.digits)
	if x.negative {
		return -c
	}
	return c
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func compareDigits(a, b []byte) int {
	i, j := 0, 0
	for {
		if i < len(a) && a[i] == '.' {
			i++
		}
		if j < len(b) && b[j] == '.' {
			j++
		}
		switch {
		case i == len(a) && j == len(b):
			return 0
		case i == len(a):
			return -1 // the last digit of b is not 0
		case j == len(b):
			return 1
		case a[i] != b[j]:
			return order(a[i] < b[j])
		}
		i++
		j++
	}
}

// AppendDecimal appends the number without an exponent, as people write it. It
// is false where that takes more than most bytes.
func AppendDecimal(dst, literal []byte, most int) ([]byte, bool) {
	if !hasExponent(literal) {
		return append(dst, literal...), len(literal) <= most
	}
	d := parseDecimal(literal)
	if len(d.digits) == 0 {
		return append(dst, '0'), most >= 1
	}
	if d.huge || d.exp > most || d.exp < -most || len(d.digits) > most {
		return dst, false
	}
	start := len(dst)
	if d.negative {
		dst = append(dst, '-')
	}
	if d.exp <= 0 {
		dst = append(dst, '0', '.')
		for range -d.exp {
			dst = append(dst, '0')
		}
	}
	placed := 0
	for _, c := range d.digits {
		if c == '.' {
			continue
		}
		if placed == d.exp && placed > 0 {
			dst = append(dst, '.')
		}
		dst = append(dst, c)
		placed++
	}
	for ; placed < d.exp; placed++ {
		dst = append(dst, '0')
	}
	return dst, len(dst)-start <= most
}

func hasExponent(literal []byte) bool {
	for _, c := range literal {
		if c == 'e' || c == 'E' {
			return true
		}
	}
	return false
}
