package jinja

// target parses what a value is given to. A member is one of a namespace, which only
// set may name.
func (p *statements) target(members bool) (target, error) {
	var parts []target
	many := false
	for {
		t, err := p.oneTarget(members)
		if err != nil {
			return t, err
		}
		if parts = append(parts, t); !p.takeSign(",") {
			break
		}
		many = true
		if p.isSign("=") || p.isSign(")") || p.isWord("in") {
			break
		}
	}
	if !many {
		return parts[0], nil
	}
	return target{parts: parts}, nil
}

func (p *statements) oneTarget(members bool) (target, error) {
	if p.takeSign("(") {
		t, err := p.target(false)
		if err == nil {
			err = p.expectSign(")")
		}
		return t, err
	}
	t, err := p.expectName()
	if err != nil {
		return target{}, err
	}
	switch t.text {
	case "true", "false", "none", "True", "False", "None", "null", "and", "or", "not", "if", "else", "in", "is":
		return target{}, p.fail(t.at, t.says()+" cannot be given a value")
	}
	if !members || !p.takeSign(".") {
		return target{slot: p.scope.slot(t.text)}, nil
	}
	member, err := p.expectName()
	if err != nil {
		return target{}, err
	}
	return target{of: p.named(t), member: member.text}, nil
}

func (p *statements) forEach(word token) (statement, error) {
	f := &forEach{at: word.at}
	if err := p.forHead(f); err != nil {
		return nil, err
	}
	var end token
	var err error
	if f.body, end, err = p.block("else", "endfor"); err != nil {
		return nil, err
	}
	p.close()
	f.elseScope = p.open()
	if end.text == "else" {
		if err := p.closeTag(); err != nil {
			return nil, err
		}
		if f.otherwise, _, err = p.block("endfor"); err != nil {
			return nil, err
		}
	}
	p.close()
	return f, p.closeTag()
}

// forHead parses a for's tag, and leaves its scope open.
func (p *statements) forHead(f *forEach) error {
	outer := p.scope
	f.scope = p.open()
	f.loop = p.scope.slot("loop")
	var err error
	if f.to, err = p.target(false); err != nil {
		return err
	}
	if t := p.peek(); !p.takeWord("in") {
		return p.fail(t.at, t.says()+` stands where "in" is expected`)
	}
	p.scope = outer // what it goes over knows nothing of its names
	if f.of, err = p.tuple(false, false); err != nil {
		return err
	}
	p.scope = f.scope
	if p.takeWord("if") {
		if f.filter, err = p.expression(); err != nil {
			return err
		}
	}
	f.recursive = p.takeWord("recursive")
	return p.closeTag()
}

func (p *statements) set(word token) (statement, error) {
	to, err := p.target(true)
	if err != nil {
		return nil, err
	}
	if p.takeSign("=") {
		a := &assignment{at: word.at, to: to}
		if a.of, err = p.tuple(true, false); err == nil {
			err = p.closeTag()
		}
		return a, err
	}
	c := &capture{at: word.at, to: &to}
	for p.takeSign("|") {
		if err := p.blockFilter(c); err != nil {
			return nil, err
		}
	}
	return p.capture(c, "endset")
}

// blockFilter parses a filter that takes the text of a block.
func (p *statements) blockFilter(c *capture) error {
	x, err := p.operands.filter(nil)
	if err != nil {
		return err
	}
	c.filters = append(c.filters, x.(*filtered)) //nolint:forcetypeassert // filter makes nothing else
	return nil
}

func (p *statements) capture(c *capture, until string) (statement, error) {
	c.scope = p.open()
	defer p.close()
	var err error
	c.body, err = p.body(until)
	return c, err
}

func (p *statements) filterBlock(word token) (statement, error) {
	c := &capture{at: word.at}
	for {
		if err := p.blockFilter(c); err != nil {
			return nil, err
		}
		if !p.takeSign("|") {
			break
		}
	}
	return p.capture(c, "endfilter")
}

func (p *statements) with(word token) (statement, error) {
	w := &with{at: word.at, scope: p.open()}
	defer p.close()
	for p.peek().kind != tokenCloseStatement {
		if len(w.to) > 0 {
			if err := p.expectSign(","); err != nil {
				return nil, err
			}
		}
		to, err := p.oneTarget(false)
		if err == nil {
			err = p.expectSign("=")
		}
		if err != nil {
			return nil, err
		}
		scope := p.scope
		p.scope = scope.outer
		x, err := p.expression()
		p.scope = scope
		if err != nil {
			return nil, err
		}
		w.to, w.of = append(w.to, to), append(w.of, x)
	}
	var err error
	w.body, err = p.body("endwith")
	return w, err
}
