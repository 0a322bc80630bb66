package jinja

import "errors"

// statement is a part of a template that is carried out.
type statement interface {
	run(r *run) error
}

type block []statement

func (b block) run(r *run) error {
	for _, s := range b {
		if err := s.run(r); err != nil {
			return err
		}
	}
	return nil
}

// placedError is where in a template something went wrong: in the innermost tag.
type placedError struct {
	at  int
	err error
}

func (e *placedError) Error() string { return e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

func placed(at int, err error) error {
	if err == nil {
		return nil
	}
	var inner *placedError
	if errors.As(err, &inner) {
		return err
	}
	return &placedError{at, err}
}

type conditional struct {
	at        int
	test      expression
	then      block
	otherwise statement // nil: nothing
}

func (c *conditional) run(r *run) error {
	v, err := c.test.value(r)
	switch {
	case err != nil:
		return placed(c.at, err)
	case v.truth():
		return c.then.run(r)
	case c.otherwise != nil:
		return c.otherwise.run(r)
	}
	return nil
}

// target is what a value is given to: a name, several, or a member of a namespace.
type target struct {
	slot   int
	parts  []target // nil: it is one name
	member string   // of the namespace that of is; "" for none
	of     *name
}

func (t *target) give(r *run, v Value) error {
	switch {
	case t.member != "":
		n, err := t.of.value(r)
		if err != nil {
			return err
		}
		space, is := n.object.(*namespace)
		if !is {
			return errNamespace
		}
		return space.set(t.member, v)
	case t.parts == nil:
		r.frame.vars[t.slot] = v
		return nil
	}
	items, err := r.each(v)
	if err != nil {
		return err
	}
	if v.kind == Undefined || len(items) != len(t.parts) {
		return errUnpack
	}
	for i := range t.parts {
		if err := t.parts[i].give(r, items[i]); err != nil {
			return err
		}
	}
	return nil
}

var (
	errNamespace = errors.New("only a namespace takes a member")
	errUnpack    = errors.New("there are more or fewer values than names")
	errCall      = errors.New("a value is no function")
	errNoMethod  = errors.New("there is no such method")
)

// assignment is {% set a = b %}.
type assignment struct {
	at int
	to target
	of expression
}

func (a *assignment) run(r *run) error {
	v, err := a.of.value(r)
	if err == nil {
		err = a.to.give(r, v)
	}
	return placed(a.at, err)
}

// capture is {% set a %} … {% endset %}, and {% filter f %} … {% endfilter %} where it
// has no name.
type capture struct {
	at      int
	to      *target // nil: it is written
	scope   *scope
	filters []*filtered
	body    block
}

func (c *capture) run(r *run) error {
	v, err := c.caught(r)
	for _, f := range c.filters {
		if err == nil {
			v, err = f.use.on(r, v)
		}
	}
	switch {
	case err != nil:
	case c.to != nil:
		err = c.to.give(r, v)
	default:
		err = r.write(v)
	}
	return placed(c.at, err)
}

// caught gives what the body writes.
func (c *capture) caught(r *run) (Value, error) {
	outer, err := r.enter(r.frame, len(c.scope.slots))
	if err != nil {
		return undefined, err
	}
	defer r.leave(outer)
	before := r.catch()
	return r.text(before, c.body.run(r))
}

// with is {% with a = b %} … {% endwith %}.
type with struct {
	at    int
	to    []target
	of    []expression
	scope *scope
	body  block
}

func (w *with) run(r *run) error {
	given := make([]Value, len(w.of))
	for i, x := range w.of { // none of them knows of the others
		var err error
		if given[i], err = x.value(r); err != nil {
			return placed(w.at, err)
		}
	}
	return placed(w.at, w.inside(r, given))
}

func (w *with) inside(r *run, given []Value) error {
	outer, err := r.enter(r.frame, len(w.scope.slots))
	if err != nil {
		return err
	}
	defer r.leave(outer)
	for i, v := range given {
		if err := w.to[i].give(r, v); err != nil {
			return err
		}
	}
	return w.body.run(r)
}
