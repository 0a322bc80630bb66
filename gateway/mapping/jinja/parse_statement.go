package jinja

// block parses up to one of the words that end or divide a statement, which is given
// back; with no words, up to the end of the text.
func (p *parser) block(until ...string) (all block, end token, err error) {
	if err := p.nest(); err != nil {
		return nil, end, err
	}
	defer func() { p.depth-- }()
	start := p.peek()
	for {
		t := p.next()
		switch t.kind {
		case tokenEnd:
			if len(until) > 0 {
				return nil, t, p.fail(start.at, "the statement is not closed: {% "+until[len(until)-1]+" %} is missing")
			}
			return all, t, nil
		case tokenText:
			all = append(all, words(t.text))
			continue
		case tokenOpenOutput:
			s, err := p.output(t)
			if err != nil {
				return nil, t, err
			}
			all = append(all, s)
			continue
		}
		word, err := p.expectName()
		if err != nil {
			return nil, t, err
		}
		if indexOf(until, word.text) >= 0 {
			return all, word, nil
		}
		s, err := p.statement(word)
		if err != nil {
			return nil, t, err
		}
		all = append(all, s)
	}
}

func (p *parser) output(open token) (statement, error) {
	x, err := p.tuple(true, false)
	if err != nil {
		return nil, err
	}
	t := p.next()
	if t.kind != tokenCloseOutput {
		return nil, p.fail(t.at, t.says()+" stands where }} is expected")
	}
	return &output{at: open.at, of: x}, nil
}

// closeTag takes the end of a statement's tag.
func (p *parser) closeTag() error {
	if t := p.next(); t.kind != tokenCloseStatement {
		return p.fail(t.at, t.says()+" stands where %} is expected")
	}
	return nil
}

func (p *parser) statement(word token) (statement, error) {
	switch word.text {
	case "if":
		return p.conditional(word)
	case "for":
		return p.forEach(word)
	case "set":
		return p.set(word)
	case "with":
		return p.with(word)
	case "macro":
		return p.macro(word)
	case "call":
		return p.callBlock(word)
	case "filter":
		return p.filterBlock(word)
	case "print":
		x, err := p.tuple(true, false)
		if err == nil {
			err = p.closeTag()
		}
		return &output{at: word.at, of: x}, err
	case "include", "import", "from", "extends", "block":
		return nil, p.fail(word.at, "a template reaches no other: there is no "+word.text)
	}
	return nil, p.fail(word.at, word.text+" is no statement, or has none that it belongs to")
}

func (p *parser) conditional(word token) (statement, error) {
	first := &conditional{at: word.at}
	for c := first; ; {
		var err error
		if c.test, err = p.tuple(false, false); err == nil {
			err = p.closeTag()
		}
		if err != nil {
			return nil, err
		}
		var end token
		if c.then, end, err = p.block("elif", "else", "endif"); err != nil {
			return nil, err
		}
		switch end.text {
		case "elif":
			next := &conditional{at: end.at}
			c.otherwise, c = next, next
			continue
		case "else":
			if err := p.closeTag(); err != nil {
				return nil, err
			}
			var otherwise block
			if otherwise, _, err = p.block("endif"); err != nil {
				return nil, err
			}
			c.otherwise = otherwise
		}
		return first, p.closeTag()
	}
}

// body parses the statements of a scope of its own, up to the word that ends it.
func (p *parser) body(until string) (block, error) {
	if err := p.closeTag(); err != nil {
		return nil, err
	}
	b, _, err := p.block(until)
	if err == nil {
		err = p.closeTag()
	}
	return b, err
}

// target parses what a value is given to. A member is one of a namespace, which only
// set may name.
func (p *parser) target(members bool) (target, error) {
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

func (p *parser) oneTarget(members bool) (target, error) {
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

func (p *parser) forEach(word token) (statement, error) {
	f := &forEach{at: word.at}
	outer := p.scope
	f.scope = p.open()
	inner := p.scope
	f.loop = p.scope.slot("loop")
	var err error
	if f.to, err = p.target(false); err != nil {
		return nil, err
	}
	if t := p.peek(); !p.takeWord("in") {
		return nil, p.fail(t.at, t.says()+` stands where "in" is expected`)
	}
	p.scope = outer // what it goes over knows nothing of its names
	if f.of, err = p.tuple(false, false); err != nil {
		return nil, err
	}
	p.scope = inner
	if p.takeWord("if") {
		if f.filter, err = p.expression(); err != nil {
			return nil, err
		}
	}
	f.recursive = p.takeWord("recursive")
	if err := p.closeTag(); err != nil {
		return nil, err
	}
	macros := p.macros
	var end token
	if f.body, end, err = p.block("else", "endfor"); err != nil {
		return nil, err
	}
	f.captures = p.macros > macros || f.recursive
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

func (p *parser) set(word token) (statement, error) {
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
func (p *parser) blockFilter(c *capture) error {
	x, err := p.filter(nil)
	if err != nil {
		return err
	}
	c.filters = append(c.filters, x.(*filtered)) //nolint:forcetypeassert // filter makes nothing else
	return nil
}

func (p *parser) capture(c *capture, until string) (statement, error) {
	scope := p.open()
	defer p.close()
	c.size = func() int { return len(scope.slots) }
	var err error
	c.body, err = p.body(until)
	return c, err
}

func (p *parser) filterBlock(word token) (statement, error) {
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

func (p *parser) with(word token) (statement, error) {
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

// signature parses the params of a macro, from the opening bracket.
func (p *parser) signature(m *macro) error {
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

func (p *parser) macro(word token) (statement, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	m := &macro{at: word.at, name: t.text, slot: p.scope.slot(t.text)}
	return m, p.macroBody(m, "endmacro", func() error { return p.signature(m) })
}

// macroBody parses a macro's signature and body in a scope of its own.
func (p *parser) macroBody(m *macro, until string, head func() error) error {
	p.macros++
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

func (p *parser) callBlock(word token) (statement, error) {
	c := &callBlock{at: word.at, body: &macro{at: word.at, name: "caller"}}
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
