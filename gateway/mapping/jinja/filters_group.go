package jinja

import (
	"slices"
)

// pairs gives the members of an object as (name, value).
func pairs(r *run, v Value) ([]Value, error) {
	if v.kind == Undefined {
		return nil, nil
	}
	if v.kind != Dict {
		return nil, errOperand
	}
	d, err := r.members(v)
	if err != nil {
		return nil, err
	}
	all := make([]Value, len(d.keys))
	for i, key := range d.keys {
		all[i] = tuple(key, d.values[i])
	}
	return all, r.env.Step(1 + len(all))
}

// itemsOf is the filter items, and the method.
var itemsOf = takes("", func(r *run, v Value, _ []Value) (Value, error) {
	all, err := pairs(r, v)
	if err != nil {
		return undefined, err
	}
	return r.list(all, false)
})

func dictSort(r *run, v Value, given []Value) (Value, error) {
	by, err := given[1].word("key")
	if err != nil {
		return undefined, err
	}
	at := slices.Index([]string{"key", "value"}, by)
	if at < 0 || v.kind == Undefined {
		return undefined, errArguments
	}
	all, err := pairs(r, v)
	if err != nil {
		return undefined, err
	}
	key, err := keyBy(r, integer(at), given[0], undefined)
	if err != nil {
		return undefined, err
	}
	if all, err = order(r, all, given[2].isTrue(), key); err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

var grouping = []string{"grouper", "list"}

func groupBy(r *run, all, given []Value) (Value, error) {
	if given[0].isNone() {
		return undefined, errArguments
	}
	otherwise := given[1].or(undefined)
	key, err := keyBy(r, given[0], given[2], otherwise)
	if err != nil {
		return undefined, err
	}
	exact, err := keyBy(r, given[0], boolean(true), otherwise)
	if err != nil {
		return undefined, err
	}
	if all, err = order(r, all, false, key); err != nil {
		return undefined, err
	}
	var groups []Value
	for len(all) > 0 {
		n, err := alike(r, all, key)
		if err != nil {
			return undefined, err
		}
		named, err := exact(all[0])
		if err != nil {
			return undefined, err
		}
		members, err := r.list(slices.Clone(all[:n]), false)
		if err != nil {
			return undefined, err
		}
		groups = append(groups, Value{kind: List, object: &list{items: []Value{named, members}, names: grouping}, flag: true})
		all = all[n:]
	}
	return r.list(groups, false)
}

// alike is how many of the first items have one key.
func alike(r *run, all []Value, key keyed) (int, error) {
	of, err := key(all[0])
	if err != nil {
		return 0, err
	}
	for n := 1; n < len(all); n++ {
		other, err := key(all[n])
		if err != nil {
			return 0, err
		}
		if same, err := r.equal(of, other); err != nil || !same {
			return n, err
		}
	}
	return len(all), nil
}
