package jinja

import (
	"math/rand/v2"
	"slices"
	"strings"
)

func first(_ *run, all, _ []Value) (Value, error) {
	if len(all) == 0 {
		return undefined, nil
	}
	return all[0], nil
}

func last(_ *run, all, _ []Value) (Value, error) {
	if len(all) == 0 {
		return undefined, nil
	}
	return all[len(all)-1], nil
}

func random(_ *run, all, _ []Value) (Value, error) {
	if len(all) == 0 {
		return undefined, nil
	}
	return all[rand.IntN(len(all))], nil //nolint:gosec // nothing is secret about it
}

func lengthOf(r *run, v Value, _ []Value) (Value, error) {
	n, err := r.length(v)
	return integer(n), err
}

func toList(r *run, all, _ []Value) (Value, error) { return r.list(all, false) }

func join(r *run, all, given []Value) (Value, error) {
	by, err := pathOf(given[1])
	if err != nil {
		return undefined, err
	}
	return joined(r, given[0].or(empty).print(), all, by)
}

func joined(r *run, with string, all []Value, by []Value) (Value, error) {
	var b strings.Builder
	for i, item := range all {
		if i > 0 {
			b.WriteString(with)
		}
		item, err := r.along(item, by, undefined)
		if err != nil {
			return undefined, err
		}
		s, err := r.say(item)
		if err != nil {
			return undefined, err
		}
		if b.WriteString(s); b.Len() > maxText {
			return undefined, errMade
		}
	}
	return r.made(b.String())
}

func reverse(r *run, v Value, _ []Value) (Value, error) {
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

func sum(r *run, all, given []Value) (Value, error) {
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

func batch(r *run, all, given []Value) (Value, error) {
	size, err := given[0].number(0)
	if err != nil || size < 1 {
		return undefined, errArguments
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

func sliced(r *run, all, given []Value) (Value, error) {
	n, err := given[0].number(0)
	if err != nil || n < 1 || n > maxItems {
		return undefined, errArguments
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

// pathOf reads an attribute: "a.b.0", or an index.
func pathOf(v Value) ([]Value, error) {
	switch v.kind {
	case unset, None:
		return nil, nil
	case Int:
		return []Value{v}, nil
	case String:
		var path []Value
		for part := range strings.SplitSeq(v.text(), ".") {
			path = append(path, keyOf(part))
		}
		return path, nil
	}
	return nil, errArguments
}

// keyOf is an index where it is written as one, else a name.
func keyOf(s string) Value {
	if isDigits(s) {
		if n, ok := parseInt(s, 10); ok {
			return n
		}
	}
	return text(s)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
