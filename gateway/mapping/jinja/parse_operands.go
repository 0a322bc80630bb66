package jinja

import (
	"math/big"
	"strconv"
	"strings"
)

func (p *operands) primary() (expression, error) {
	t := p.next()
	switch t.kind {
	case tokenName:
		switch t.text {
		case "true", "True":
			return constant{boolean(true)}, nil
		case "false", "False":
			return constant{boolean(false)}, nil
		case "none", "None", "null":
			return constant{none}, nil
		case "and", "or", "if", "else", "in", "is", "not":
			return nil, p.fail(t.at, t.says()+" stands where a value is expected")
		}
		return p.named(t), nil
	case tokenString:
		s := t.text
		for p.peek().kind == tokenString {
			s += p.next().text
		}
		return constant{text(s)}, nil
	case tokenInt, tokenFloat:
		return constant{literal(t)}, nil
	case tokenSign:
		switch t.text {
		case "(":
			x, err := p.expressions.tuple(true, true)
			if err == nil {
				err = p.expectSign(")")
			}
			return x, err
		case "[":
			items, err := p.list("]", p.expressions.expression)
			return &listing{items: items}, err
		case "{":
			return p.object()
		}
	}
	return nil, p.fail(t.at, t.says()+" stands where a value is expected")
}

// literal is a number as it was written, but for what JSON does not know.
func literal(t token) Value {
	digits := strings.ReplaceAll(t.text, "_", "")
	if t.kind == tokenFloat {
		v := number(digits)
		if v.kind == Int || digits[0] == '.' || !gjsonNumber(digits) {
			f, _ := strconv.ParseFloat(digits, 64)
			return float(f)
		}
		return v
	}
	b, ok := new(big.Int).SetString(digits, 0)
	if !ok {
		b = new(big.Int)
	}
	return whole(b)
}

// gjsonNumber says whether a literal is one of JSON's: no 0 before other digits.
func gjsonNumber(s string) bool { return len(s) < 2 || s[0] != '0' || s[1] < '0' || s[1] > '9' }

func (p *operands) object() (expression, error) {
	o := &objects{}
	_, err := p.list("}", func() (expression, error) {
		key, err := p.expressions.expression()
		if err == nil {
			err = p.expectSign(":")
		}
		if err != nil {
			return nil, err
		}
		v, err := p.expressions.expression()
		o.keys, o.values = append(o.keys, key), append(o.values, v)
		return v, err
	})
	return o, err
}

// postfix parses what may follow a value: .a [b] (c).
func (p *operands) postfix(x expression) (expression, error) {
	for {
		t := p.peek()
		var err error
		switch {
		case p.takeSign("."):
			x, err = p.attribute(x, t)
		case p.takeSign("["):
			x, err = p.subscript(x)
		case p.isSign("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// filters parses | filter, is test, and calls after them.
func (p *operands) filters(x expression) (expression, error) {
	for {
		var err error
		switch {
		case p.isSign("|"):
			p.at++
			x, err = p.filter(x)
		case p.isWord("is"):
			p.at++
			x, err = p.test(x)
		case p.isSign("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *operands) attribute(x expression, dot token) (expression, error) {
	t := p.next()
	switch t.kind {
	case tokenName:
		return along(x, Step{Name: t.text}), nil
	case tokenInt:
		i, err := strconv.Atoi(t.text)
		if err != nil {
			return nil, p.fail(t.at, "the index is too large")
		}
		return along(x, Step{Name: t.text, Index: i, Number: true}), nil
	}
	return nil, p.fail(dot.at, "a name or a number is missing behind the point")
}

// along adds a constant step to a name, or to what is computed.
func along(x expression, s Step) expression {
	if n, is := x.(*name); is {
		n.steps = append(n.steps, s)
		return n
	}
	return &member{of: x, step: s}
}

func (p *operands) subscript(x expression) (expression, error) {
	from, cut, err := p.subscribed()
	if err != nil {
		return nil, err
	}
	if err := p.expectSign("]"); err != nil {
		return nil, err
	}
	if cut != nil {
		cut.of = x
		return cut, nil
	}
	if c, is := from.(constant); is {
		switch c.is.kind {
		case String:
			if s := c.is.text(); s != "" {
				return along(x, Step{Name: s}), nil
			}
		case Int:
			if c.is.isSmall() && c.is.small() >= 0 && c.is.small() < 1<<31 {
				return along(x, Step{Index: int(c.is.small()), Number: true}), nil
			}
		}
	}
	return &item{of: x, key: from}, nil
}

func (p *operands) subscribed() (x expression, cut *slice, err error) {
	if !p.isSign(":") {
		if x, err = p.expressions.expression(); err != nil || !p.isSign(":") {
			return x, nil, err
		}
	}
	p.at++
	cut = &slice{from: x}
	if !p.isSign(":") && !p.isSign("]") {
		if cut.to, err = p.expressions.expression(); err != nil {
			return nil, nil, err
		}
	}
	if p.takeSign(":") && !p.isSign("]") {
		cut.by, err = p.expressions.expression()
	}
	return nil, cut, err
}
