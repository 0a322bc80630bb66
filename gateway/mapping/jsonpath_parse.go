package mapping

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"hookgate/gateway"
)

// queryParser reads a JSONPath by the grammar of RFC 9535, appendix A.
type queryParser struct {
	text string
	at   int
}

func (p *queryParser) whole() (*query, error) {
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.text) {
		return nil, p.fault("a segment starts with a dot or a bracket")
	}
	return q, nil
}

func (p *queryParser) fault(format string, args ...any) error {
	return pathError(p.at, format, args...)
}

func (p *queryParser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// take passes over s where it comes next.
func (p *queryParser) take(s string) bool {
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *queryParser) blank() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
}

// query reads $ or @ and the segments after it.
func (p *queryParser) query() (*query, error) {
	q := &query{absolute: p.peek() == '$'}
	p.at++
	for {
		before := p.at
		p.blank()
		if c := p.peek(); c != '.' && c != '[' {
			p.at = before
			return q, nil
		}
		s, err := p.segment()
		if err != nil {
			return nil, err
		}
		q.segments = append(q.segments, s)
	}
}

func (p *queryParser) segment() (segment, error) {
	var s segment
	s.descend = p.take("..")
	if !s.descend {
		if p.peek() == '[' {
			return p.bracket(s)
		}
		p.at++ // the dot
	}
	switch {
	case s.descend && p.peek() == '[':
		return p.bracket(s)
	case p.take("*"):
		s.selectors = []selector{{kind: everyChild}}
		return s, nil
	}
	name := p.shorthand()
	if name == "" {
		return s, p.fault("a name or * is missing after the dot")
	}
	s.selectors = []selector{{kind: byName, name: name}}
	return s, nil
}

func (p *queryParser) shorthand() string {
	start := p.at
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= utf8.RuneSelf
		if !letter && (p.at == start || r < '0' || r > '9') {
			break
		}
		p.at += size
	}
	return p.text[start:p.at]
}

func (p *queryParser) bracket(s segment) (segment, error) {
	p.at++
	for {
		p.blank()
		one, err := p.selector()
		if err != nil {
			return s, err
		}
		s.selectors = append(s.selectors, one)
		p.blank()
		switch {
		case p.take("]"):
			return s, nil
		case !p.take(","):
			return s, p.fault("a comma or the closing bracket is missing")
		}
	}
}

func (p *queryParser) selector() (selector, error) {
	switch c := p.peek(); {
	case c == '"' || c == '\'':
		name, err := p.quoted()
		return selector{kind: byName, name: name}, err
	case p.take("*"):
		return selector{kind: everyChild}, nil
	case p.take("?"):
		p.blank()
		filter, err := p.or()
		return selector{kind: byFilter, filter: filter}, err
	case c == ':' || c == '-' || c >= '0' && c <= '9':
		return p.indexOrSlice()
	}
	return selector{}, p.fault("a bracket holds a name in quotes, an index, a slice, * or ?filter")
}

// quoted is stricter than the escapes of a plain path: the quote that is not
// around the string needs no escape and has none.
func (p *queryParser) quoted() (string, error) {
	quote := p.text[p.at]
	value, end, err := quoted(p.text, p.at)
	if err != nil {
		return "", err
	}
	other := `\"`
	if quote == '"' {
		other = `\'`
	}
	for i := p.at; i < end; i++ {
		if p.text[i] == '\\' {
			if p.text[i:i+2] == other {
				return "", pathError(i, "%s is no escape between %c", other, quote)
			}
			i++
		}
	}
	p.at = end
	return value, nil
}

func (p *queryParser) indexOrSlice() (selector, error) {
	var s selector
	start, has, err := p.integer()
	if err != nil {
		return s, err
	}
	before := p.at
	p.blank()
	if !p.take(":") {
		p.at = before
		return selector{kind: byIndex, index: start}, nil
	}
	s.kind = bySlice
	s.slice = slice{start: start, hasStart: has, step: 1}
	p.blank()
	if s.slice.end, s.slice.hasEnd, err = p.integer(); err != nil {
		return s, err
	}
	if s.slice.hasEnd {
		p.blank()
	}
	if p.take(":") {
		p.blank()
		if step, has, err := p.integer(); err != nil {
			return s, err
		} else if has {
			s.slice.step = step
		}
	}
	return s, nil
}

// maxInteger bounds integers as RFC 9535, 2.1, asks: what doubles hold exactly.
const maxInteger = 1<<53 - 1

