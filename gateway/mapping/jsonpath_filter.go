package mapping

import (
	"regexp"
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
		whole         bool           // match(), not search()
		fixed         *regexp.Regexp // where the pattern is a literal
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
	if !f.work.spend(len(a) + len(b)) {
		return false
	}
	switch l.operator {
	case "==":
		return same(a, b, hasA, hasB)
	case "!=":
		return !same(a, b, hasA, hasB)
	case "<":
		return hasA && hasB && less(a, b)
	case ">":
		return hasA && hasB && less(b, a)
	case "<=":
		return same(a, b, hasA, hasB) || hasA && hasB && less(a, b)
	}
	return same(a, b, hasA, hasB) || hasA && hasB && less(b, a) // >=
}

func same(a, b []byte, hasA, hasB bool) bool {
	return hasA == hasB && (!hasA || equalJSON(a, b))
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
	if !ok {
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
	if !ok || kindOf(raw) != String || !f.work.spend(len(raw)) {
		return false
	}
	re := l.fixed
	if re == nil {
		pattern, ok := l.pattern.value(f, current)
		if !ok || kindOf(pattern) != String || !f.work.spend(regexCost+len(pattern)<<6) {
			return false
		}
		if re = iRegexp(unescaped(pattern[1:len(pattern)-1]), l.whole); re == nil {
			return false
		}
	}
	return re.MatchString(unescaped(raw[1 : len(raw)-1]))
}

// regexCost is what compiling a pattern found in the body counts.
const regexCost = 16 << 10

// iRegexp compiles an I-Regexp (RFC 9485), or gives nil where it is none. RE2
// knows all of I-Regexp; only the dot differs, which here spares \r as well.
func iRegexp(pattern string, whole bool) *regexp.Regexp {
	if len(pattern) > MaxRegex {
		return nil
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			b.WriteByte(c)
			i++
			c = pattern[i]
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
	text := b.String()
	if whole {
		text = `\A(?:` + text + `)\z`
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil
	}
	return re
}
