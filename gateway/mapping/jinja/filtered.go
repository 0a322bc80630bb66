package jinja

import (
	"fmt"
)

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
