package jinja

// call is a call of a function: a macro, one of ours, or one that a value has.
type call struct {
	of   expression
	name string
	args arguments
}

// callable is what an Object can be called by.
type callable interface {
	call(r *run, a *args) (Value, error)
}

// function is one of ours.
type function struct {
	name string
	do   func(r *run, a *args) (Value, error)
}

func (f *function) show() string                        { return "<function " + f.name + ">" }
func (f *function) call(r *run, a *args) (Value, error) { return f.do(r, a) }

func (c *call) value(r *run) (Value, error) {
	of, err := c.of.value(r)
	if err != nil {
		return undefined, err
	}
	a, err := c.args.given(r)
	if err != nil {
		return undefined, err
	}
	return r.call(c.name, of, a)
}

func (r *run) call(name string, of Value, a *args) (Value, error) {
	if err := r.step(); err != nil {
		return undefined, err
	}
	f, is := of.object.(callable)
	if !is || of.kind != Object {
		return undefined, naming(name, errCall)
	}
	v, err := f.call(r, a)
	return v, naming(name, err)
}

// method is a call of what a value can do.
type method struct {
	of   expression
	name string
	args arguments
	uses [unset]*use // by the kind of the value; nil: it has no such method
}

func (m *method) value(r *run) (Value, error) {
	of, err := m.of.value(r)
	if err != nil {
		return undefined, err
	}
	if use := m.uses[of.kind]; use != nil {
		return use.on(r, of)
	}
	a, err := m.args.given(r)
	if err != nil {
		return undefined, err
	}
	if err := r.step(); err != nil {
		return undefined, err
	}
	switch of.kind {
	case Object, Dict:
		f, err := r.inside(of, text(m.name))
		if err != nil {
			return undefined, err
		}
		return r.call(m.name, f, a)
	case Undefined:
		return undefined, naming("the method "+m.name, errMissing)
	}
	return undefined, naming("the method "+m.name, errNoMethod)
}
