package jinja

import (
	"strings"
)

// expression is a part of a template that has a value.
type expression interface {
	value(r *run) (Value, error)
}

type constant struct{ is Value }

func (c constant) value(*run) (Value, error) { return c.is, nil }

// member is a constant step into what was computed.
type member struct {
	of   expression
	step Step
}

func (m *member) value(r *run) (Value, error) {
	v, err := m.of.value(r)
	if err != nil {
		return undefined, err
	}
	return r.follow(v, &m.step)
}

type item struct{ of, key expression }

func (i *item) value(r *run) (Value, error) {
	v, key, err := two(r, i.of, i.key)
	if err != nil {
		return undefined, err
	}
	if key.kind == Float { // as Python has it: an index is whole, a key may be equal
		if v.kind != Dict {
			return undefined, nil
		}
	}
	return r.inside(v, key)
}

func two(r *run, a, b expression) (x, y Value, err error) {
	if x, err = a.value(r); err == nil {
		y, err = b.value(r)
	}
	return x, y, err
}

// listing is a list or tuple that is written out.
type listing struct {
	items []expression
	tuple bool
}

func (l *listing) value(r *run) (Value, error) {
	all := make([]Value, len(l.items))
	for i, x := range l.items {
		var err error
		if all[i], err = x.value(r); err != nil {
			return undefined, err
		}
	}
	return r.list(all, l.tuple)
}

// objects is an object that is written out.
type objects struct{ keys, values []expression }

func (o *objects) value(r *run) (Value, error) {
	d := newDict(len(o.keys))
	for i := range o.keys {
		key, v, err := two(r, o.keys[i], o.values[i])
		if err == nil {
			err = r.put(d, key, v)
		}
		if err != nil {
			return undefined, err
		}
	}
	return r.dict(d)
}

type sign struct {
	op string
	of expression
}

func (s *sign) value(r *run) (Value, error) {
	v, err := s.of.value(r)
	if err != nil {
		return undefined, err
	}
	return negate(s.op, v)
}

type binary struct {
	op          string
	left, right expression
}

func (b *binary) value(r *run) (Value, error) {
	x, y, err := two(r, b.left, b.right)
	if err != nil {
		return undefined, err
	}
	return r.operate(b.op, x, y)
}

// concat is a ~ b ~ c.
type concat struct{ parts []expression }

func (c *concat) value(r *run) (Value, error) {
	var b strings.Builder
	for _, x := range c.parts {
		v, err := x.value(r)
		if err != nil {
			return undefined, err
		}
		s, err := r.say(v)
		if err != nil {
			return undefined, err
		}
		if b.WriteString(s); b.Len() > maxText {
			return undefined, errMade
		}
	}
	return r.made(b.String())
}
