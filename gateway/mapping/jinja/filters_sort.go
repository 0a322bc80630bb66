package jinja

import (
	"math/bits"
	"slices"
	"strings"
)

// keyed gives what of an item it is compared by.
type keyed func(item Value) (Value, error)

// keyBy gives the key of items by an attribute; texts compare without their case, if
// not exactly. What is missing is otherwise.
func keyBy(r *run, attribute, exactly, otherwise Value) (keyed, error) {
	path, err := pathOf(attribute)
	if err != nil {
		return nil, err
	}
	exact := exactly.isTrue()
	return func(item Value) (Value, error) {
		key, err := r.along(item, path, otherwise)
		if err == nil && !exact {
			key = folded(key)
		}
		return key, err
	}, nil
}

// folded is what texts are compared by where their case does not count.
func folded(v Value) Value {
	if v.kind == String {
		return text(strings.ToLower(v.text()))
	}
	return v
}

// order sorts values by their keys, those that are equal in their order. What has no
// order is an error.
func order(r *run, all []Value, descending bool, keys ...keyed) ([]Value, error) {
	if err := r.env.Step(1 + len(all)*bits.Len(uint(len(all)))); err != nil {
		return nil, err
	}
	s := sorter{run: r, by: make([]Value, 0, len(all)*len(keys)), keys: len(keys), sign: 1}
	if descending {
		s.sign = -1
	}
	at := make([]int, len(all))
	for i, item := range all {
		at[i] = i
		for _, key := range keys {
			by, err := key(item)
			if err != nil {
				return nil, err
			}
			s.by = append(s.by, by.read())
		}
	}
	slices.SortFunc(at, s.compare)
	sorted := make([]Value, len(all))
	for i, from := range at {
		sorted[i] = all[from]
	}
	return sorted, s.failed
}

// sorter compares items by their places.
type sorter struct {
	run    *run
	by     []Value // the keys of each item
	keys   int
	sign   int
	failed error
}

func (s *sorter) compare(a, b int) int {
	for i := range s.keys {
		if s.failed != nil {
			return 0
		}
		c, err := s.run.compare(s.by[a*s.keys+i], s.by[b*s.keys+i])
		if err == nil {
			err = s.run.step()
		}
		if s.failed = err; c != 0 || err != nil {
			return s.sign * c
		}
	}
	return a - b
}

// sorted is sort(), by attributes with commas between.
func sorted(r *run, all, given []Value) (Value, error) {
	attributes := []Value{given[2]}
	if given[2].kind == String {
		attributes = nil
		for part := range strings.SplitSeq(given[2].text(), ",") {
			attributes = append(attributes, text(part))
		}
	}
	keys := make([]keyed, len(attributes))
	for i, attribute := range attributes {
		var err error
		if keys[i], err = keyBy(r, attribute, given[1], undefined); err != nil {
			return undefined, err
		}
	}
	all, err := order(r, all, given[0].isTrue(), keys...)
	if err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

func unique(r *run, all, given []Value) (Value, error) {
	key, err := keyBy(r, given[1], given[0], undefined)
	if err != nil {
		return undefined, err
	}
	seen := map[string]bool{}
	var kept []Value
	for _, item := range all {
		by, err := key(item)
		if err != nil {
			return undefined, err
		}
		if err := r.hashable(by, 0); err != nil {
			return undefined, err
		}
		hash, err := by.hash()
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

// extreme gives the first of the items before (-1) or behind (1) which no other comes.
func extreme(side int) func(r *run, all, given []Value) (Value, error) {
	return func(r *run, all, given []Value) (Value, error) {
		key, err := keyBy(r, given[1], given[0], undefined)
		if err != nil || len(all) == 0 {
			return undefined, err
		}
		best := all[0]
		bestKey, err := key(best)
		bestKey = bestKey.read()
		for i := 1; i < len(all) && err == nil; i++ {
			var by Value
			if by, err = key(all[i]); err != nil {
				break
			}
			var c int
			if c, err = r.compare(by, bestKey); err == nil {
				err = r.step()
			}
			if c == side {
				best, bestKey = all[i], by.read()
			}
		}
		return best, err
	}
}
