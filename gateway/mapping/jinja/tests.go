package jinja

import (
	"slices"
	"strings"
)

// tests are those of Jinja2 3.1.
var tests map[string]*operation

func init() {
	tests = map[string]*operation{
		"undefined": kinds(Undefined), "defined": not(kinds(Undefined)), "none": kinds(None), "boolean": kinds(Bool),
		"true": flagged(Bool, true), "false": flagged(Bool, false), "integer": kinds(Int), "float": kinds(Float),
		"number": kinds(Int, Float, Bool), "string": kinds(String), "mapping": kinds(Dict),
		"sequence": kinds(String, List, Dict, Undefined), "iterable": kinds(String, List, Dict, Undefined), "escaped": asks("", isEscaped),
		"callable": asks("", isCallable), "odd": parity(1), "even": parity(0), "divisibleby": asks("num", divisible),
		"in": asks("_", isIn), "sameas": asks("_", same),
		"lower": asksText(characterTests["islower"]), "upper": asksText(characterTests["isupper"]),
		"filter": asks("", func(r *run, v Value, _ []Value) (bool, error) { return isKnown(r, filters, v) }),
		"test":   asks("", func(r *run, v Value, _ []Value) (bool, error) { return isKnown(r, tests, v) }),
	}
	for op, names := range map[string]string{
		"==": "== eq equalto", "!=": "!= ne", "<": "< lt lessthan", "<=": "<= le", ">": "> gt greaterthan", ">=": ">= ge",
	} {
		for _, name := range strings.Fields(names) {
			tests[name] = asks("_", func(r *run, v Value, given []Value) (bool, error) { return r.holds(op, v, given[0]) })
		}
	}
}

func kinds(of ...Kind) *operation {
	return asks("", func(_ *run, v Value, _ []Value) (bool, error) { return slices.Contains(of, v.kind), nil })
}

func flagged(of Kind, flag bool) *operation {
	return asks("", func(_ *run, v Value, _ []Value) (bool, error) { return v.kind == of && v.flag == flag, nil })
}

func not(of *operation) *operation {
	return takes("", func(r *run, v Value, given []Value) (Value, error) {
		is, err := of.do(r, v, given)
		return boolean(!is.flag), err
	})
}

// isEscaped is true for what is missing, too: Jinja2's Undefined has a form in HTML.
func isEscaped(_ *run, v Value, _ []Value) (bool, error) {
	return v.kind == Undefined || v.kind == String && v.flag, nil
}

func isCallable(_ *run, v Value, _ []Value) (bool, error) {
	_, is := v.object.(callable)
	return is && v.kind == Object || v.kind == Undefined, nil // Jinja2's Undefined is
}

func isIn(r *run, v Value, given []Value) (bool, error) { return r.contains(given[0], v) }

// same is sameas: values of Python that are one are equal here, and of one kind.
func same(r *run, v Value, given []Value) (bool, error) {
	if v.kind != given[0].kind {
		return false, nil
	}
	return r.equal(v, given[0])
}

// parity is odd (1) and even (0).
func parity(rest int) *operation {
	return asks("", func(_ *run, v Value, _ []Value) (bool, error) { return leaves(v, integer(2), rest) })
}

func divisible(_ *run, v Value, given []Value) (bool, error) { return leaves(v, given[0], 0) }

// leaves says whether a division leaves this rest.
func leaves(v, by Value, want int) (bool, error) {
	switch {
	case v.kind == Undefined || by.kind == Undefined:
		return false, errMissing
	case !v.isNumber() || !by.isNumber():
		return false, errOperand
	}
	rest, err := arithmetic("%", v, by)
	return err == nil && compareNumbers(rest, integer(want)) == 0, err
}

func isKnown(r *run, names map[string]*operation, v Value) (bool, error) {
	if err := r.hashable(v, 0); err != nil {
		return false, err
	}
	if _, err := v.hash(); err != nil || v.kind != String {
		return false, err
	}
	return names[v.text()] != nil, nil
}
