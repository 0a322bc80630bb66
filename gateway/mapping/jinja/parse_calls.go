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
	op := filters[t.text]
	if op == nil {
		return nil, p.fail(t.at, "there is no filter "+t.text)
	}
	var a arguments
	if p.isSign("(") {
		if a, err = p.arguments(); err != nil {
			return nil, err
		}
	}
	f := &filtered{at: t.at, of: x, name: t.text, use: newUse("the filter "+t.text, op, a)}
	if quick := f.fallback(); quick != nil && x != nil {
		return quick, nil
	}
	return f, nil
}

// test parses what stands behind is.
func (p *operands) test(x expression) (expression, error) {
	c := &tested{of: x, not: p.takeWord("not")}
	t := p.next()
	var op *operation
	if t.kind == tokenName {
		op = tests[t.text]
	}
	if op == nil {
		return nil, p.fail(t.at, "there is no test "+t.says())
	}
	a, err := p.testArguments()
	c.use = newUse("the test "+t.text, op, a)
	return c, err
}

// testArguments parses those of a test: in brackets, or one without.
func (p *operands) testArguments() (a arguments, err error) {
	switch t := p.peek(); {
	case p.isSign("("):
		return p.arguments()
	case t.kind == tokenString, t.kind == tokenInt, t.kind == tokenFloat, p.isSign("["), p.isSign("{"),
		t.kind == tokenName && !endsTest[t.text]:
		var one expression
		if one, err = p.primary(); err == nil {
			one, err = p.postfix(one)
		}
		a.list = []expression{one}
	}
	return a, err
}

// endsTest are the words that are no argument of the test before them.
var endsTest = map[string]bool{
	"else": true, "or": true, "and": true, "is": true, "if": true, "not": true, "in": true, "recursive": true,
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
			return p.method(of.of, of.step.Name, a, at)
		}
	case *name:
		if n := len(of.steps); n > 0 && !of.steps[n-1].Number {
			last := of.steps[n-1].Name
			of.steps = of.steps[:n-1]
			return p.method(of, last, a, at)
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
func (p *operands) method(of expression, name string, a arguments, at int) (expression, error) {
	m := &method{of: of, name: name, args: a}
	for kind, known := range methods {
		if op := known[name]; op != nil {
			m.uses[kind] = newUse("the method "+name, op, a)
		}
	}
	if m.uses == [unset]*use{} && changes[name] {
		return nil, p.fail(at, "the method "+name+" changes what it is called on: nothing here does")
	}
	return m, nil
}

// changes are the methods of Python that change a list or an object.
var changes = map[string]bool{
	"append": true, "extend": true, "insert": true, "remove": true, "pop": true, "clear": true, "sort": true, "reverse": true,
	"update": true, "setdefault": true, "popitem": true, "add": true, "discard": true,
}
