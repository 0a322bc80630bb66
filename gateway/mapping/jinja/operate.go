package jinja

import (
	"errors"
	"math"
	"math/big"
	"strings"
)

// Why a value is not to be had. None of them quotes a value.
var (
	errOperand = errors.New("the operator does not take these values")
	errOrder   = errors.New("these values have no order")
	errZero    = errors.New("a division by zero")
	errHash    = errors.New("a list or an object cannot be a key")
	errNumber  = errors.New("the number is too large")
	errMissing = errors.New("the value is missing")
)

// maxBits bounds a whole number: 30,000 digits.
const maxBits = 100_000

// equal compares as == does.
func (r *run) equal(a, b Value) (bool, error) {
	switch {
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b) == 0, nil
	case a.kind != b.kind:
		return false, nil
	}
	switch a.kind {
	case String:
		if a.json != "" && a.json == b.json {
			return true, nil
		}
		return a.text() == b.text(), r.work(len(a.json) + len(a.str))
	case List:
		if a.flag != b.flag {
			return false, nil
		}
		return r.equalLists(a, b)
	case Dict:
		return r.equalDicts(a, b)
	case Object:
		return a.object == b.object, nil
	}
	return true, nil
}

func (r *run) equalLists(a, b Value) (bool, error) {
	left, right, err := r.both(a, b)
	if err != nil || len(left) != len(right) {
		return false, err
	}
	for i := range left {
		if same, err := r.deeper().equal(left[i], right[i]); !same || err != nil {
			return false, r.back(err)
		}
		r.depth--
	}
	return true, nil
}

func (r *run) both(a, b Value) (left, right []Value, err error) {
	if left, err = r.items(a); err == nil {
		right, err = r.items(b)
	}
	return left, right, err
}

func (r *run) equalDicts(a, b Value) (bool, error) {
	left, err := r.members(a)
	if err != nil {
		return false, err
	}
	right, err := r.members(b)
	if err != nil || len(left.keys) != len(right.keys) {
		return false, err
	}
	for i, key := range left.keys {
		other, found := right.get(key)
		if !found {
			return false, nil
		}
		if same, err := r.deeper().equal(left.values[i], other); !same || err != nil {
			return false, r.back(err)
		}
		r.depth--
	}
	return true, nil
}

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
		return new(big.Float).SetFloat64(v.flt)
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

// compare gives -1, 0 or 1 for values that have an order.
func (r *run) compare(a, b Value) (int, error) {
	switch {
	case a.kind == Undefined || b.kind == Undefined:
		return 0, errMissing
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b), nil
	case a.kind == String && b.kind == String:
		return strings.Compare(a.text(), b.text()), r.work(len(a.json) + len(a.str))
	case a.kind == List && b.kind == List && a.flag == b.flag:
		return r.compareLists(a, b)
	}
	return 0, errOrder
}

func (r *run) compareLists(a, b Value) (int, error) {
	left, right, err := r.both(a, b)
	if err != nil {
		return 0, err
	}
	for i := range min(len(left), len(right)) {
		same, err := r.deeper().equal(left[i], right[i])
		if err != nil {
			return 0, r.back(err)
		}
		if !same {
			c, err := r.compare(left[i], right[i])
			return c, r.back(err)
		}
		r.depth--
	}
	return ordered(int64(len(left)), int64(len(right))), nil
}

// contains is the operator in.
func (r *run) contains(in, what Value) (bool, error) {
	switch in.kind {
	case Undefined:
		return false, nil
	case String:
		if what.kind != String {
			return false, errOperand
		}
		return strings.Contains(in.text(), what.text()), r.work(len(in.json) + len(in.str))
	case Dict:
		_, found, err := r.member(in, what)
		return found, err
	case List:
		items, err := r.items(in)
		if err != nil {
			return false, err
		}
		for _, item := range items {
			if same, err := r.equal(item, what); same || err != nil {
				return same, err
			}
			if err := r.step(); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	return false, errOperand
}

// operate works out a binary operator.
func (r *run) operate(op string, a, b Value) (Value, error) {
	if err := r.step(); err != nil {
		return undefined, err
	}
	if a.kind == Undefined || b.kind == Undefined {
		return undefined, errMissing
	}
	switch {
	case a.isNumber() && b.isNumber():
		return arithmetic(op, a, b)
	case op == "+" && a.kind == String && b.kind == String:
		return r.joined(a, b)
	case op == "+" && a.kind == List && b.kind == List && a.flag == b.flag:
		left, right, err := r.both(a, b)
		if err != nil {
			return undefined, err
		}
		return r.list(append(left[:len(left):len(left)], right...), a.flag)
	case op == "*" && (a.kind == Int || a.kind == Bool):
		return r.repeat(b, a)
	case op == "*" && (b.kind == Int || b.kind == Bool):
		return r.repeat(a, b)
	case op == "%" && a.kind == String:
		return r.percent(a, b)
	}
	return undefined, errOperand
}

// joined is + of strings; where one is safe HTML, the other is made so.
func (r *run) joined(a, b Value) (Value, error) {
	if a.flag != b.flag {
		if a, b = escaped(a), escaped(b); a.flag {
			made, err := r.made(a.text() + b.text())
			made.flag = err == nil
			return made, err
		}
	}
	made, err := r.made(a.text() + b.text())
	made.flag = err == nil && a.flag
	return made, err
}

// repeat is * of a string or list with a number.
func (r *run) repeat(v, times Value) (Value, error) {
	if !times.isSmall() {
		return undefined, errNumber
	}
	n := max(0, times.small())
	switch v.kind {
	case String:
		s := v.text()
		if n > 0 && int64(len(s)) > maxMade/n {
			return undefined, errMade
		}
		made, err := r.made(strings.Repeat(s, int(n)))
		made.flag = v.flag
		return made, err
	case List:
		items, err := r.items(v)
		if err != nil {
			return undefined, err
		}
		if n > 0 && int64(len(items)) > maxItems/n {
			return undefined, errItems
		}
		all := make([]Value, 0, len(items)*int(n))
		for range n {
			if len(items) == 0 {
				break
			}
			all = append(all, items...)
		}
		return r.list(all, v.flag)
	}
	return undefined, errOperand
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
	x, y, z := a.big(), b.big(), new(big.Int)
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
		return float(-v.flt), nil
	case op == "+":
		return integer(int(v.small())), nil
	}
	return whole(new(big.Int).Neg(v.big())), nil
}
