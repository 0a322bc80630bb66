package jinja

import "sync"

// run is one render.
type run struct {
	operators
	out    []byte
	most   int // how long out may become
	escape Escape
	frame  *frame

	free  []*frame // that nobody has any more
	stack []Value  // arguments of filters, tests and methods that are under way
}

var runs = sync.Pool{New: func() any { return new(run) }}

// begin takes a run from the pool; end gives it back.
func begin(env Env, names int) *run {
	r := runs.Get().(*run) //nolint:forcetypeassert // the pool holds nothing else
	r.meter = meter{env: env}
	r.frame = &noNames
	if names > 0 {
		r.frame = r.newFrame(nil, names)
	}
	return r
}

func (r *run) end() {
	if r.frame != &noNames {
		r.drop(r.frame)
	}
	clear(r.stack[:cap(r.stack)])
	r.opened.forget()
	r.meter, r.out, r.frame, r.stack, r.escape = meter{}, nil, nil, r.stack[:0], EscapeNone
	runs.Put(r)
}

// write prints a value.
func (r *run) write(v Value) error {
	if r.escape != EscapeNone {
		return r.writeEscaped(v)
	}
	switch v.kind {
	case Undefined, None:
		return nil
	case String:
		if !v.raw {
			r.out = append(r.out, v.source...)
			return r.fits()
		}
	case List, Dict:
		if err := r.printable(v, 0); err != nil {
			return err
		}
	}
	r.out = v.appendText(r.out)
	return r.fits()
}

func (r *run) fits() error {
	if len(r.out) > r.most {
		return ErrSize
	}
	return nil
}

// caught is where the output goes on when what is captured ends.
type caught struct {
	out  []byte
	most int
}

// catch has what is written from now on go into a text of its own, which text gives.
func (r *run) catch() caught {
	before := caught{r.out, r.most}
	r.out, r.most = nil, maxText
	return before
}

func (r *run) text(before caught, err error) (Value, error) {
	made := r.out
	r.out, r.most = before.out, before.most
	if err == nil {
		err = r.hold(len(made))
	}
	if err != nil {
		return undefined, err
	}
	given := text(string(made))
	given.flag = r.escape == EscapeHTML // it is escaped already
	return given, nil
}
