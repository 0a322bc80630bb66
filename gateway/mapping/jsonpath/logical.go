package jsonpath

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

func (p *queryParser) or() (logical, error) {
	parts, err := p.chain("||", p.and)
	if len(parts) == 1 {
		return parts[0], err
	}
	return anyOf(parts), err
}

func (p *queryParser) and() (logical, error) {
	parts, err := p.chain("&&", p.basic)
	if len(parts) == 1 {
		return parts[0], err
	}
	return allOf(parts), err
}

// chain reads parts with an operator between them, one at least.
func (p *queryParser) chain(operator string, part func() (logical, error)) ([]logical, error) {
	var parts []logical
	for {
		one, err := part()
		if err != nil {
			return nil, err
		}
		parts = append(parts, one)
		p.blankBefore(operator)
		if !p.take(operator) {
			return parts, nil
		}
		p.blank()
	}
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
	query    *Query
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
		return nil, rawjson.Faultf(at, "the result of %s() must be compared", t.function)
	}
	return nil, rawjson.Faultf(at, "a literal must be compared")
}

func (t term) asOperand(at int) (operand, error) {
	switch {
	case t.operand != nil:
		return t.operand, nil
	case t.logical != nil:
		return nil, rawjson.Faultf(at, "%s() is true or false already: it is not compared", t.function)
	case !t.query.singular():
		return nil, rawjson.Faultf(at, "only a path to a single value can be compared")
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
		end, ok := rawjson.NumberEnd([]byte(p.text), p.at)
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
