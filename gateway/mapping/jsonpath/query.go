package jsonpath

import (
	"slices"
	"strconv"

	"hookgate/gateway/mapping/pattern"
)

// Query is a compiled JSONPath. It never changes, and any number of bodies may be
// looked into with it at once.
type Query struct {
	absolute bool // starts at the body, not at the value that a filter looks at
	segments []segment
}

// segment goes from each value found so far to values inside it.
type segment struct {
	descend   bool // from everything beneath it, too
	selectors []selector
}

// selector picks among a value's children; exactly one of its parts is used.
type selector struct {
	kind   selectorKind
	name   string
	index  int
	slice  slice
	filter logical
}

type selectorKind uint8

const (
	byName selectorKind = iota
	byIndex
	bySlice
	byFilter
	everyChild
)

type slice struct {
	start, end       int
	hasStart, hasEnd bool
	step             int
}

// Step goes to one member, or to one item; an index below 0 counts from the end.
type Step struct {
	Name  string
	Index int
	Item  bool
}

// Parse compiles a path; the error is a
// *rawjson.SyntaxError. The patterns in it are
// compiled by what is given.
func Parse(path string, with *pattern.Compiler) (*Query, error) {
	p := queryParser{text: path, patterns: with}
	return p.whole()
}

// Inside gives the query that goes on from a member of the body, where the query begins
// with its name; nil where it does not.
func (q *Query) Inside(member string) *Query {
	if len(q.segments) == 0 || !q.segments[0].isName(member) {
		return nil
	}
	return &Query{segments: q.segments[1:]}
}

func (s *segment) isName(name string) bool {
	return !s.descend && len(s.selectors) == 1 && s.selectors[0].kind == byName && s.selectors[0].name == name
}

// Named says whether what is found is told by its name or place alone: no wildcard,
// slice or filter is the last of the query.
func (q *Query) Named() bool {
	if len(q.segments) == 0 {
		return true
	}
	for _, s := range q.segments[len(q.segments)-1].selectors {
		if s.kind != byName && s.kind != byIndex {
			return false
		}
	}
	return true
}

// isNumber says whether it takes the item at a place, or the member that has the place's
// number for a name.
func (s *segment) isNumber() bool {
	return len(s.selectors) == 2 && s.selectors[0].kind == byName && s.selectors[1].kind == byIndex && s.selectors[0].name == strconv.Itoa(s.selectors[1].index)
}

// Names gives the members that the query goes through, whatever items stand between
// them; false where it goes through any. What may be a number's item or member counts as
// an item.
func (q *Query) Names() (names []string, known bool) {
	for _, s := range q.segments {
		switch {
		case s.descend:
			return names, false
		case len(s.selectors) == 1 && s.selectors[0].kind == byName:
			names = append(names, s.selectors[0].name)
		case s.isNumber():
		case slices.ContainsFunc(s.selectors, func(s selector) bool { return s.kind == byName }):
			return names, false
		}
	}
	return names, true
}

// Steps gives a path that can only find one value as steps; false for any other.
func (q *Query) Steps() ([]Step, bool) {
	if !q.singular() {
		return nil, false
	}
	steps := make([]Step, 0, len(q.segments))
	for _, s := range q.segments {
		only := s.selectors[0]
		steps = append(steps, Step{Name: only.name, Index: only.index, Item: only.kind == byIndex})
	}
	return steps, true
}

func (q *Query) singular() bool {
	for _, s := range q.segments {
		if s.descend || len(s.selectors) != 1 || s.selectors[0].kind > byIndex {
			return false
		}
	}
	return true
}
