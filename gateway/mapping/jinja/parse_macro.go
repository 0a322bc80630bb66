package jinja

// signature parses the params of a macro, from the opening bracket.
func (p *statements) signature(m *macro) error {
	if err := p.expectSign("("); err != nil {
		return err
	}
	_, err := p.list(")", func() (expression, error) {
		t, err := p.expectName()
		if err != nil {
			return nil, err
		}
		if indexOf(m.params, t.text) >= 0 {
			return nil, p.fail(t.at, "the param "+t.text+" is there twice")
		}
		m.params, m.slots = append(m.params, t.text), append(m.slots, p.scope.slot(t.text))
		if p.takeSign("=") {
			x, err := p.expression()
			m.defaults = append(m.defaults, x)
			return x, err
		}
		if len(m.defaults) > 0 {
			return nil, p.fail(t.at, "a param without a default follows one with a default")
		}
		return nil, nil
	})
	return err
}

func (p *statements) macro(word token) (statement, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	m := &macro{at: word.at, name: t.text, slot: p.scope.slot(t.text)}
	return m, p.macroBody(m, "endmacro", func() error { return p.signature(m) })
}

// macroBody parses a macro's signature and body in a scope of its own.
func (p *statements) macroBody(m *macro, until string, head func() error) error {
	m.scope = p.open()
	defer p.close()
	if err := head(); err != nil {
		return err
	}
	for _, special := range []string{"varargs", "kwargs", "caller"} {
		m.scope.slot(special)
	}
	reads := p.reads
	p.reads = map[string]bool{}
	var err error
	m.body, err = p.body(until)
	m.varargs, m.kwargs, m.caller = p.reads["varargs"], p.reads["kwargs"], p.reads["caller"]
	p.reads = reads
	return err
}

func (p *statements) callBlock(word token) (statement, error) {
	c := &callBlock{at: word.at, body: &macro{at: word.at}}
	err := p.macroBody(c.body, "endcall", func() error {
		if p.isSign("(") {
			if err := p.signature(c.body); err != nil {
				return err
			}
		}
		inner := p.scope
		p.scope = inner.outer
		defer func() { p.scope = inner }()
		t := p.peek()
		x, err := p.expression()
		if err != nil {
			return err
		}
		k, is := x.(*call)
		if !is {
			return p.fail(t.at, "a call names a macro, and its arguments")
		}
		c.of = k
		return nil
	})
	return c, err
}
