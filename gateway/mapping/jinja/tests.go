package jinja

import (
	"math/big"
	"strings"
)

// test answers what is asked of a value.
type test func(r *run, v Value, a *args) (bool, error)

// tests are those of Jinja2 3.1.
var tests map[string]test

func init() {
	kinds := func(of ...Kind) test {
		return func(_ *run, v Value, a *args) (bool, error) {
			for _, k := range of {
				if v.kind == k {
					return true, a.plain()
				}
			}
			return false, a.plain()
		}
	}
	flagged := func(of Kind, flag bool) test {
		return func(_ *run, v Value, a *args) (bool, error) { return v.kind == of && v.flag == flag, a.plain() }
	}
	not := func(of test) test {
		return func(r *run, v Value, a *args) (bool, error) {
			is, err := of(r, v, a)
			return !is, err
		}
	}
	tests = map[string]test{
		"undefined": kinds(Undefined), "defined": not(kinds(Undefined)), "none": kinds(None), "boolean": kinds(Bool),
		"true": flagged(Bool, true), "false": flagged(Bool, false), "integer": kinds(Int), "float": kinds(Float),
		"number": kinds(Int, Float, Bool), "string": kinds(String), "mapping": kinds(Dict),
		"sequence": kinds(String, List, Dict, Undefined), "iterable": kinds(String, List, Dict, Undefined), "escaped": flagged(String, true),
		"callable": func(_ *run, v Value, a *args) (bool, error) {
			_, is := v.object.(callable)
			return is && v.kind == Object, a.plain()
		},
		"odd": divided(2, true), "even": divided(2, false), "divisibleby": divisible, "in": isIn, "sameas": same,
		"lower": cased(characterTests["islower"]), "upper": cased(characterTests["isupper"]), "filter": known(func(s string) bool { return filters[s] != nil }),
		"test": known(func(s string) bool { return tests[s] != nil }),
	}
	for op, names := range map[string]string{
		"==": "== eq equalto", "!=": "!= ne", "<": "< lt lessthan", "<=": "<= le", ">": "> gt greaterthan", ">=": ">= ge",
	} {
		for _, name := range strings.Fields(names) {
			tests[name] = compared(op)
		}
	}
}

// other binds the one argument of a test.
func (a *args) other() (Value, error) {
	if len(a.list) != 1 || len(a.names) > 0 {
		return undefined, errArguments
	}
	return a.list[0], nil
}

func compared(op string) test {
	return func(r *run, v Value, a *args) (bool, error) {
		other, err := a.other()
		if err != nil {
			return false, err
		}
		return r.holds(op, v, other)
	}
}

func isIn(r *run, v Value, a *args) (bool, error) {
	other, err := a.other()
	if err != nil {
		return false, err
	}
	return r.contains(other, v)
}

// same is sameas: values of Python that are one are equal here, and of one kind.
func same(r *run, v Value, a *args) (bool, error) {
	other, err := a.other()
	if err != nil || v.kind != other.kind {
		return false, err
	}
	return r.equal(v, other)
}

func divided(by int64, odd bool) test {
	return func(_ *run, v Value, a *args) (bool, error) {
		if err := a.plain(); err != nil {
			return false, err
		}
		rest, err := arithmeticOf("%", v, Value{kind: Int, num: by})
		if err != nil {
			return false, err
		}
		if odd {
			return compareNumbers(rest, integer(1)) == 0, nil
		}
		return compareNumbers(rest, integer(0)) == 0, nil
	}
}

func arithmeticOf(op string, a, b Value) (Value, error) {
	switch {
	case a.kind == Undefined || b.kind == Undefined:
		return undefined, errMissing
	case !a.isNumber() || !b.isNumber():
		return undefined, errOperand
	}
	return arithmetic(op, a, b)
}

func divisible(_ *run, v Value, a *args) (bool, error) {
	given, err := a.bind("num")
	if err != nil || given[0].kind == unset {
		return false, errArguments
	}
	rest, err := arithmeticOf("%", v, given[0])
	return err == nil && compareNumbers(rest, whole(new(big.Int))) == 0, err
}

// cased says whether what a value prints has letters of one case, and none of the
// other.
func cased(is func(string) bool) test {
	return func(r *run, v Value, a *args) (bool, error) {
		s, err := r.say(v)
		if err != nil {
			return false, err
		}
		return is(s), a.plain()
	}
}

func known(is func(string) bool) test {
	return func(_ *run, v Value, a *args) (bool, error) {
		if v.kind != String {
			return false, errOperand
		}
		return is(v.text()), a.plain()
	}
}
