package jinja

import (
	"strings"
)

// expression parses one with a condition of its own: a if b else c.
func (p *expressions) expression() (expression, error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	x, err := p.disjunction()
	for err == nil && p.takeWord("if") {
		c := &choice{yes: x}
		if c.test, err = p.disjunction(); err == nil && p.takeWord("else") {
			c.no, err = p.expression()
		}
		x = c
	}
	return x, err
}

// plain parses an expression, or one without a condition of its own.
func (p *expressions) plain(conditional bool) (expression, error) {
	if conditional {
		return p.expression()
	}
	return p.disjunction()
}

func (p *expressions) disjunction() (expression, error) { return p.logic("or", p.conjunction) }
func (p *expressions) conjunction() (expression, error) { return p.logic("and", p.inversion) }

func (p *expressions) logic(word string, part func() (expression, error)) (expression, error) {
	x, err := part()
	for err == nil && p.takeWord(word) {
		var right expression
		right, err = part()
		x = &logic{or: word == "or", left: x, right: right}
	}
	return x, err
}

func (p *expressions) inversion() (expression, error) {
	if !p.takeWord("not") {
		return p.comparison()
	}
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	x, err := p.inversion()
	return &negation{x}, err
}

func (p *expressions) comparison() (expression, error) {
	x, err := p.sum()
	c := &comparison{first: x}
	for err == nil {
		op := p.comparator()
		if op == "" {
			break
		}
		var right expression
		right, err = p.sum()
		c.ops, c.rest = append(c.ops, op), append(c.rest, right)
	}
	if len(c.ops) == 0 {
		return x, err
	}
	return c, err
}

func (p *expressions) comparator() string {
	t := p.peek()
	switch {
	case t.kind == tokenSign && strings.Contains(" == != < <= > >= ", " "+t.text+" "):
		p.at++
		return t.text
	case p.takeWord("in"):
		return "in"
	case p.isWord("not") && p.tokens[p.at+1].kind == tokenName && p.tokens[p.at+1].text == "in":
		p.at += 2
		return "not in"
	}
	return ""
}

func (p *expressions) sum() (expression, error) { return p.binary([]string{"+", "-"}, p.tilde) }

func (p *expressions) product() (expression, error) {
	return p.binary([]string{"*", "/", "//", "%"}, p.power)
}

func (p *expressions) power() (expression, error)  { return p.binary([]string{"**"}, p.signed) }
func (p *expressions) signed() (expression, error) { return p.unary(true) }

// binary parses operators of one rank, which bind to the left.
func (p *expressions) binary(ops []string, part func() (expression, error)) (expression, error) {
	x, err := part()
	for err == nil {
		t := p.peek()
		if t.kind != tokenSign || indexOf(ops, t.text) < 0 {
			break
		}
		p.at++
		var right expression
		right, err = part()
		x = &binary{op: t.text, left: x, right: right}
	}
	return x, err
}

func (p *expressions) tilde() (expression, error) {
	x, err := p.product()
	if err != nil || !p.isSign("~") {
		return x, err
	}
	c := &concat{parts: []expression{x}}
	for err == nil && p.takeSign("~") {
		if x, err = p.product(); err == nil {
			c.parts = append(c.parts, x)
		}
	}
	return c, err
}

// unary parses a sign, and what follows a value. Filters bind closer than operators,
// but take the sign with them: -3 | abs is 3.
func (p *expressions) unary(filters bool) (x expression, err error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case p.takeSign("-"), p.takeSign("+"):
		x, err = p.unary(false)
		x = &sign{op: t.text, of: x}
	default:
		x, err = p.operands.primary()
	}
	if err == nil {
		x, err = p.operands.postfix(x)
	}
	if err == nil && filters {
		x, err = p.operands.filters(x)
	}
	return x, err
}

// tuple parses one expression, or several with commas between. Only in brackets may
// there be none.
func (p *expressions) tuple(conditional, brackets bool) (expression, error) {
	start := p.peek()
	var all []expression
	many := false
	for !p.endsTuple() {
		x, err := p.plain(conditional)
		if err != nil {
			return nil, err
		}
		if all = append(all, x); !p.takeSign(",") {
			break
		}
		many = true
	}
	switch {
	case many, brackets && len(all) == 0:
		return &listing{items: all, tuple: true}, nil
	case len(all) == 0:
		return nil, p.fail(start.at, start.says()+" stands where a value is expected")
	}
	return all[0], nil
}

func (p *expressions) endsTuple() bool {
	switch t := p.peek(); t.kind {
	case tokenCloseOutput, tokenCloseStatement, tokenEnd:
		return true
	case tokenSign:
		return t.text == ")"
	case tokenName:
		return t.text == "recursive"
	}
	return false
}
