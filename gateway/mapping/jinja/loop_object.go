package jinja

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
	given, err := a.bind([]string{"iterable"}, 1)
	if err != nil {
		return undefined, err
	}
	before := r.catch()
	return r.text(before, l.each.over(r, given[0], l.outer, l.depth+1))
}
