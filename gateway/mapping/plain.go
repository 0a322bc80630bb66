package mapping

import (
	"strings"
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
		s.name, p.at, err = quoted(p.text[:p.end], p.at)
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

// quoted reads the string in either quotes that opens at text[at], with the
// escapes of JSON and of both quotes.
func quoted(text string, at int) (value string, end int, err error) {
	quote := text[at]
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return b.String(), i + 1, nil
		case c < ' ':
			return "", i, pathError(i, "a control character is written as an escape")
		case c != '\\':
			b.WriteByte(c)
		default:
			used, err := escape(&b, text, i)
			if err != nil {
				return "", i, err
			}
			i += used
		}
	}
	return "", len(text), pathError(at, "the quote is not closed")
}

// escape reads the escape at text[i], and says how many bytes come after the
// backslash.
func escape(b *strings.Builder, text string, i int) (int, error) {
	if i+1 == len(text) {
		return 0, pathError(i, "the quote is not closed")
	}
	if c := text[i+1]; strings.IndexByte(`"'\/bfnrt`, c) >= 0 {
		b.Write(appendUnescaped(nil, []byte{'\\', c}))
		return 1, nil
	}
	if text[i+1] != 'u' {
		return 0, pathError(i, `\%c is no escape`, text[i+1])
	}
	r, used := escapedRune([]byte(text), i+2)
	if whole, ok := hex4([]byte(text), i+2); r == utf8.RuneError && (!ok || whole != r) {
		return 0, pathError(i, `\u takes four hexadecimal digits, or two such for a surrogate pair`)
	}
	b.WriteRune(r)
	return used + 1, nil
}
