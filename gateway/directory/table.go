package directory

import (
	"hash/maphash"
	"iter"
	"maps"
)

// tableParts is how many parts a table has. A change copies one of them, and the list of
// them: with 10,000 entries some 40 entries and 2 KiB.
const tableParts = 256

// table is a map that never changes. What is made from it shares with it all parts in which
// nothing is otherwise, so that a write costs the same however many tenants there are. The
// zero table is empty.
type table[V any] struct {
	parts *[tableParts]*tablePart[V]
	count int
}

type tablePart[V any] struct{ of map[string]V }

// tableSeed makes it impossible to choose names that share a part.
var tableSeed = maphash.MakeSeed()

func (t table[V]) get(key string) (v V) {
	if t.parts == nil {
		return v
	}
	return t.parts[maphash.String(tableSeed, key)%tableParts].get(key)
}

// getBytes is get for a key that lies in a request; it copies nothing.
func (t table[V]) getBytes(key []byte) (v V) {
	if t.parts == nil {
		return v
	}
	if p := t.parts[maphash.Bytes(tableSeed, key)%tableParts]; p != nil {
		return p.of[string(key)]
	}
	return v
}

func (p *tablePart[V]) get(key string) (v V) {
	if p == nil {
		return v
	}
	return p.of[key]
}

// all gives every entry, in no order.
func (t table[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if t.parts == nil {
			return
		}
		for _, p := range t.parts {
			for key, v := range p.entries() {
				if !yield(key, v) {
					return
				}
			}
		}
	}
}

func (p *tablePart[V]) entries() map[string]V {
	if p == nil {
		return nil
	}
	return p.of
}

// otherwise gives the keys of what may be otherwise in t than in last: all in parts that
// the two do not share.
func (t table[V]) otherwise(last table[V]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range tableParts {
			now, was := t.part(i), last.part(i)
			if now == was {
				continue
			}
			for key := range now.entries() {
				if !yield(key) {
					return
				}
			}
			for key := range was.entries() {
				if _, both := now.entries()[key]; !both && !yield(key) {
					return
				}
			}
		}
	}
}

func (t table[V]) part(i int) *tablePart[V] {
	if t.parts == nil {
		return nil
	}
	return t.parts[i]
}

// draft is a table that is being made from another.
type draft[V any] struct {
	table[V]
	own [tableParts]bool // parts that nobody else has
}

func (t table[V]) draft() *draft[V] {
	d := &draft[V]{table: table[V]{parts: new([tableParts]*tablePart[V]), count: t.count}}
	if t.parts != nil {
		*d.parts = *t.parts
	}
	return d
}

// at gives the entries that have a key, for a change.
func (d *draft[V]) at(key string) map[string]V {
	i := maphash.String(tableSeed, key) % tableParts
	if !d.own[i] {
		p := &tablePart[V]{of: maps.Clone(d.parts[i].entries())}
		if p.of == nil {
			p.of = map[string]V{}
		}
		d.parts[i], d.own[i] = p, true
	}
	return d.parts[i].of
}

func (d *draft[V]) set(key string, v V) {
	of := d.at(key)
	before := len(of)
	of[key] = v
	d.count += len(of) - before
}

func (d *draft[V]) delete(key string) {
	if _, is := d.parts[maphash.String(tableSeed, key)%tableParts].entries()[key]; !is {
		return
	}
	delete(d.at(key), key)
	d.count--
}
