package jsonpath

import (
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
	"strconv"
	"unicode/utf8"
)

// logical is a filter's yes or no about one value (RFC 9535, 2.3.5).
type logical interface {
	test(f *finder, current []byte) bool
}

// operand is one side of a comparison; false is RFC 9535's Nothing.
type operand interface {
	value(f *finder, current []byte) ([]byte, bool)
}

type (
	anyOf      []logical
	allOf      []logical
	negation   struct{ of logical }
	existence  struct{ of *Query }
	comparison struct {
		operator    string
		left, right operand
	}
	literal  []byte
	single   struct{ of *Query } // the value of a query that finds at most one
	lengthOf struct{ of operand }
	countOf  struct{ of *Query }
	matching struct {
		text, pattern operand
		whole         bool            // match(), not search()
		most          int             // instructions of a pattern from the body
		isFixed       bool            // the pattern is a literal
		fixed         *pattern.Regexp // nil: it is no pattern, and matches nothing
	}
)

func (l anyOf) test(f *finder, current []byte) bool {
	for _, part := range l {
		if part.test(f, current) {
			return true
		}
	}
	return false
}

func (l allOf) test(f *finder, current []byte) bool {
	for _, part := range l {
		if !part.test(f, current) {
			return false
		}
	}
	return true
}

func (l negation) test(f *finder, current []byte) bool { return !l.of.test(f, current) }

func (l existence) test(f *finder, current []byte) bool { return len(l.of.nodes(f, current)) > 0 }

func (l comparison) test(f *finder, current []byte) bool {
	a, hasA := l.left.value(f, current)
	b, hasB := l.right.value(f, current)
	if !f.work.Spend(work.Item + work.Text*(len(a)+len(b))) {
		return false
	}
	same := func() bool { return hasA == hasB && (!hasA || rawjson.Equal(a, b, f.work)) }
	switch l.operator {
	case "==":
		return same()
	case "!=":
		return !same()
	case "<":
		return hasA && hasB && less(a, b)
	case ">":
		return hasA && hasB && less(b, a)
	case "<=":
		return same() || hasA && hasB && less(a, b)
	}
	return same() || hasA && hasB && less(b, a) // >=
}

// less orders numbers and strings; nothing else has an order.
func less(a, b []byte) bool {
	switch kind := rawjson.KindOf(a); {
	case kind != rawjson.KindOf(b):
		return false
	case kind == rawjson.Number:
		return rawjson.CompareNumbers(a, b) < 0
	case kind == rawjson.String:
		return rawjson.Unescaped(a[1:len(a)-1]) < rawjson.Unescaped(b[1:len(b)-1])
	}
	return false
}

func (o literal) value(*finder, []byte) ([]byte, bool) { return o, true }

// value of one node; of none, or of the several that value() may be given, Nothing.
func (o single) value(f *finder, current []byte) ([]byte, bool) {
	nodes := o.of.nodes(f, current)
	if len(nodes) != 1 {
		return nil, false
	}
	return nodes[0], true
}

func (o lengthOf) value(f *finder, current []byte) ([]byte, bool) {
	raw, ok := o.of.value(f, current)
	if !ok || !f.work.Spend(work.Item+work.Text*len(raw)) {
		return nil, false
	}
	n := 0
	switch rawjson.KindOf(raw) {
	case rawjson.String:
		n = utf8.RuneCountInString(rawjson.Unescaped(raw[1 : len(raw)-1]))
	case rawjson.Array, rawjson.Object:
		c, ok := f.children(raw)
		if !ok {
			return nil, false
		}
		n = len(c.values)
	default:
		return nil, false
	}
	return strconv.AppendInt(nil, int64(n), 10), true
}

func (o countOf) value(f *finder, current []byte) ([]byte, bool) {
	return strconv.AppendInt(nil, int64(len(o.of.nodes(f, current))), 10), true
}

func (l *matching) test(f *finder, current []byte) bool {
	raw, ok := l.text.value(f, current)
	if !ok || rawjson.KindOf(raw) != rawjson.String || !f.work.Spend(work.Text*len(raw)) {
		return false
	}
	p := l.fixed
	if !l.isFixed {
		p = l.found(f, current)
	}
	if p == nil {
		return false
	}
	if inner := raw[1 : len(raw)-1]; rawjson.HasEscape(inner) {
		raw = rawjson.AppendUnescaped(nil, inner)
	} else {
		raw = inner
	}
	return f.match(p, raw)
}

// found compiles a pattern that stands in the body; nil where it is none, or one that
// could not be written in a path. Most bodies that have one have it once.
func (l *matching) found(f *finder, current []byte) *pattern.Regexp {
	raw, ok := l.pattern.value(f, current)
	if !ok || rawjson.KindOf(raw) != rawjson.String || len(raw) > 6*pattern.MaxLength {
		return nil
	}
	text := rawjson.Unescaped(raw[1 : len(raw)-1])
	if last := &f.last; last.text == text && last.whole == l.whole {
		return last.pattern
	}
	if !f.work.Spend(pattern.CompileCost(text)) {
		return nil
	}
	p, _ := iRegexp(pattern.NewCompiler(l.most, nil), text, l.whole) // what is none matches nothing (RFC 9535, 2.4.6)
	f.last = foundPattern{text, l.whole, p}
	return p
}

// foundPattern is the one that was compiled last.
type foundPattern struct {
	text    string
	whole   bool
	pattern *pattern.Regexp
}
