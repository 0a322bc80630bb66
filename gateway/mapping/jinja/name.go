package jinja

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

// value gives what a statement gave the name, or what the document has.
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

// direct says whether nothing but the document can have the name.
func (n *name) direct() bool {
	return len(n.given) == 0 && n.place != noPlace && n.index == noPlace && n.function == nil
}

func (n *name) write(r *run) error {
	raw, err := r.env.Raw(n.place)
	if err != nil {
		return err
	}
	return r.writeRaw(raw)
}

// writeRaw prints a value of the document. Only a text is not what it is in JSON.
func (r *run) writeRaw(raw string) error {
	if raw == "" {
		return nil
	}
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		r.out = append(r.out, unquote(raw)...)
	case '{', '[':
		held := r.held
		if err := r.printable(fromJSON(raw), 0); err != nil {
			return err
		}
		r.held = held // nobody has it any more
		fallthrough
	default:
		r.out = append(r.out, raw...)
	}
	return r.fits()
}
