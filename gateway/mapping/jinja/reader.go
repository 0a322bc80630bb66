package jinja

// maxNesting bounds how deep expressions and statements are nested: they are parsed
// and run by calls within calls.
const maxNesting = 100

// reader goes over the tokens of a text.
type reader struct {
	text   string
	tokens []token
	at     int
	depth  int
}

func (p *reader) peek() token { return p.tokens[p.at] }

func (p *reader) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *reader) fail(at int, rule string) error { return errorAt(p.text, at, rule) }

// isSign says whether the next token is this operator or bracket.
func (p *reader) isSign(sign string) bool {
	t := p.peek()
	return t.kind == tokenSign && t.text == sign
}

func (p *reader) isWord(word string) bool {
	t := p.peek()
	return t.kind == tokenName && t.text == word
}

// takeSign takes the next token if it is this one.
func (p *reader) takeSign(sign string) bool {
	if p.isSign(sign) {
		p.at++
		return true
	}
	return false
}

func (p *reader) takeWord(word string) bool {
	if p.isWord(word) {
		p.at++
		return true
	}
	return false
}

func (p *reader) expectSign(sign string) error {
	if !p.takeSign(sign) {
		t := p.peek()
		return p.fail(t.at, t.says()+` stands where "`+sign+`" is expected`)
	}
	return nil
}

func (p *reader) expectName() (token, error) {
	t := p.peek()
	if t.kind != tokenName {
		return t, p.fail(t.at, t.says()+" stands where a name is expected")
	}
	p.at++
	return t, nil
}

func (p *reader) nest() error {
	if p.depth++; p.depth > maxNesting {
		return p.fail(p.peek().at, "expressions and statements are nested at most 100 deep")
	}
	return nil
}

// list parses expressions between commas, up to a closing bracket.
func (p *reader) list(closing string, one func() (expression, error)) (all []expression, err error) {
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
