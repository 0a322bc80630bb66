package jinja

import (
	"errors"
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

// operate works out a binary operator.
func (r *operators) operate(op string, a, b Value) (Value, error) {
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
func (r *operators) joined(a, b Value) (Value, error) {
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
func (r *operators) repeat(v, times Value) (Value, error) {
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
