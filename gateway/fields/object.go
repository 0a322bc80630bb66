package fields

import (
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"

	"hookgate/gateway"
)

// Object is a JSON object in a tree. Its members stand in the order in which they were
// written (SPEC 15): what is kept of it is shown and sent so. The zero Object is empty.
type Object struct {
	members []member
	index   map[string]int // of a large one; nil: it is looked through
}

type member struct {
	name  string
	value any
}

// large is how many members an Object has before it is worth an index: without one a
// long body would be looked through again for each of its members.
const large = 16

// Len is how many members there are; nil has none.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members)
}

// Get gives a member; nil has none.
func (o *Object) Get(name string) (value any, found bool) {
	if i := o.find(name); i >= 0 {
		return o.members[i].value, true
	}
	return nil, false
}

// Set puts a member at the end, or its value in the place of the one of that name.
func (o *Object) Set(name string, value any) {
	if i := o.find(name); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{name, value})
	switch {
	case o.index != nil:
		o.index[name] = len(o.members) - 1
	case len(o.members) > large:
		o.index = make(map[string]int, 2*len(o.members))
		for i := range o.members {
			o.index[o.members[i].name] = i
		}
	}
}

// All gives the members in their order; nil has none.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := range o.Len() {
			if !yield(o.members[i].name, o.members[i].value) {
				return
			}
		}
	}
}

// find gives the place of a member, -1 for none.
func (o *Object) find(name string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, found := o.index[name]; found {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].name == name {
			return i
		}
	}
	return -1
}

// sorted gives the members by name, for faults that come in the same order however the
// object was written.
func (o *Object) sorted() []member {
	by := slices.Clone(o.members)
	gateway.Sort(by, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return by
}

// MarshalJSON writes the object as it was written, but for white space and escapes.
func (o *Object) MarshalJSON() ([]byte, error) { return appendTree(nil, o), nil }

// appendTree appends a tree as JSON. A number keeps its literal, HTML is not escaped.
func appendTree(dst []byte, tree any) []byte {
	switch tree := tree.(type) {
	case *Object:
		dst = append(dst, '{')
		for i, m := range tree.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(gateway.AppendString(dst, m.name), ':')
			dst = appendTree(dst, m.value)
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for i, element := range tree {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTree(dst, element)
		}
		return append(dst, ']')
	}
	return appendLeaf(dst, tree)
}

func appendLeaf(dst []byte, leaf any) []byte {
	switch leaf := leaf.(type) {
	case string:
		return gateway.AppendString(dst, leaf)
	case Word:
		return gateway.AppendString(dst, string(leaf))
	case json.Number:
		return append(dst, leaf...)
	case bool:
		return strconv.AppendBool(dst, leaf)
	}
	return append(dst, "null"...)
}
