package jinja

import (
	"math/bits"
	"slices"
	"strings"
)

func reverse(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	if v.kind == String {
		s := []rune(v.text())
		slices.Reverse(s)
		return r.made(string(s))
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	all = slices.Clone(all)
	slices.Reverse(all)
	return r.list(all, false)
}

// sort orders values by their keys, those that are equal in their order. What has no
// order is an error.
func (r *run) sort(all []Value, descending bool, key func(Value) ([]Value, error)) ([]Value, error) {
	if err := r.env.Step(1 + len(all)*bits.Len(uint(len(all)))); err != nil {
		return nil, err
	}
	type keyed struct {
		by []Value
		of Value
	}
	list := make([]keyed, len(all))
	for i, v := range all {
		by, err := key(v)
		if err != nil {
			return nil, err
		}
		list[i] = keyed{by, v}
	}
	var failed error
	slices.SortStableFunc(list, func(a, b keyed) int {
		for i := range a.by {
			if failed != nil {
				return 0
			}
			c, err := r.compare(a.by[i], b.by[i])
			if err == nil {
				err = r.step()
			}
			if failed = err; c != 0 || err != nil {
				if descending {
					return -c
				}
				return c
			}
		}
		return 0
	})
	sorted := make([]Value, len(list))
	for i, k := range list {
		sorted[i] = k.of
	}
	return sorted, failed
}

// keyOf gives the key of items for sort, by attributes with commas between.
func (r *run) keyOf(attribute Value, exact bool) (func(Value) ([]Value, error), error) {
	var paths [][]Value
	parts := []Value{attribute}
	if attribute.kind == String {
		parts = nil
		for _, part := range strings.Split(attribute.text(), ",") {
			parts = append(parts, text(part))
		}
	}
	for _, part := range parts {
		path, err := pathOf(part)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return func(v Value) ([]Value, error) {
		keys := make([]Value, len(paths))
		for i, path := range paths {
			key, err := r.along(v, path, undefined)
			if err != nil {
				return nil, err
			}
			if !exact {
				key = folded(key)
			}
			keys[i] = key
		}
		return keys, nil
	}, nil
}

func sorted(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("reverse", "case_sensitive", "attribute")
	if err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	key, err := r.keyOf(given[2], given[1].or(boolean(false)).truth())
	if err != nil {
		return undefined, err
	}
	if all, err = r.sort(all, given[0].or(boolean(false)).truth(), key); err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

// pairs gives the members of an object as (name, value).
func (r *run) pairs(v Value) ([]Value, error) {
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

func items(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	all, err := r.pairs(v)
	if err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

func dictSort(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("case_sensitive", "by", "reverse")
	if err != nil {
		return undefined, err
	}
	by, err := given[1].word("key")
	if err != nil {
		return undefined, err
	}
	at := slices.Index([]string{"key", "value"}, by)
	if at < 0 || v.kind == Undefined {
		return undefined, errArguments
	}
	all, err := r.pairs(v)
	if err != nil {
		return undefined, err
	}
	exact := given[0].or(boolean(false)).truth()
	all, err = r.sort(all, given[2].or(boolean(false)).truth(), func(pair Value) ([]Value, error) {
		key := pair.object.(*list).items[at] //nolint:forcetypeassert // pairs made it
		if !exact {
			key = folded(key)
		}
		return []Value{key}, nil
	})
	if err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

func unique(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("case_sensitive", "attribute")
	if err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	path, err := pathOf(given[1])
	if err != nil {
		return undefined, err
	}
	exact := given[0].or(boolean(false)).truth()
	seen := map[string]bool{}
	var kept []Value
	for _, item := range all {
		key, err := r.along(item, path, undefined)
		if err != nil {
			return undefined, err
		}
		if !exact {
			key = folded(key)
		}
		hash, err := key.hash()
		if err != nil {
			return undefined, err
		}
		if !seen[hash] {
			seen[hash] = true
			kept = append(kept, item)
		}
	}
	return r.list(kept, false)
}

func least(r *run, v Value, a *args) (Value, error) { return r.extreme(v, a, -1) }
func most(r *run, v Value, a *args) (Value, error)  { return r.extreme(v, a, 1) }

// extreme gives the first of the items before or behind which no other comes.
func (r *run) extreme(v Value, a *args, side int) (Value, error) {
	given, err := a.bind("case_sensitive", "attribute")
	if err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil || len(all) == 0 {
		return undefined, err
	}
	path, err := pathOf(given[1])
	if err != nil {
		return undefined, err
	}
	exact := given[0].or(boolean(false)).truth()
	var best, bestKey Value
	for i, item := range all {
		key, err := r.along(item, path, undefined)
		if err != nil {
			return undefined, err
		}
		if !exact {
			key = folded(key)
		}
		if i > 0 {
			c, err := r.compare(key, bestKey)
			if err == nil {
				err = r.step()
			}
			if err != nil {
				return undefined, err
			}
			if c != side {
				continue
			}
		}
		best, bestKey = item, key
	}
	return best, nil
}

func sum(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("attribute", "start")
	if err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	path, err := pathOf(given[0])
	if err != nil {
		return undefined, err
	}
	total := given[1].or(integer(0))
	if total.kind == String {
		return undefined, errArguments
	}
	for _, item := range all {
		part, err := r.along(item, path, undefined)
		if err != nil {
			return undefined, err
		}
		if total, err = r.operate("+", total, part); err != nil {
			return undefined, err
		}
	}
	return total, nil
}

func batch(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("linecount", "fill_with")
	if err != nil {
		return undefined, err
	}
	size, err := given[0].number(0)
	if err != nil || size < 1 || given[0].kind == unset {
		return undefined, errArguments
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	fill := given[1].or(none)
	var rows []Value
	for from := 0; from < len(all); from += size {
		row := slices.Clone(all[from:min(from+size, len(all))])
		for fill.kind != None && len(row) < size {
			if row = append(row, fill); len(row) > maxItems {
				return undefined, errItems
			}
		}
		made, err := r.list(row, false)
		if err != nil {
			return undefined, err
		}
		rows = append(rows, made)
	}
	return r.list(rows, false)
}

func sliced(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("slices", "fill_with")
	if err != nil {
		return undefined, err
	}
	n, err := given[0].number(0)
	if err != nil || n < 1 || n > maxItems || given[0].kind == unset {
		return undefined, errArguments
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	fill := given[1].or(none)
	each, extra, from := len(all)/n, len(all)%n, 0
	var columns []Value
	for i := range n {
		to := from + each
		if i < extra {
			to++
		}
		column := slices.Clone(all[from:to])
		if from = to; fill.kind != None && i >= extra {
			column = append(column, fill)
		}
		made, err := r.list(column, false)
		if err != nil {
			return undefined, err
		}
		columns = append(columns, made)
	}
	return r.list(columns, false)
}

var grouping = []string{"grouper", "list"}

func groupBy(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("attribute", "default", "case_sensitive")
	if err != nil {
		return undefined, err
	}
	path, err := pathOf(given[0])
	if err != nil || path == nil {
		return undefined, errArguments
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	exact, otherwise := given[2].or(boolean(false)).truth(), given[1].or(undefined)
	key := func(v Value) ([]Value, error) {
		k, err := r.along(v, path, otherwise)
		if err == nil && !exact {
			k = folded(k)
		}
		return []Value{k}, err
	}
	if all, err = r.sort(all, false, key); err != nil {
		return undefined, err
	}
	var groups []Value
	for from := 0; from < len(all); {
		of, err := key(all[from])
		if err != nil {
			return undefined, err
		}
		to := from + 1
		for ; to < len(all); to++ {
			other, err := key(all[to])
			if err != nil {
				return undefined, err
			}
			same, err := r.equal(of[0], other[0])
			if err != nil {
				return undefined, err
			}
			if !same {
				break
			}
		}
		named, err := r.along(all[from], path, otherwise)
		if err != nil {
			return undefined, err
		}
		members, err := r.list(slices.Clone(all[from:to]), false)
		if err != nil {
			return undefined, err
		}
		groups = append(groups, Value{kind: List, object: &list{items: []Value{named, members}, names: grouping}, flag: true})
		from = to
	}
	return r.list(groups, false)
}

// mapped is map(): a filter by its name, or an attribute, of each item.
func mapped(r *run, v Value, a *args) (Value, error) {
	if !v.truth() && v.kind != Undefined && v.kind != None {
		return r.list(nil, false)
	}
	each, err := r.mapper(a)
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

func (r *run) mapper(a *args) (func(Value) (Value, error), error) {
	if len(a.list) == 0 {
		given, err := a.bind("attribute", "default")
		if err != nil || given[0].kind == unset {
			return nil, errArguments
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
	if a.list[0].kind != String {
		return nil, errArguments
	}
	do := filters[a.list[0].text()]
	if do == nil {
		return nil, errArguments
	}
	rest := &args{list: a.list[1:], names: a.names, named: a.named}
	return func(v Value) (Value, error) { return do(r, v, rest) }, nil
}

// chooser makes select, reject, and what chooses by an attribute.
func chooser(wanted, byAttribute bool) filter {
	return func(r *run, v Value, a *args) (Value, error) {
		if !v.truth() {
			return r.list(nil, false)
		}
		is, err := r.asker(a, byAttribute)
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
			if yes == wanted {
				chosen = append(chosen, item)
			}
		}
		return r.list(chosen, false)
	}
}

// asker gives what asks an item: a test by its name, or whether it is true.
func (r *run) asker(a *args, byAttribute bool) (func(Value) (bool, error), error) {
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
	ask := func(_ *run, v Value, _ *args) (bool, error) { return v.truth(), nil }
	rest := &args{names: a.names, named: a.named}
	if len(list) > 0 {
		if list[0].kind != String {
			return nil, errArguments
		}
		if ask = tests[list[0].text()]; ask == nil {
			return nil, errArguments
		}
		rest.list = list[1:]
	}
	return func(v Value) (bool, error) {
		v, err := r.along(v, path, undefined)
		if err != nil {
			return false, err
		}
		return ask(r, v, rest)
	}, nil
}
