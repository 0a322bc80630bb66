package jinja

type words string

func (w words) run(r *run) error {
	r.out = append(r.out, w...)
	return r.fits()
}

// output is {{ … }}.
type output struct {
	at     int
	of     expression
	direct writer // of the same, where it is one; nil: it is not
}

// writer is an expression that prints what the document has as it lies there, and makes
// no value of it.
type writer interface {
	write(r *run) error
	// direct says, when all names are bound, whether that is all there is to it.
	direct() bool
}

// settle finds out what an output is, when all names are bound.
func (o *output) settle() error {
	if w, is := o.of.(writer); is && w.direct() {
		o.direct = w
	}
	return nil
}

func (o *output) run(r *run) error {
	if o.direct != nil && r.escape == EscapeNone {
		return placed(o.at, o.direct.write(r))
	}
	held := r.held
	v, err := o.of.value(r)
	if err == nil {
		err = r.write(v)
	}
	r.held = held // nobody has it any more
	return placed(o.at, err)
}
