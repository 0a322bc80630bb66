package jsonpath

import (
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/rawjson"
	"strconv"
	"strings"
	"unicode/utf8"
)

// queryParser reads a JSONPath by the grammar of RFC 9535, appendix A.
type queryParser struct {
	patterns *pattern.Compiler
	text     string
	at       int
}

func (p *queryParser) whole() (*Query, error) {
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
	return rawjson.Faultf(p.at, format, args...)
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
func (p *queryParser) query() (*Query, error) {
	q := &Query{absolute: p.peek() == '$'}
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
	value, end, err := rawjson.Quoted(p.text, p.at)
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
				return "", rawjson.Faultf(i, "%s is no escape between %c", other, quote)
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
		return 0, false, rawjson.Faultf(start, "%s is no integer: no leading zeros, no -0", text)
	}
	n, err = strconv.Atoi(text)
	if err != nil || n > maxInteger || n < -maxInteger {
		return 0, false, rawjson.Faultf(start, "%s is beyond ±(2^53-1)", text)
	}
	return n, true, nil
}
