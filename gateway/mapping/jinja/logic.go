package jinja

// comparison is a chain: a < b < c.
type comparison struct {
	first expression
	ops   []string
	rest  []expression
}

func (c *comparison) value(r *run) (Value, error) {
	left, err := c.first.value(r)
	if err != nil {
		return undefined, err
	}
	for i, op := range c.ops {
		right, err := c.rest[i].value(r)
		if err != nil {
			return undefined, err
		}
		holds, err := r.holds(op, left, right)
		if err != nil || !holds {
			return boolean(false), err
		}
		left = right
	}
	return boolean(true), nil
}

// holds works out one comparison.
func (r *operators) holds(op string, a, b Value) (bool, error) {
	if err := r.step(); err != nil {
		return false, err
	}
	switch op {
	case "==":
		return r.equal(a, b)
	case "!=":
		same, err := r.equal(a, b)
		return !same, err
	case "in":
		return r.contains(b, a)
	case "not in":
		is, err := r.contains(b, a)
		return !is, err
	}
	c, err := r.compare(a, b)
	if err != nil {
		return false, err
	}
	switch op {
	case "<":
		return c == -1, nil
	case "<=":
		return c == -1 || c == 0, nil
	case ">":
		return c == 1, nil
	}
	return c == 1 || c == 0, nil
}

// logic is and, or.
type logic struct {
	or          bool
	left, right expression
}

func (l *logic) value(r *run) (Value, error) {
	v, err := l.left.value(r)
	if err != nil || v.truth() == l.or {
		return v, err
	}
	return l.right.value(r)
}

type negation struct{ of expression }

func (n *negation) value(r *run) (Value, error) {
	v, err := n.of.value(r)
	return boolean(!v.truth()), err
}

// choice is a if b else c.
type choice struct{ test, yes, no expression }

func (c *choice) value(r *run) (Value, error) {
	v, err := c.test.value(r)
	switch {
	case err != nil:
		return undefined, err
	case v.truth():
		return c.yes.value(r)
	case c.no == nil:
		return undefined, nil
	}
	return c.no.value(r)
}
