package jinja

// forEach is {% for %}.
type forEach struct {
	at        int
	to        target
	of        expression
	filter    expression // nil: every item
	scope     *scope
	loop      int // the slot of loop
	captures  bool
	recursive bool
	body      block
	otherwise block
	elseScope *scope
}

func (f *forEach) run(r *run) error {
	v, err := f.of.value(r)
	if err != nil {
		return placed(f.at, err)
	}
	return placed(f.at, f.over(r, v, r.frame, 0))
}

// over goes over the items of a value.
func (f *forEach) over(r *run, v Value, outer *frame, depth int) error {
	items, err := r.each(v)
	if err == nil && f.filter != nil {
		items, err = f.chosen(r, items, outer)
	}
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return r.within(newFrame(outer, len(f.elseScope.slots)), func() error { return f.otherwise.run(r) })
	}
	l := &loop{items: items, each: f, outer: outer, depth: depth}
	frame := newFrame(outer, len(f.scope.slots))
	return r.within(frame, func() error {
		for i := range items {
			if err := r.step(); err != nil {
				return err
			}
			if i > 0 && f.captures {
				frame = newFrame(outer, len(f.scope.slots)) // a macro may keep the last one
				r.frame = frame
			} else {
				frame.clear()
			}
			l.index = i
			frame.vars[f.loop] = object(l)
			if err := f.to.give(r, items[i]); err != nil {
				return err
			}
			if err := f.body.run(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// chosen gives the items that the for's if is true for.
func (f *forEach) chosen(r *run, items []Value, outer *frame) (chosen []Value, err error) {
	frame := newFrame(outer, len(f.scope.slots))
	err = r.within(frame, func() error {
		for _, item := range items {
			if err := r.step(); err != nil {
				return err
			}
			frame.clear()
			if err := f.to.give(r, item); err != nil {
				return err
			}
			is, err := f.filter.value(r)
			if err != nil {
				return err
			}
			if is.truth() {
				chosen = append(chosen, item)
			}
		}
		return nil
	})
	return chosen, err
}

// loop is what the name loop stands for in a for.
type loop struct {
	items   []Value
	index   int
	each    *forEach
	outer   *frame
	depth   int
	changed []Value // what loop.changed() was last asked with; nil: never
}

func (l *loop) show() string { return "<loop>" }

func (l *loop) attribute(name string) Value {
	n := len(l.items)
	switch name {
	case "index":
		return integer(l.index + 1)
	case "index0":
		return integer(l.index)
	case "revindex":
		return integer(n - l.index)
	case "revindex0":
		return integer(n - l.index - 1)
	case "first":
		return boolean(l.index == 0)
	case "last":
		return boolean(l.index == n-1)
	case "length":
		return integer(n)
	case "depth":
		return integer(l.depth + 1)
	case "depth0":
		return integer(l.depth)
	case "previtem":
		if l.index > 0 {
			return l.items[l.index-1]
		}
	case "nextitem":
		if l.index < n-1 {
			return l.items[l.index+1]
		}
	case "cycle":
		return object(&function{"loop.cycle", l.cycle})
	case "changed":
		return object(&function{"loop.changed", l.isChanged})
	}
	return undefined
}

func (l *loop) cycle(_ *run, a *args) (Value, error) {
	if len(a.list) == 0 || len(a.names) > 0 {
		return undefined, errArguments
	}
	return a.list[l.index%len(a.list)], nil
}

func (l *loop) isChanged(r *run, a *args) (Value, error) {
	if l.changed != nil {
		same, err := r.equal(tuple(l.changed...), tuple(a.list...))
		if err != nil || same {
			return boolean(false), err
		}
	}
	l.changed = append([]Value{}, a.list...)
	return boolean(true), nil
}

// call is loop(items) of a recursive for.
func (l *loop) call(r *run, a *args) (Value, error) {
	if !l.each.recursive {
		return undefined, errRecursive
	}
	given, err := a.bind("iterable")
	if err != nil || given[0].kind == unset {
		return undefined, errArguments
	}
	made, err := r.captured(func() error { return l.each.over(r, given[0], l.outer, l.depth+1) })
	if err != nil {
		return undefined, err
	}
	return text(made), nil
}
