package jinja

import "strings"

// operation is what a filter, a test or a method does with a value.
type operation struct {
	params []string // an argument each, by place or by name
	least  int      // so many of the first must be given
	do     func(r *run, v Value, given []Value) (Value, error)

	// free is there instead of do where any arguments are taken.
	free func(r *run, v Value, a *args) (Value, error)
}

// takes makes an operation with these params, "old new count?": one with ? may be left
// out, as may all behind it; _ is one that has no name.
func takes(params string, do func(r *run, v Value, given []Value) (Value, error)) *operation {
	op := &operation{do: do}
	for _, param := range strings.Fields(params) {
		name, optional := strings.CutSuffix(param, "?")
		if name == "_" {
			name = ""
		}
		if op.params = append(op.params, name); !optional {
			op.least = len(op.params)
		}
	}
	return op
}

// takesAny makes an operation that binds its arguments itself.
func takesAny(do func(r *run, v Value, a *args) (Value, error)) *operation {
	return &operation{free: do}
}

// ofText makes an operation on what a value prints as.
func ofText(params string, do func(r *run, s string, given []Value) (Value, error)) *operation {
	return takes(params, func(r *run, v Value, given []Value) (Value, error) {
		s, err := r.say(v)
		if err != nil {
			return undefined, err
		}
		return do(r, s, given)
	})
}

// ofItems makes an operation on what a for would go over.
func ofItems(params string, do func(r *run, all, given []Value) (Value, error)) *operation {
	return takes(params, func(r *run, v Value, given []Value) (Value, error) {
		all, err := r.each(v)
		if err != nil {
			return undefined, err
		}
		return do(r, all, given)
	})
}

// asks makes an operation that says yes or no.
func asks(params string, is func(r *run, v Value, given []Value) (bool, error)) *operation {
	return takes(params, func(r *run, v Value, given []Value) (Value, error) {
		yes, err := is(r, v, given)
		return boolean(yes), err
	})
}

// asksText makes one that asks a text.
func asksText(is func(string) bool) *operation {
	return ofText("", func(_ *run, s string, _ []Value) (Value, error) { return boolean(is(s)), nil })
}

// textual makes an operation of what changes a text.
func textual(change func(string) string) *operation {
	return ofText("", func(r *run, s string, _ []Value) (Value, error) { return r.made(change(s)) })
}

// dear counts a text so many times more, for what takes longer with each byte of it
// than others do.
func dear(times int, op *operation) *operation {
	counted := *op
	counted.do = func(r *run, v Value, given []Value) (Value, error) {
		if err := r.work(times * len(v.source)); err != nil {
			return undefined, err
		}
		return op.do(r, v, given)
	}
	return &counted
}

// call does it with arguments that were worked out.
func (op *operation) call(r *run, v Value, a *args) (Value, error) {
	if op.free != nil {
		return op.free(r, v, a)
	}
	given, err := a.bind(op.params, op.least)
	if err != nil {
		return undefined, err
	}
	return op.do(r, v, given)
}

// use is an operation with the arguments that a template gives it.
type use struct {
	who  string // "the filter upper", in errors
	op   *operation
	args arguments
	// places are those of the arguments among the params, in the order in which they
	// are written: known from the text alone, most of the time. nil: they are not.
	places []int
	all    []expression
}

func newUse(who string, op *operation, a arguments) *use {
	u := &use{who: who, op: op, args: a}
	u.place()
	return u
}

// place finds the params that the arguments are for. What does not fit is an error when
// it is rendered.
func (u *use) place() {
	a := &u.args
	if u.op.free != nil || a.star != nil || a.stars != nil || len(a.list) > len(u.op.params) {
		return
	}
	places := make([]int, len(a.list), len(a.list)+len(a.names))
	for i := range places {
		places[i] = i
	}
	for _, name := range a.names {
		at := indexOf(u.op.params, name)
		if at < len(a.list) { // unknown, too
			return
		}
		places = append(places, at)
	}
	for i := range u.op.least {
		if i >= len(a.list) && indexOf(a.names, u.op.params[i]) < 0 {
			return
		}
	}
	u.places, u.all = places, append(a.list[:len(a.list):len(a.list)], a.named...)
}

// on does it with a value.
func (u *use) on(r *run, v Value) (Value, error) {
	if err := r.step(); err != nil {
		return undefined, err
	}
	if u.places == nil {
		a, err := u.args.given(r)
		if err != nil {
			return undefined, err
		}
		made, err := u.op.call(r, v, a)
		return made, naming(u.who, err)
	}
	base := len(r.stack)
	made, err := u.placed(r, v, base)
	r.stack = r.stack[:base]
	return made, err
}

// placed works out the arguments on the stack, from base on.
func (u *use) placed(r *run, v Value, base int) (Value, error) {
	for range u.op.params {
		r.stack = append(r.stack, Value{kind: unset})
	}
	for i, x := range u.all {
		given, err := x.value(r)
		if err != nil {
			return undefined, err
		}
		r.stack[base+u.places[i]] = given
	}
	end := base + len(u.op.params)
	made, err := u.op.do(r, v, r.stack[base:end:end])
	return made, naming(u.who, err)
}
