package jinja

// mapped is map(): a filter by its name, or an attribute, of each item.
func mapped(r *run, v Value, a *args) (Value, error) {
	if !v.truth() && v.kind != Undefined && v.kind != None {
		return r.list(nil, false)
	}
	each, err := mapper(r, a)
	if err != nil {
		return undefined, err
	}
	if v.kind == None {
		return r.list(nil, false)
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	made := make([]Value, len(all))
	for i, item := range all {
		if err := r.step(); err != nil {
			return undefined, err
		}
		if made[i], err = each(item); err != nil {
			return undefined, err
		}
	}
	return r.list(made, false)
}

func mapper(r *run, a *args) (func(Value) (Value, error), error) {
	if len(a.list) > 0 {
		op, err := operationOf(filters, a.list[0])
		if err != nil {
			return nil, err
		}
		return op.with(r, &args{list: a.list[1:], names: a.names, named: a.named})
	}
	given, err := a.bind([]string{"attribute", "default"}, 1)
	if err != nil {
		return nil, err
	}
	path, err := pathOf(given[0])
	if err != nil {
		return nil, err
	}
	otherwise := given[1].or(undefined)
	if otherwise.kind == None {
		otherwise = undefined
	}
	return func(v Value) (Value, error) { return r.along(v, path, otherwise) }, nil
}

// operationOf finds a filter or test by its name.
func operationOf(known map[string]*operation, name Value) (*operation, error) {
	if name.kind != String {
		return nil, errArguments
	}
	op := known[name.text()]
	if op == nil {
		return nil, errArguments
	}
	return op, nil
}

// with gives the operation with arguments that are bound once, for many values.
func (op *operation) with(r *run, a *args) (func(Value) (Value, error), error) {
	if op.free != nil {
		return func(v Value) (Value, error) { return op.free(r, v, a) }, nil
	}
	given, err := a.bind(op.params, op.least)
	if err != nil {
		return nil, err
	}
	return func(v Value) (Value, error) { return op.do(r, v, given) }, nil
}

// chooser makes select, reject, and what chooses by an attribute.
func chooser(wanted, byAttribute bool) func(r *run, v Value, a *args) (Value, error) {
	return func(r *run, v Value, a *args) (Value, error) {
		if !v.truth() {
			return r.list(nil, false)
		}
		is, err := asker(r, a, byAttribute)
		if err != nil {
			return undefined, err
		}
		all, err := r.each(v)
		if err != nil {
			return undefined, err
		}
		var chosen []Value
		for _, item := range all {
			if err := r.step(); err != nil {
				return undefined, err
			}
			yes, err := is(item)
			if err != nil {
				return undefined, err
			}
			if yes.truth() == wanted {
				chosen = append(chosen, item)
			}
		}
		return r.list(chosen, false)
	}
}

// asker gives what asks an item: a test by its name, or whether it is true.
func asker(r *run, a *args, byAttribute bool) (func(Value) (Value, error), error) {
	list := a.list
	var path []Value
	if byAttribute {
		if len(list) == 0 {
			return nil, errArguments
		}
		var err error
		if path, err = pathOf(list[0]); err != nil {
			return nil, err
		}
		list = list[1:]
	}
	ask := func(v Value) (Value, error) { return v, nil }
	if len(list) > 0 {
		op, err := operationOf(tests, list[0])
		if err != nil {
			return nil, err
		}
		if ask, err = op.with(r, &args{list: list[1:], names: a.names, named: a.named}); err != nil {
			return nil, err
		}
	}
	return func(v Value) (Value, error) {
		v, err := r.along(v, path, undefined)
		if err != nil {
			return undefined, err
		}
		return ask(v)
	}, nil
}