// integer reads an optional integer.
func (p *queryParser) integer() (n int, has bool, err error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	digits := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	text := p.text[start:p.at]
	switch {
	case text == "":
		return 0, false, nil
	case p.at == digits, p.text[digits] == '0' && text != "0":
		return 0, false, pathError(start, "%s is no integer: no leading zeros, no -0", text)
	}
	n, err = strconv.Atoi(text)
	if err != nil || n > maxInteger || n < -maxInteger {
		return 0, false, pathError(start, "%s is beyond ±(2^53-1)", text)
	}
	return n, true, nil
}

func (p *queryParser) or() (logical, error) {
	var parts anyOf
	for {
		part, err := p.and()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		p.blankBefore("||")
		if !p.take("||") {
			break
		}
		p.blank()
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

func (p *queryParser) and() (logical, error) {
	var parts allOf
	for {
		part, err := p.basic()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		p.blankBefore("&&")
		if !p.take("&&") {
			break
		}
		p.blank()
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// blankBefore passes over white space where s comes after it.
func (p *queryParser) blankBefore(s string) {
	before := p.at
	p.blank()
	if !strings.HasPrefix(p.text[p.at:], s) {
		p.at = before
	}
}

// basic reads what stands between && and ||.
func (p *queryParser) basic() (logical, error) {
	if p.take("!") {
		p.blank()
		part, err := p.negated()
		return negation{part}, err
	}
	if p.peek() == '(' {
		return p.parenthesis()
	}
	start := p.at
	term, err := p.term()
	if err != nil {
		return nil, err
	}
	p.blankBeforeOperator()
	operator := p.operator()
	if operator == "" {
		return term.asTest(start)
	}
	left, err := term.asOperand(start)
	if err != nil {
		return nil, err
	}
	p.blank()
	start = p.at
	if term, err = p.term(); err != nil {
		return nil, err
	}
	right, err := term.asOperand(start)
	return comparison{operator, left, right}, err
}

func (p *queryParser) negated() (logical, error) {
	if p.peek() == '(' {
		return p.parenthesis()
	}
	start := p.at
	term, err := p.term()
	if err != nil {
		return nil, err
	}
	return term.asTest(start)
}

func (p *queryParser) parenthesis() (logical, error) {
	p.at++
	p.blank()
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	p.blank()
	if !p.take(")") {
		return nil, p.fault("the parenthesis is not closed")
	}
	return inner, nil
}

var comparisons = []string{"==", "!=", "<=", ">=", "<", ">"}

func (p *queryParser) operator() string {
	for _, o := range comparisons {
		if p.take(o) {
			return o
		}
	}
	return ""
}

func (p *queryParser) blankBeforeOperator() {
	for _, o := range comparisons {
		p.blankBefore(o)
	}
}

// term is what a filter is made of, before it is known what it is used as.
type term struct {
	query    *query
	operand  operand // a literal, or a function that gives a value
	logical  logical // a function that gives yes or no
	function string
}

func (t term) asTest(at int) (logical, error) {
	switch {
	case t.query != nil:
		return existence{t.query}, nil
	case t.logical != nil:
		return t.logical, nil
	case t.function != "":
		return nil, pathError(at, "the result of %s() must be compared", t.function)
	}
	return nil, pathError(at, "a literal must be compared")
}

func (t term) asOperand(at int) (operand, error) {
	switch {
	case t.operand != nil:
		return t.operand, nil
	case t.logical != nil:
		return nil, pathError(at, "%s() is true or false already: it is not compared", t.function)
	case !t.query.singular():
		return nil, pathError(at, "only a path to a single value can be compared")
	}
	return single{t.query}, nil
}

func (p *queryParser) term() (term, error) {
	switch c := p.peek(); {
	case c == '@' || c == '$':
		q, err := p.query()
		return term{query: q}, err
	case c == '"' || c == '\'':
		s, err := p.quoted()
		return term{operand: literal(gateway.AppendString(nil, s))}, err
	case c == '-' || c >= '0' && c <= '9':
		end, ok := validNumber([]byte(p.text), p.at)
		if !ok {
			return term{}, p.fault("this is no number")
		}
		number := literal(p.text[p.at:end])
		p.at = end
		return term{operand: number}, nil
	case c >= 'a' && c <= 'z':
		return p.word()
	}
	return term{}, p.fault("a filter compares and tests paths (@…, $…), literals and functions")
}
