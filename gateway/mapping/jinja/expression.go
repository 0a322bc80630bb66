package jinja

import (
	"fmt"
	"strings"
)

// expression is a part of a template that has a value.
type expression interface {
	value(r *run) (Value, error)
}

type constant struct{ is Value }

func (c constant) value(*run) (Value, error) { return c.is, nil }

// Step leads from a value to one in it.
type Step struct {
	Name  string // of a member; "" where only an index fits
	Index int
	// Number: Index is meant. With a Name, as in a.0, whichever the value has.
	Number bool
}

// name is a name, with the constant steps that follow it.
type name struct {
	at    int
	name  string
	steps []Step

	given    []given // where statements may have given it a value, the innermost first
	place    int     // in the document, with all steps; noPlace where it cannot be there
	before   int     // the same up to the last index, which may be one into a text
	index    int     // of the last step that is an index; noPlace where none is
	called   bool
	function *function // of ours, where it is called and nothing else has its name
}

const noPlace = -1

// given is a variable of a frame: so many frames out, and the place in it.
type given struct{ up, slot int }

func (n *name) value(r *run) (Value, error) {
	for _, g := range n.given {
		f := r.frame
		for range g.up {
			f = f.outer
		}
		if v := f.vars[g.slot]; v.kind != unset {
			return r.walk(v, n.steps)
		}
	}
	if n.function != nil {
		return object(n.function), nil
	}
	if n.place == noPlace {
		return undefined, nil
	}
	raw, err := r.env.Raw(n.place)
	if err != nil || raw != "" || n.index == noPlace {
		return fromJSON(raw), err
	}
	if raw, err = r.env.Raw(n.before); err != nil || raw == "" || raw[0] != '"' {
		return undefined, err
	}
	return r.walk(fromJSON(raw), n.steps[n.index:])
}

// walk follows constant steps.
func (r *run) walk(v Value, steps []Step) (Value, error) {
	for i := range steps {
		var err error
		if v, err = r.follow(v, &steps[i]); err != nil {
			return undefined, err
		}
	}
	return v, nil
}

// follow goes one constant step.
func (r *run) follow(v Value, s *Step) (Value, error) {
	if s.Number && (v.kind != Dict || s.Name == "") {
		return r.inside(v, integer(s.Index))
	}
	return r.inside(v, text(s.Name))
}

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

type slice struct{ of, from, to, by expression }

func (s *slice) value(r *run) (Value, error) {
	v, err := s.of.value(r)
	if err != nil {
		return undefined, err
	}
	var items []Value
	switch v.kind {
	case Undefined:
		return undefined, nil
	case List:
		items, err = r.items(v)
	case String:
		return s.text(r, v)
	default:
		return undefined, nil
	}
	if err != nil {
		return undefined, err
	}
	places, err := s.places(r, len(items))
	if err != nil {
		return undefined, err
	}
	cut := make([]Value, 0, len(places))
	for _, i := range places {
		cut = append(cut, items[i])
	}
	return r.list(cut, v.flag)
}

func (s *slice) text(r *run, v Value) (Value, error) {
	all := []rune(v.text())
	if err := r.work(4 * len(all)); err != nil {
		return undefined, err
	}
	from, to, by, err := s.bounds(r, len(all))
	if err != nil {
		return undefined, err
	}
	if by == 1 {
		made, err := r.made(string(all[min(from, to):to]))
		made.flag = v.flag
		return made, err
	}
	cut := make([]rune, 0, len(all))
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		cut = append(cut, all[i])
	}
	made, err := r.made(string(cut))
	made.flag = v.flag
	return made, err
}

func (s *slice) places(r *run, length int) ([]int, error) {
	from, to, by, err := s.bounds(r, length)
	if err != nil {
		return nil, err
	}
	var places []int
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		places = append(places, i)
	}
	return places, nil
}

