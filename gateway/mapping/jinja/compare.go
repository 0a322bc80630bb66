package jinja

import (
	"strings"
)

// operators compares and computes with values.
type operators struct{ access }

// equal compares as == does.
func (r *operators) equal(a, b Value) (bool, error) {
	switch {
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b) == 0, nil
	case a.kind != b.kind:
		return false, nil
	}
	switch a.kind {
	case String:
		if a.raw && b.raw && a.source == b.source {
			return true, nil
		}
		return a.text() == b.text(), r.work(len(a.source))
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

func (r *operators) equalLists(a, b Value) (bool, error) {
	left, right, err := r.both(a, b)
	if err != nil || len(left) != len(right) {
		return false, err
	}
	for i := range left {
		if err := r.deeper(); err != nil {
			return false, r.back(err)
		}
		if same, err := r.equal(left[i], right[i]); !same || err != nil {
			return false, r.back(err)
		}
		r.depth--
	}
	return true, nil
}

func (r *operators) both(a, b Value) (left, right []Value, err error) {
	if left, err = r.items(a); err == nil {
		right, err = r.items(b)
	}
	return left, right, err
}

func (r *operators) equalDicts(a, b Value) (bool, error) {
	left, err := r.members(a)
	if err != nil {
		return false, err
	}
	right, err := r.members(b)
	if err != nil || len(left.keys) != len(right.keys) {
		return false, err
	}
	for i, key := range left.keys {
		if err := r.hashable(key, 0); err != nil {
			return false, err
		}
		other, found := right.get(key)
		if !found {
			return false, nil
		}
		if err := r.deeper(); err != nil {
			return false, r.back(err)
		}
		if same, err := r.equal(left.values[i], other); !same || err != nil {
			return false, r.back(err)
		}
		r.depth--
	}
	return true, nil
}

// compare gives -1, 0 or 1 for values that have an order.
func (r *operators) compare(a, b Value) (int, error) {
	switch {
	case a.kind == Undefined || b.kind == Undefined:
		return 0, errMissing
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b), nil
	case a.kind == String && b.kind == String:
		return strings.Compare(a.text(), b.text()), r.work(len(a.source))
	case a.kind == List && b.kind == List && a.flag == b.flag:
		return r.compareLists(a, b)
	}
	return 0, errOrder
}

func (r *operators) compareLists(a, b Value) (int, error) {
	left, right, err := r.both(a, b)
	if err != nil {
		return 0, err
	}
	for i := range min(len(left), len(right)) {
		if err := r.deeper(); err != nil {
			return 0, r.back(err)
		}
		same, err := r.equal(left[i], right[i])
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
func (r *operators) contains(in, what Value) (bool, error) {
	switch in.kind {
	case Undefined:
		return false, nil
	case String:
		if what.kind != String {
			return false, errOperand
		}
		return strings.Contains(in.text(), what.text()), r.work(len(in.source))
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
