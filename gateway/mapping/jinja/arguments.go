package jinja

import "errors"

var errArguments = errors.New("it does not take these arguments")

// arguments are those of a call, a filter or a test, as they are written.
type arguments struct {
	list  []expression
	names []string
	named []expression
	star  expression // *list
	stars expression // **object
}

// args are arguments with their values.
type args struct {
	list  []Value
	names []string
	named []Value
}

func (a *arguments) given(r *run) (*args, error) {
	if len(a.list)+len(a.names) == 0 && a.star == nil && a.stars == nil {
		return &args{}, nil
	}
	g := &args{names: a.names}
	for _, x := range a.list {
		v, err := x.value(r)
		if err != nil {
			return nil, err
		}
		g.list = append(g.list, v)
	}
	for _, x := range a.named {
		v, err := x.value(r)
		if err != nil {
			return nil, err
		}
		g.named = append(g.named, v)
	}
	return g, a.spread(r, g)
}

// spread adds what *list and **object hold.
func (a *arguments) spread(r *run, g *args) error {
	if a.star != nil {
		v, err := a.star.value(r)
		if err != nil {
			return err
		}
		items, err := r.each(v)
		if err != nil {
			return err
		}
		g.list = append(g.list, items...)
	}
	if a.stars == nil {
		return nil
	}
	v, err := a.stars.value(r)
	if err != nil {
		return err
	}
	if v.kind != Dict {
		return errArguments
	}
	d, err := r.members(v)
	if err != nil {
		return err
	}
	g.names = g.names[:len(g.names):len(g.names)]
	for i, key := range d.keys {
		if key.kind != String {
			return errArguments
		}
		g.names, g.named = append(g.names, key.text()), append(g.named, d.values[i])
	}
	return nil
}

// bind gives the arguments in the order of their names, unset for those that were not
// given; so many of the first must be. No other is taken.
func (a *args) bind(names []string, least int) ([]Value, error) {
	if len(a.list) > len(names) {
		return nil, errArguments
	}
	bound := make([]Value, len(names))
	copy(bound, a.list)
	for i := range bound[len(a.list):] {
		bound[len(a.list)+i] = Value{kind: unset}
	}
	for i, name := range a.names {
		at := indexOf(names, name)
		if at < 0 || bound[at].kind != unset {
			return nil, errArguments
		}
		bound[at] = a.named[i]
	}
	for _, v := range bound[:least] {
		if v.kind == unset {
			return nil, errArguments
		}
	}
	return bound, nil
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	return -1
}

// or gives a value that was given, or else another.
func (v Value) or(otherwise Value) Value {
	if v.kind == unset {
		return otherwise
	}
	return v
}

// isTrue says whether a value was given that is true.
func (v Value) isTrue() bool { return v.kind != unset && v.truth() }

// isNone says whether nothing was given, or null.
func (v Value) isNone() bool { return v.kind == unset || v.kind == None }

// number gives a whole number that was given, or else another.
func (v Value) number(otherwise int) (int, error) {
	switch {
	case v.kind == unset:
		return otherwise, nil
	case (v.kind == Int || v.kind == Bool) && v.isSmall() && v.small() >= -1<<31 && v.small() < 1<<31:
		return int(v.small()), nil
	}
	return 0, errArguments
}

// word gives a string that was given, or else another.
func (v Value) word(otherwise string) (string, error) {
	switch v.kind {
	case unset:
		return otherwise, nil
	case String:
		return v.text(), nil
	}
	return "", errArguments
}
