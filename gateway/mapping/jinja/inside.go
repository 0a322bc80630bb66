package jinja

// inside gives the item or member of a value; missing where there is none.
func (a *access) inside(v, key Value) (Value, error) {
	if err := a.step(); err != nil {
		return undefined, err
	}
	switch v.kind {
	case Dict:
		found, _, err := a.member(v, key)
		return found, err
	case List:
		return a.item(v, key)
	case String:
		if key.kind != Int && key.kind != Bool {
			return undefined, nil
		}
		s := v.text()
		if i, ok := place(key, runes(s)); ok {
			return text(string([]rune(s)[i])), a.work(len(s))
		}
	case Object:
		if with, is := v.object.(attributes); is && key.kind == String {
			return with.attribute(key.text()), nil
		}
	}
	return undefined, nil
}

func (a *access) item(v, key Value) (Value, error) {
	if key.kind != Int && key.kind != Bool {
		return labelled(v, key), nil
	}
	items, err := a.items(v)
	if err != nil {
		return undefined, err
	}
	if i, ok := place(key, len(items)); ok {
		return items[i], nil
	}
	return undefined, nil
}

// labelled gives the item of a list by its name.
func labelled(v, key Value) Value {
	l, is := v.object.(*list)
	if !is || key.kind != String || l.names == nil {
		return undefined
	}
	if i := indexOf(l.names, key.text()); i >= 0 {
		return l.items[i]
	}
	return undefined
}

// attributes are what an Object has members by.
type attributes interface{ attribute(name string) Value }

// place counts an index below 0 from the end.
func place(key Value, length int) (int, bool) {
	if !key.isSmall() {
		return 0, false
	}
	i := key.small()
	if i < 0 {
		i += int64(length)
	}
	return int(i), i >= 0 && i < int64(length)
}

// walk follows constant steps.
func (a *access) walk(v Value, steps []Step) (Value, error) {
	for i := range steps {
		var err error
		if v, err = a.follow(v, &steps[i]); err != nil {
			return undefined, err
		}
	}
	return v, nil
}

// follow goes one constant step.
func (a *access) follow(v Value, s *Step) (Value, error) {
	switch {
	case s.Number && (v.kind != Dict || s.Name == ""):
		return a.inside(v, integer(s.Index))
	case v.kind == Dict && v.raw: // the commonest
		found, _, err := a.named(v, s.Name)
		return found, err
	}
	return a.inside(v, text(s.Name))
}

// along follows a path that was computed; what is missing is otherwise.
func (a *access) along(v Value, path []Value, otherwise Value) (Value, error) {
	for _, key := range path {
		var err error
		if v, err = a.inside(v, key); err != nil {
			return undefined, err
		}
		if v.kind == Undefined {
			v = otherwise
		}
	}
	return v, nil
}
