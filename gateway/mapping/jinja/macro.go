package jinja

import "errors"

var errRecursive = errors.New("the for is not marked recursive")

// macro is {% macro %}, and the body of a {% call %}.
type macro struct {
	at       int
	name     string
	params   []string
	slots    []int
	defaults []expression // of the last params
	scope    *scope
	body     block
	varargs  bool // it reads varargs, kwargs, caller
	kwargs   bool
	caller   bool
	slot     int // where its name is given
}

// run defines the macro: it can be called from here on.
func (m *macro) run(r *run) error {
	r.frame.vars[m.slot] = object(&defined{m, r.frame.keep()})
	return nil
}

// defined is a macro in the frame in which it was defined.
type defined struct {
	*macro
	frame *frame
}

func (d *defined) show() string {
	if d.name == "" {
		return "<Macro anonymous>"
	}
	return "<Macro '" + d.name + "'>"
}

func (d *defined) attribute(name string) Value {
	switch name {
	case "name":
		if d.name == "" {
			return none
		}
		return text(d.name)
	case "arguments":
		var all []Value
		for _, p := range d.params {
			all = append(all, text(p))
		}
		return tuple(all...)
	case "catch_varargs":
		return boolean(d.varargs)
	case "catch_kwargs":
		return boolean(d.kwargs)
	case "caller":
		return boolean(d.macro.caller)
	}
	return undefined
}

func (d *defined) call(r *run, a *args) (Value, error) {
	outer, err := r.enter(d.frame, len(d.scope.slots))
	if err != nil {
		return undefined, err
	}
	defer r.leave(outer)
	if err := d.give(r, r.frame, a); err != nil {
		return undefined, err
	}
	before := r.catch()
	err = d.fillIn(r, r.frame)
	if err == nil {
		err = d.body.run(r)
	}
	return r.text(before, err)
}

// give puts the arguments in their places.
func (d *defined) give(r *run, f *frame, a *args) error {
	for i, v := range a.list {
		if i == len(d.params) {
			break
		}
		f.vars[d.slots[i]] = v
	}
	if len(a.list) > len(d.params) && !d.varargs {
		return errArguments
	}
	rest := newDict(0)
	for i, name := range a.names {
		switch at := indexOf(d.params, name); {
		case at >= 0 && f.vars[d.slots[at]].kind == unset:
			f.vars[d.slots[at]] = a.named[i]
		case name == "caller" && d.macro.caller:
			f.vars[d.scope.slots["caller"]] = a.named[i]
		case !d.kwargs:
			return errArguments
		default:
			if err := rest.set(text(name), a.named[i]); err != nil {
				return err
			}
		}
	}
	if d.varargs {
		f.vars[d.scope.slots["varargs"]] = tuple(a.list[min(len(a.list), len(d.params)):]...)
	}
	if d.kwargs {
		f.vars[d.scope.slots["kwargs"]] = mapping(rest)
	}
	return r.step()
}

// fillIn gives the params that got nothing their defaults.
func (d *defined) fillIn(r *run, f *frame) error {
	first := len(d.params) - len(d.defaults)
	for i, slot := range d.slots {
		if f.vars[slot].kind != unset {
			continue
		}
		f.vars[slot] = undefined
		if i >= first {
			v, err := d.defaults[i-first].value(r)
			if err != nil {
				return err
			}
			f.vars[slot] = v
		}
	}
	if slot, is := d.scope.slots["caller"]; is && d.macro.caller && f.vars[slot].kind == unset {
		f.vars[slot] = undefined
	}
	return nil
}

// callBlock is {% call m() %} … {% endcall %}.
type callBlock struct {
	at   int
	of   expression // a *call or *method
	body *macro
}

func (c *callBlock) run(r *run) error {
	caller := object(&defined{c.body, r.frame.keep()})
	v, err := c.with(r, caller)
	if err == nil {
		err = r.write(v)
	}
	return placed(c.at, err)
}

// with makes the call with one more argument.
func (c *callBlock) with(r *run, caller Value) (Value, error) {
	k := c.of.(*call) // callOf has seen to it
	of, err := k.of.value(r)
	if err != nil {
		return undefined, err
	}
	a, err := k.args.given(r)
	if err != nil {
		return undefined, err
	}
	a.names = append(a.names[:len(a.names):len(a.names)], "caller")
	a.named = append(a.named, caller)
	return r.call(k.name, of, a)
}