// bounds are those of Python's slice.indices.
func (s *slice) bounds(r *run, length int) (from, to, by int, err error) {
	by, _, err = s.bound(r, s.by, 1, -length-1, length+1)
	if err != nil {
		return 0, 0, 0, err
	}
	if by == 0 {
		return 0, 0, 0, errOperand
	}
	low, high := 0, length
	if by < 0 {
		low, high = -1, length-1
	}
	end := func(x expression, otherwise int) (int, error) {
		i, given, err := s.bound(r, x, otherwise, -2*length-2, 2*length+2)
		if err != nil || !given {
			return otherwise, err
		}
		if i < 0 {
			return max(i+length, low), nil
		}
		return min(i, high), nil
	}
	first, last := low, high
	if by < 0 {
		first, last = high, low
	}
	if from, err = end(s.from, first); err == nil {
		to, err = end(s.to, last)
	}
	return from, to, by, err
}

// bound gives a number of a slice, cut to what makes a difference.
func (s *slice) bound(r *run, x expression, otherwise, low, high int) (n int, given bool, err error) {
	if x == nil {
		return otherwise, false, nil
	}
	v, err := x.value(r)
	switch {
	case err != nil:
		return 0, false, err
	case v.kind == None:
		return otherwise, false, nil
	case v.kind == Undefined:
		return 0, false, errMissing
	case v.kind != Int && v.kind != Bool:
		return 0, false, errOperand
	case !v.isSmall():
		if v.big().Sign() < 0 {
			return low, true, nil
		}
		return high, true, nil
	}
	return int(max(int64(low), min(int64(high), v.small()))), true, nil
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
			err = d.set(key, v)
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
func (r *run) holds(op string, a, b Value) (bool, error) {
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

// filtered is a value behind a filter.
type filtered struct {
	at   int
	of   expression // nil: the block's text, which filterText gives
	name string
	run  filter
	args arguments
}

func (f *filtered) value(r *run) (Value, error) {
	v, err := f.of.value(r)
	if err != nil {
		return undefined, err
	}
	return f.apply(r, v)
}

// fallback is x | default(y), the commonest of all filters, where y is a name or a
// literal: it takes no memory.
type fallback struct{ of, other expression }

func (f *fallback) value(r *run) (Value, error) {
	v, err := f.of.value(r)
	if err != nil || v.kind != Undefined && v.kind != None {
		return v, err
	}
	return f.other.value(r)
}

// fallback gives a filter as one; nil where it is none.
func (f *filtered) fallback() expression {
	a := &f.args
	if f.name != "default" && f.name != "d" || len(a.list) > 1 || len(a.names) > 0 || a.star != nil || a.stars != nil {
		return nil
	}
	if len(a.list) == 0 {
		return &fallback{f.of, constant{empty}}
	}
	switch a.list[0].(type) {
	case *name, constant:
		return &fallback{f.of, a.list[0]}
	}
	return nil
}

func (f *filtered) apply(r *run, v Value) (Value, error) {
	if err := r.step(); err != nil {
		return undefined, err
	}
	a, err := f.args.given(r)
	if err != nil {
		return undefined, err
	}
	made, err := f.run(r, v, a)
	return made, naming("the filter "+f.name, err)
}

// tested is a value and what is asked of it.
type tested struct {
	of   expression
	name string
	run  test
	args arguments
	not  bool
}

func (t *tested) value(r *run) (Value, error) {
	v, err := t.of.value(r)
	if err != nil {
		return undefined, err
	}
	if err := r.step(); err != nil {
		return undefined, err
	}
	a, err := t.args.given(r)
	if err != nil {
		return undefined, err
	}
	is, err := t.run(r, v, a)
	return boolean(is != t.not), naming("the test "+t.name, err)
}

// naming says in whose work an operand or argument was wrong.
func naming(who string, err error) error {
	switch err { //nolint:errorlint // these are never wrapped
	case errOperand, errOrder, errArguments, errMissing, errKinds:
		return fmt.Errorf("%s: %w", who, err)
	}
	return err
}
