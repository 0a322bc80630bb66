package jinja

import (
	"fmt"
)

// filtered is a value behind a filter.
type filtered struct {
	at   int
	of   expression // nil: the block's text
	name string
	use  *use
}

func (f *filtered) value(r *run) (Value, error) {
	v, err := f.of.value(r)
	if err != nil {
		return undefined, err
	}
	return f.use.on(r, v)
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

// direct says whether both are names of the document, or the other is written out.
func (f *fallback) direct() bool {
	of, is := f.of.(*name)
	if !is || !of.direct() {
		return false
	}
	if other, is := f.other.(*name); is {
		return other.direct()
	}
	return true
}

func (f *fallback) write(r *run) error {
	raw, err := r.env.Raw(f.of.(*name).place) // direct has seen to it
	switch {
	case err != nil:
		return err
	case raw != "" && raw[0] != 'n':
		return r.writeRaw(raw)
	}
	if other, is := f.other.(*name); is {
		return other.write(r)
	}
	return r.write(f.other.(constant).is)
}

// fallback gives a filter as one; nil where it is none.
func (f *filtered) fallback() expression {
	a := &f.use.args
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

// tested is a value and what is asked of it.
type tested struct {
	of  expression
	use *use
	not bool
}

func (t *tested) value(r *run) (Value, error) {
	v, err := t.of.value(r)
	if err != nil {
		return undefined, err
	}
	is, err := t.use.on(r, v)
	return boolean(is.flag != t.not), err
}

// naming says in whose work an operand or argument was wrong.
func naming(who string, err error) error {
	switch err { //nolint:errorlint // these are never wrapped
	case errOperand, errOrder, errArguments, errMissing, errKinds:
		return fmt.Errorf("%s: %w", who, err)
	}
	return err
}
