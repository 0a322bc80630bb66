package jinja

// arguments parses those of a call, from its opening bracket.
func (p *operands) arguments() (a arguments, err error) {
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
			x, err = p.expressions.expression()
			a.stars = x
		case a.stars != nil:
			return nil, p.fail(t.at, "no argument follows **")
		case p.takeSign("*"):
			x, err = p.expressions.expression()
			a.star = x
		case named:
			p.at += 2
			if indexOf(a.names, t.text) >= 0 {
				return nil, p.fail(t.at, "the argument "+t.text+" is there twice")
			}
			x, err = p.expressions.expression()
			a.names, a.named = append(a.names, t.text), append(a.named, x)
		case len(a.names) > 0 || a.star != nil:
			return nil, p.fail(t.at, "an argument without a name follows one with a name")
		default:
			x, err = p.expressions.expression()
			a.list = append(a.list, x)
		}
		return x, err
	})
	return a, err
}

// filter parses what stands behind |.
func (p *operands) filter(x expression) (expression, error) {
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
func (p *operands) test(x expression) (expression, error) {
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

// call parses the call of x. What can never be called is refused here.
func (p *operands) call(x expression) (expression, error) {
	at := p.peek().at
	a, err := p.arguments()
	if err != nil {
		return nil, err
	}
	switch of := x.(type) {
	case *member:
		if !of.step.Number {
			return p.method(&method{of: of.of, name: of.step.Name, args: a}, at)
		}
	case *name:
		if n := len(of.steps); n > 0 && !of.steps[n-1].Number {
			last := of.steps[n-1].Name
			of.steps = of.steps[:n-1]
			return p.method(&method{of: of, name: last, args: a}, at)
		}
		if len(of.steps) == 0 {
			of.called = true
			return &call{of: of, name: of.name, args: a}, nil
		}
	case constant:
		return nil, p.fail(at, "a value is no function")
	}
	return &call{of: x, name: "what is called", args: a}, nil
}

// method refuses names that no value has a method of. Objects of a template may have
// members to call.
func (p *operands) method(m *method, at int) (expression, error) {
	for _, of := range methods {
		if of[m.name] != nil {
			return m, nil
		}
	}
	if changes[m.name] {
		return nil, p.fail(at, "the method "+m.name+" changes what it is called on: nothing here does")
	}
	return m, nil
}

// changes are the methods of Python that change a list or an object.
var changes = map[string]bool{
	"append": true, "extend": true, "insert": true, "remove": true, "pop": true, "clear": true, "sort": true, "reverse": true,
	"update": true, "setdefault": true, "popitem": true, "add": true, "discard": true,
}
