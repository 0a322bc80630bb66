package jinja

// block parses up to one of the words that end or divide a statement, which is given
// back; with no words, up to the end of the text.
func (p *statements) block(until ...string) (all block, end token, err error) {
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

func (p *statements) output(open token) (statement, error) {
	x, err := p.tuple(true, false)
	if err != nil {
		return nil, err
	}
	t := p.next()
	if t.kind != tokenCloseOutput {
		return nil, p.fail(t.at, t.says()+" stands where }} is expected")
	}
	return p.printed(open.at, x), nil
}

// printed is what an expression prints.
func (p *statements) printed(at int, x expression) statement {
	o := &output{at: at, of: x}
	p.late = append(p.late, o.settle)
	return o
}

// closeTag takes the end of a statement's tag.
func (p *statements) closeTag() error {
	if t := p.next(); t.kind != tokenCloseStatement {
		return p.fail(t.at, t.says()+" stands where %} is expected")
	}
	return nil
}

func (p *statements) statement(word token) (statement, error) {
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
		return p.printed(word.at, x), err
	case "include", "import", "from", "extends", "block":
		return nil, p.fail(word.at, "a template reaches no other: there is no "+word.text)
	}
	return nil, p.fail(word.at, word.text+" is no statement, or has none that it belongs to")
}

func (p *statements) conditional(word token) (statement, error) {
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
func (p *statements) body(until string) (block, error) {
	if err := p.closeTag(); err != nil {
		return nil, err
	}
	b, _, err := p.block(until)
	if err == nil {
		err = p.closeTag()
	}
	return b, err
}
