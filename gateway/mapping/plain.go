package mapping

import (
	"hookgate/gateway/mapping/rawjson"
	"unicode"
	"unicode/utf8"
)

// plainParser reads the Jinja-style form: a.b[0].c, a.b.0, a["odd key"].
type plainParser struct {
	text    string
	at, end int
	// strict is how it is between braces: names are identifiers, since there a
	// hyphen subtracts and a number is itself.
	strict bool
}

// Words that are no names between braces.
var reserved = map[string]bool{
	"true": true, "false": true, "none": true, "nil": true, "True": true, "False": true, "None": true,
	"not": true, "and": true, "or": true, "in": true, "is": true, "if": true, "else": true,
}

func (p *plainParser) parse() ([]step, error) {
	var steps []step
	for first := true; first || p.at < p.end; first = false {
		s, err := p.step(first)
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func (p *plainParser) step(first bool) (step, error) {
	if p.at < p.end && p.text[p.at] == '[' && !(first && p.strict) {
		return p.bracket()
	}
	if !first {
		if p.text[p.at] != '.' {
			return step{}, p.stray()
		}
		p.at++
	}
	start := p.at
	for p.at < p.end {
		r, size := utf8.DecodeRuneInString(p.text[p.at:p.end])
		if !p.isNameRune(r) {
			break
		}
		p.at += size
	}
	name := p.text[start:p.at]
	switch {
	case name == "" && p.at < p.end:
		return step{}, p.stray()
	case name == "":
		return step{}, pathError(start, "a name is missing")
	case p.strict && first && (reserved[name] || name[0] <= '9'):
		return step{}, pathError(start, "%s is no name", name)
	}
	return namedStep(name), nil
}

func (p *plainParser) isNameRune(r rune) bool {
	if p.strict && (r >= utf8.RuneSelf || r == '-') {
		return false
	}
	return isNameRune(r)
}

// isNameRune says whether r may stand in a bare name.
func isNameRune(r rune) bool {
	return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (p *plainParser) stray() error {
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	switch r {
	case '|':
		return pathError(p.at, "a filter needs braces: {{ … }}")
	case '.':
		return pathError(p.at, "a name is missing before the dot")
	}
	return pathError(p.at, `%q cannot stand in a bare name: write ["…"] around it`, r)
}

func (p *plainParser) bracket() (step, error) {
	open := p.at
	p.at++
	p.blank()
	if p.at == p.end {
		return step{}, pathError(open, "the bracket is not closed")
	}
	var s step
	var err error
	if c := p.text[p.at]; c == '"' || c == '\'' {
		s.member = true
		if s.name, p.at, err = rawjson.Quoted(p.text[:p.end], p.at); err != nil {
			err = moved(err, 0)
		}
	} else {
		s, err = p.number()
	}
	if err != nil {
		return step{}, err
	}
	p.blank()
	if p.at == p.end || p.text[p.at] != ']' {
		return step{}, pathError(p.at, "the bracket is not closed")
	}
	p.at++
	return s, nil
}

func (p *plainParser) blank() {
	for p.at < p.end && p.text[p.at] == ' ' {
		p.at++
	}
}

func (p *plainParser) number() (step, error) {
	start := p.at
	digits := start
	if p.text[p.at] == '-' {
		digits++
	}
	p.at = digits
	for p.at < p.end && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	n, ok := plainIndex(p.text[digits:p.at])
	if !ok {
		return step{}, pathError(start, `a bracket holds an index or a name in quotes`)
	}
	if digits > start {
		n = -n
	}
	return step{index: n, item: true}, nil
}
