package jinja

import (
	"math"
	"math/big"
)

// maxBits bounds a whole number: 30,000 digits.
const maxBits = 100_000

// compareNumbers gives -1, 0, 1, or 2 where one of them is not a number.
func compareNumbers(a, b Value) int {
	if a.kind != Float && b.kind != Float {
		if a.isSmall() && b.isSmall() {
			return ordered(a.small(), b.small())
		}
		return a.big().Cmp(b.big())
	}
	x, y := a.double(), b.double()
	if math.IsNaN(x) || math.IsNaN(y) {
		return 2
	}
	if a.kind == b.kind || math.IsInf(x, 0) || math.IsInf(y, 0) || math.Abs(x) < 1<<53 && math.Abs(y) < 1<<53 {
		return ordered(x, y)
	}
	return exact(a).Cmp(exact(b)) // a whole number that no float holds
}

// exact gives a finite number without loss.
func exact(v Value) *big.Float {
	if v.kind == Float {
		return new(big.Float).SetFloat64(v.double())
	}
	return new(big.Float).SetInt(v.big())
}

func ordered[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// arithmetic works out an operator on numbers, with the rules of Python: / gives a
// Float, // and % round down, whole numbers have no bound.
func arithmetic(op string, a, b Value) (Value, error) {
	if op == "/" {
		return divide(a, b)
	}
	if a.kind == Float || b.kind == Float {
		return floats(op, a.double(), b.double())
	}
	if op == "**" {
		return power(a, b)
	}
	if a.isSmall() && b.isSmall() {
		if n, ok := smalls(op, a.small(), b.small()); ok {
			return Value{kind: Int, num: n}, nil
		}
	}
	return bigs(op, a.big(), b.big())
}

// bigs is arithmetic without bound, but for what a product may have.
func bigs(op string, x, y *big.Int) (Value, error) {
	z := new(big.Int)
	switch op {
	case "+":
		z.Add(x, y)
	case "-":
		z.Sub(x, y)
	case "*":
		if x.BitLen()+y.BitLen() > maxBits {
			return undefined, errNumber
		}
		z.Mul(x, y)
	case "//", "%":
		if y.Sign() == 0 {
			return undefined, errZero
		}
		rest := new(big.Int)
		z.QuoRem(x, y, rest)
		if rest.Sign() != 0 && rest.Sign() != y.Sign() {
			z.Sub(z, big.NewInt(1))
			rest.Add(rest, y)
		}
		if op == "%" {
			z = rest
		}
	default:
		return undefined, errOperand
	}
	return whole(z), nil
}

// smalls does what is done most without a big number; ok is false where it must not.
func smalls(op string, x, y int64) (n int64, ok bool) {
	switch op {
	case "+":
		n = x + y
		return n, (n > x) == (y > 0)
	case "-":
		n = x - y
		return n, (n < x) == (y > 0)
	case "*":
		const half = math.MaxInt32
		return x * y, x >= -half && x <= half && y >= -half && y <= half
	case "//", "%":
		if y == 0 || x == math.MinInt64 {
			return 0, false
		}
		quotient, rest := x/y, x%y
		if rest != 0 && (rest < 0) != (y < 0) {
			quotient, rest = quotient-1, rest+y
		}
		if op == "%" {
			return rest, true
		}
		return quotient, true
	}
	return 0, false
}

func divide(a, b Value) (Value, error) {
	if b.double() == 0 && (b.kind == Float || b.big().Sign() == 0) {
		return undefined, errZero
	}
	if a.kind != Float && b.kind != Float && !(a.isExact() && b.isExact()) {
		f, _ := new(big.Rat).SetFrac(a.big(), b.big()).Float64()
		return float(f), finite(f)
	}
	f := a.double() / b.double()
	return float(f), nil
}

// isExact says whether a float holds an Int or Bool without loss.
func (v Value) isExact() bool {
	const most = 1 << 53
	return v.isSmall() && v.small() >= -most && v.small() <= most
}

func finite(f float64) error {
	if math.IsInf(f, 0) {
		return errNumber
	}
	return nil
}

func floats(op string, x, y float64) (Value, error) {
	switch op {
	case "+":
		return float(x + y), nil
	case "-":
		return float(x - y), nil
	case "*":
		return float(x * y), nil
	case "**":
		if x == 0 && y < 0 {
			return undefined, errZero
		}
		f := math.Pow(x, y)
		if math.IsNaN(f) {
			return undefined, errOperand // a complex number
		}
		return float(f), finite(f)
	}
	if y == 0 {
		return undefined, errZero
	}
	rest := math.Mod(x, y)
	quotient := (x - rest) / y
	if rest != 0 && (rest < 0) != (y < 0) {
		rest += y
		quotient--
	}
	if op == "%" {
		return float(rest), nil
	}
	floor := math.Floor(quotient)
	if quotient-floor > 0.5 {
		floor++
	}
	return float(floor), nil
}

func power(a, b Value) (Value, error) {
	x, y := a.big(), b.big()
	if y.Sign() < 0 {
		return floats("**", a.double(), b.double())
	}
	if x.BitLen() > 1 && (!y.IsInt64() || y.Int64() > maxBits || int64(x.BitLen()-1)*y.Int64() > maxBits) {
		return undefined, errNumber
	}
	if x.BitLen() <= 1 { // 0, 1 and -1
		y = new(big.Int).SetBit(big.NewInt(0), 0, y.Bit(0))
		if b.big().Sign() > 0 && y.Sign() == 0 {
			y = big.NewInt(2)
		}
	}
	return whole(new(big.Int).Exp(x, y, nil)), nil
}

// negate is the sign - or +.
func negate(op string, v Value) (Value, error) {
	switch {
	case v.kind == Undefined:
		return undefined, errMissing
	case !v.isNumber():
		return undefined, errOperand
	case op == "+" && v.kind != Bool:
		return v, nil
	case v.kind == Float:
		return float(-v.double()), nil
	case op == "+":
		return integer(int(v.small())), nil
	}
	return whole(new(big.Int).Neg(v.big())), nil
}
