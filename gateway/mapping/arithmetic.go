package mapping

import (
	"cmp"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// operators are the ones that the library computes without a look at its operands: "a" * 300000000 takes seconds, 1 % 0 and "a" * -1 panic. These follow
// Python, as Jinja does; values that do not fit an operator are a fault, and
// what is over a bound is none of its results.
var operators = map[tokens.Type]func(a, b *exec.Value) any{
	tokens.Addition: add, tokens.Subtraction: subtract, tokens.Multiply: multiply, tokens.Division: divide,
	tokens.FloorDivision: floorDivide, tokens.Modulo: modulo, tokens.Power: power, tokens.Tilde: concatenate,
	tokens.LowerThan:          ordering(func(order int) bool { return order < 0 }),
	tokens.LowerThanOrEqual:   ordering(func(order int) bool { return order <= 0 }),
	tokens.GreaterThan:        ordering(func(order int) bool { return order > 0 }),
	tokens.GreaterThanOrEqual: ordering(func(order int) bool { return order >= 0 }),
}

// ordering compares numbers with numbers and texts with texts. The library
// takes "90" > 100 for true, and a missing value for zero.
func ordering(holds func(order int) bool) func(a, b *exec.Value) any {
	return func(a, b *exec.Value) any {
		if x, y, ok := integers(a, b); ok {
			return holds(cmp.Compare(x, y))
		}
		if x, y, ok := floats(a, b); ok {
			return holds(cmp.Compare(x, y))
		}
		if a.IsString() && b.IsString() {
			return holds(cmp.Compare(a.String(), b.String()))
		}
		return nil
	}
}

// integers gives both as whole numbers, where both are.
func integers(a, b *exec.Value) (x, y int, ok bool) {
	return a.Integer(), b.Integer(), a.IsInteger() && b.IsInteger()
}

func floats(a, b *exec.Value) (x, y float64, ok bool) {
	return a.Float(), b.Float(), a.IsNumber() && b.IsNumber()
}

// finite gives nil for what is no number in JSON.
func finite(f float64) any {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return f
}

func add(a, b *exec.Value) any {
	if x, y, ok := integers(a, b); ok {
		if sum := x + y; (sum > x) == (y > 0) {
			return sum
		}
		return nil // a double would be another number
	}
	if x, y, ok := floats(a, b); ok {
		return finite(x + y)
	}
	switch {
	case a.IsString() && b.IsString():
		return joined(a.String(), b.String())
	case a.IsList() && b.IsList():
		return joinedLists(a, b)
	}
	return nil
}

func joined(a, b string) any {
	if len(a)+len(b) > maxText {
		return errBound
	}
	return a + b
}

func joinedLists(a, b *exec.Value) any {
	if a.Len()+b.Len() > maxItems {
		return errBound
	}
	list := make([]any, 0, a.Len()+b.Len())
	for _, v := range []*exec.Value{a, b} {
		for i := range v.Len() {
			list = append(list, v.Index(i).Interface())
		}
	}
	return list
}

func subtract(a, b *exec.Value) any {
	if x, y, ok := integers(a, b); ok {
		if difference := x - y; (difference < x) == (y > 0) {
			return difference
		}
		return nil
	}
	if x, y, ok := floats(a, b); ok {
		return finite(x - y)
	}
	return nil
}

func multiply(a, b *exec.Value) any {
	if x, y, ok := integers(a, b); ok {
		if high, low := bits.Mul64(magnitude(x), magnitude(y)); high == 0 && low <= math.MaxInt64 {
			return x * y
		}
		return nil
	}
	if x, y, ok := floats(a, b); ok {
		return finite(x * y)
	}
	if b.IsString() {
		a, b = b, a
	}
	if a.IsString() && b.IsInteger() {
		return repeated(a.String(), b.Integer())
	}
	return nil
}

func magnitude(x int) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func repeated(text string, times int) any {
	switch {
	case times <= 0 || text == "":
		return ""
	case times > maxText/len(text):
		return errBound
	}
	return strings.Repeat(text, times)
}

func divide(a, b *exec.Value) any {
	if x, y, ok := floats(a, b); ok {
		return finite(x / y)
	}
	return nil
}

func floorDivide(a, b *exec.Value) any {
	if x, y, ok := integers(a, b); ok && y != 0 && y != -1 {
		quotient := x / y
		if x%y != 0 && (x < 0) != (y < 0) {
			quotient--
		}
		return quotient
	}
	if x, y, ok := floats(a, b); ok {
		return finite(math.Floor(x / y))
	}
	return nil
}

// modulo has the sign of the divisor.
func modulo(a, b *exec.Value) any {
	if x, y, ok := integers(a, b); ok {
		switch y {
		case 0:
			return nil
		case -1:
			return 0
		}
		rest := x % y
		if rest != 0 && (rest < 0) != (y < 0) {
			rest += y
		}
		return rest
	}
	if x, y, ok := floats(a, b); ok && y != 0 {
		return finite(x - y*math.Floor(x/y))
	}
	return nil
}

// exact is how far a double holds every whole number.
const exact = 1 << 53

func power(a, b *exec.Value) any {
	x, y, ok := floats(a, b)
	if !ok {
		return nil
	}
	result := math.Pow(x, y)
	if a.IsInteger() && b.IsInteger() && y >= 0 && math.Abs(result) <= exact {
		return int(result)
	}
	return finite(result)
}

// concatenate takes what is missing for an empty text.
func concatenate(a, b *exec.Value) any {
	left, okLeft := plainText(a)
	right, okRight := plainText(b)
	if !okLeft && !a.IsNil() || !okRight && !b.IsNil() {
		return nil
	}
	return joined(left, right)
}

// plainText is the text of a scalar as JSON writes it, where the library would
// write True, and 1200.0 for 1200.
func plainText(v *exec.Value) (string, bool) {
	switch {
	case v.IsString():
		return v.String(), true
	case v.IsBool():
		return strconv.FormatBool(v.Bool()), true
	case v.IsNumber():
		out, ok := appendResult(nil, v, 0)
		return string(out), ok
	}
	return "", false
}
