package jinja

import (
	"math/big"
	"strconv"
	"strings"
)

// Resolver says where in the document a name stands, with the constant steps that
// follow it; the first step is the name. The places are what Env.Raw is asked for.
type Resolver func(steps []Step) (place int, err error)

// maxNesting bounds how deep expressions and statements are nested: they are parsed
// and run by calls within calls.
const maxNesting = 100

// parser turns tokens into statements and expressions.
type parser struct {
	text    string
	tokens  []token
	at      int
	resolve Resolver
	depth   int
	scope   *scope
	late    []func() error  // what is bound when all names are known
	macros  int             // that were parsed
	reads   map[string]bool // names that the macro reads which is parsed; nil outside of one
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) fail(at int, rule string) error { return errorAt(p.text, at, rule) }

// isSign says whether the next token is this operator or bracket.
func (p *parser) isSign(sign string) bool {
	t := p.peek()
	return t.kind == tokenSign && t.text == sign
}

func (p *parser) isWord(word string) bool {
	t := p.peek()
	return t.kind == tokenName && t.text == word
}

// takeSign takes the next token if it is this one.
func (p *parser) takeSign(sign string) bool {
	if p.isSign(sign) {
		p.at++
		return true
	}
	return false
}

func (p *parser) takeWord(word string) bool {
	if p.isWord(word) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expectSign(sign string) error {
	if !p.takeSign(sign) {
		t := p.peek()
		return p.fail(t.at, t.says()+` stands where "`+sign+`" is expected`)
	}
	return nil
}

func (p *parser) expectName() (token, error) {
	t := p.peek()
	if t.kind != tokenName {
		return t, p.fail(t.at, t.says()+" stands where a name is expected")
	}
	p.at++
	return t, nil
}

func (p *parser) nest() error {
	if p.depth++; p.depth > maxNesting {
		return p.fail(p.peek().at, "expressions and statements are nested at most 100 deep")
	}
	return nil
}

// expression parses one with a condition of its own: a if b else c.
func (p *parser) expression() (expression, error) {
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
func (p *parser) plain(conditional bool) (expression, error) {
	if conditional {
		return p.expression()
	}
	return p.disjunction()
}

func (p *parser) disjunction() (expression, error) { return p.logic("or", p.conjunction) }
func (p *parser) conjunction() (expression, error) { return p.logic("and", p.inversion) }

func (p *parser) logic(word string, part func() (expression, error)) (expression, error) {
	x, err := part()
	for err == nil && p.takeWord(word) {
		var right expression
		right, err = part()
		x = &logic{or: word == "or", left: x, right: right}
	}
	return x, err
}

func (p *parser) inversion() (expression, error) {
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

func (p *parser) comparison() (expression, error) {
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

func (p *parser) comparator() string {
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

func (p *parser) sum() (expression, error) { return p.binary([]string{"+", "-"}, p.tilde) }
func (p *parser) product() (expression, error) {
	return p.binary([]string{"*", "/", "//", "%"}, p.power)
}
func (p *parser) power() (expression, error) { return p.binary([]string{"**"}, p.signed) }

func (p *parser) signed() (expression, error) { return p.unary(true) }

// binary parses operators of one rank, which bind to the left.
func (p *parser) binary(ops []string, part func() (expression, error)) (expression, error) {
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

func (p *parser) tilde() (expression, error) {
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
func (p *parser) unary(filters bool) (x expression, err error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case p.takeSign("-"), p.takeSign("+"):
		x, err = p.unary(false)
		x = &sign{op: t.text, of: x}
	default:
		x, err = p.primary()
	}
	if err == nil {
		x, err = p.postfix(x)
	}
	if err == nil && filters {
		x, err = p.filters(x)
	}
	return x, err
}

func (p *parser) primary() (expression, error) {
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
			x, err := p.tuple(true, true)
			if err == nil {
				err = p.expectSign(")")
			}
			return x, err
		case "[":
			items, err := p.list("]", p.expression)
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

// list parses expressions between commas, up to a closing bracket.
func (p *parser) list(closing string, one func() (expression, error)) (all []expression, err error) {
	for !p.takeSign(closing) {
		if len(all) > 0 {
			if err := p.expectSign(","); err != nil {
				return nil, err
			}
			if p.takeSign(closing) {
				break
			}
		}
		x, err := one()
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	return all, nil
}

func (p *parser) object() (expression, error) {
	o := &objects{}
	_, err := p.list("}", func() (expression, error) {
		key, err := p.expression()
		if err == nil {
			err = p.expectSign(":")
		}
		if err != nil {
			return nil, err
		}
		v, err := p.expression()
		o.keys, o.values = append(o.keys, key), append(o.values, v)
		return v, err
	})
	return o, err
}

// tuple parses one expression, or several with commas between. Only in brackets may
// there be none.
func (p *parser) tuple(conditional, brackets bool) (expression, error) {
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

func (p *parser) endsTuple() bool {
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

// postfix parses what may follow a value: .a [b] (c).
func (p *parser) postfix(x expression) (expression, error) {
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
func (p *parser) filters(x expression) (expression, error) {
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

func (p *parser) attribute(x expression, dot token) (expression, error) {
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

func (p *parser) subscript(x expression) (expression, error) {
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

func (p *parser) subscribed() (x expression, cut *slice, err error) {
	if !p.isSign(":") {
		if x, err = p.expression(); err != nil || !p.isSign(":") {
			return x, nil, err
		}
	}
	p.at++
	cut = &slice{from: x}
	if !p.isSign(":") && !p.isSign("]") {
		if cut.to, err = p.expression(); err != nil {
			return nil, nil, err
		}
	}
	if p.takeSign(":") && !p.isSign("]") {
		cut.by, err = p.expression()
	}
	return nil, cut, err
}

// arguments parses those of a call, from its opening bracket.
func (p *parser) arguments() (a arguments, err error) {
	if err := p.expectSign("("); err != nil {
		return a, err
	}
	_, err = p.list(")", func() (expression, error) {
		t := p.peek()
		named := t.kind == tokenName && p.tokens[p.at+1].kind == tokenSign && p.tokens[p.at+1].text == "="
		var x expression
		var err error
		switch {
		case p.takeSign("**"):
			x, err = p.expression()
			a.stars = x
		case a.stars != nil:
			return nil, p.fail(t.at, "no argument follows **")
		case p.takeSign("*"):
			x, err = p.expression()
			a.star = x
		case named:
			p.at += 2
			if indexOf(a.names, t.text) >= 0 {
				return nil, p.fail(t.at, "the argument "+t.text+" is there twice")
			}
			x, err = p.expression()
			a.names, a.named = append(a.names, t.text), append(a.named, x)
		case len(a.names) > 0 || a.star != nil:
			return nil, p.fail(t.at, "an argument without a name follows one with a name")
		default:
			x, err = p.expression()
			a.list = append(a.list, x)
		}
		return x, err
	})
	return a, err
}

// filter parses what stands behind |.
func (p *parser) filter(x expression) (expression, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	f := &filtered{at: t.at, of: x, name: t.text, run: filters[t.text]}
	if f.run == nil {
		return nil, p.fail(t.at, "there is no filter "+t.text)
	}
	if p.isSign("(") {
		f.args, err = p.arguments()
	}
	if quick := f.fallback(); quick != nil && err == nil {
		return quick, nil
	}
	return f, err
}

// test parses what stands behind is.
func (p *parser) test(x expression) (expression, error) {
	c := &tested{of: x, not: p.takeWord("not")}
	t := p.next()
	c.name = t.text
	if t.kind == tokenName || t.kind == tokenSign {
		c.run = tests[t.text]
	}
	if c.run == nil {
		return nil, p.fail(t.at, "there is no test "+t.says())
	}
	var err error
	switch a := p.peek(); {
	case p.isSign("("):
		c.args, err = p.arguments()
	case a.kind == tokenString, a.kind == tokenInt, a.kind == tokenFloat, p.isSign("["), p.isSign("{"),
		a.kind == tokenName && a.text != "else" && a.text != "or" && a.text != "and" && a.text != "is" && a.text != "if" &&
			a.text != "not" && a.text != "in" && a.text != "recursive":
		var one expression
		if one, err = p.primary(); err == nil {
			one, err = p.postfix(one)
		}
		c.args.list = []expression{one}
	}
	return c, err
}
