package mapping

import (
	"fmt"
	"strconv"
	"strings"
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
	existence  struct{ of *query }
	comparison struct {
		operator    string
		left, right operand
	}
	literal  []byte
	single   struct{ of *query } // the value of a query that finds at most one
	lengthOf struct{ of operand }
	countOf  struct{ of *query }
	matching struct {
		text, pattern operand
		whole         bool     // match(), not search()
		most          int      // instructions of a pattern from the body
		isFixed       bool     // the pattern is a literal
		fixed         *pattern // nil: it is no pattern, and matches nothing
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
	if !f.work.spend(itemCost + textCost*(len(a)+len(b))) {
		return false
	}
	same := func() bool { return hasA == hasB && (!hasA || f.work.equal(a, b)) }
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
	switch kind := kindOf(a); {
	case kind != kindOf(b):
		return false
	case kind == Number:
		return compareNumbers(a, b) < 0
	case kind == String:
		return unescaped(a[1:len(a)-1]) < unescaped(b[1:len(b)-1])
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
	if !ok || !f.work.spend(itemCost+textCost*len(raw)) {
		return nil, false
	}
	n := 0
	switch kindOf(raw) {
	case String:
		n = utf8.RuneCountInString(unescaped(raw[1 : len(raw)-1]))
	case Array, Object:
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
	if !ok || kindOf(raw) != String || !f.work.spend(textCost*len(raw)) {
		return false
	}
	p := l.fixed
	if !l.isFixed {
		p = l.found(f, current)
	}
	if p == nil {
		return false
	}
	if inner := raw[1 : len(raw)-1]; hasEscape(inner) {
		raw = appendUnescaped(nil, inner)
	} else {
		raw = inner
	}
	return f.match(p, raw)
}

// found compiles a pattern that stands in the body; nil where it is none, or one that
// could not be written in a path. Most bodies that have one have it once.
func (l *matching) found(f *finder, current []byte) *pattern {
	raw, ok := l.pattern.value(f, current)
	if !ok || kindOf(raw) != String || len(raw) > 6*MaxRegex {
		return nil
	}
	text := unescaped(raw[1 : len(raw)-1])
	if last := &f.last; last.text == text && last.whole == l.whole {
		return last.pattern
	}
	if !f.work.spend(compileCost(text)) {
		return nil
	}
	one := patterns{most: l.most, size: maxPatternSize, cost: maxPatternCost}
	p, _ := one.iRegexp(text, l.whole) // what is none matches nothing (RFC 9535, 2.4.6)
	f.last = foundPattern{text, l.whole, p}
	return p
}

// foundPattern is the one that was compiled last.
type foundPattern struct {
	text    string
	whole   bool
	pattern *pattern
}

// iRegexp compiles an I-Regexp (RFC 9485). RE2 knows all of I-Regexp; only the dot
// differs, which here spares \r as well.
func (p *patterns) iRegexp(text string, whole bool) (*pattern, error) {
	if len(text) > MaxRegex {
		return nil, fmt.Errorf("a regular expression has at most %d bytes", MaxRegex)
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '.' && !class:
			b.WriteString(`[^\n\r]`)
			continue
		}
		b.WriteByte(c)
	}
	if whole {
		return p.compile(`\A(?:` + b.String() + `)\z`)
	}
	return p.compile(b.String())
}
