package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error says what is wrong with a template, or why it does not render. It quotes no
// value of the document.
type Error struct {
	At           int // the place in the text, in bytes
	Line, Column int // the same, counted from 1; the column in characters
	Rule         string
}

func (e *Error) Error() string { return e.Rule }

// errorAt is an error at a place of a text.
func errorAt(text string, at int, rule string) *Error {
	at = min(at, len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	return &Error{
		At: at, Line: 1 + strings.Count(text[:at], "\n"), Column: 1 + utf8.RuneCountInString(text[start:at]), Rule: rule,
	}
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenText             // what stands outside of tags
	tokenName             // a word in a tag
	tokenInt              // a whole number
	tokenFloat            // another number
	tokenString           // a string, unescaped
	tokenSign             // an operator or bracket
	tokenOpenOutput
	tokenCloseOutput
	tokenOpenStatement
	tokenCloseStatement
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// says how a token is called in an error.
func (t token) says() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the template"
	case tokenText:
		return "text"
	case tokenOpenOutput, tokenCloseOutput, tokenOpenStatement, tokenCloseStatement:
		return t.text
	case tokenString:
		return "a string"
	}
	return `"` + t.text + `"`
}

// maxBrackets bounds how deep brackets are nested: they are parsed and run by calls
// within calls.
const maxBrackets = 64

// lexer takes a text apart.
type lexer struct {
	text   string
	at     int
	tokens []token
	trim   bool   // the tag before took the space after it
	close  string // of the tag that is open
}

// lex gives the tokens of a template; the last is tokenEnd.
func lex(text string) ([]token, error) {
	l := &lexer{text: text}
	for l.at < len(text) {
		if err := l.outside(); err != nil {
			return nil, err
		}
	}
	return append(l.tokens, token{kind: tokenEnd, at: len(text)}), nil
}

// lexExpression gives the tokens of an expression alone.
func lexExpression(text string) ([]token, error) {
	l := &lexer{text: text}
	if err := l.inside(len(text)); err != nil {
		return nil, err
	}
	return append(l.tokens, token{kind: tokenEnd, at: len(text)}), nil
}

func (l *lexer) fail(at int, rule string) error { return errorAt(l.text, at, rule) }

func (l *lexer) add(kind tokenKind, from, to int) {
	l.tokens = append(l.tokens, token{kind: kind, text: l.text[from:to], at: from})
}

// outside reads up to the next tag, and that tag.
func (l *lexer) outside() error {
	start := l.at
	l.at = nextTag(l.text, start)
	l.words(l.text[start:l.at], start)
	if l.at == len(l.text) {
		return nil
	}
	switch l.text[l.at+1] {
	case '#':
		return l.comment()
	case '{':
		return l.tag(tokenOpenOutput, tokenCloseOutput, "}}")
	}
	if name, end := l.rawTag(l.at, "raw"); name {
		return l.raw(end)
	}
	return l.tag(tokenOpenStatement, tokenCloseStatement, "%}")
}

// nextTag finds the first {{, {% or {# at or after i.
func nextTag(text string, i int) int {
	for ; i < len(text); i++ {
		brace := strings.IndexByte(text[i:], '{')
		if brace < 0 {
			break
		}
		i += brace
		if i+1 < len(text) && (text[i+1] == '{' || text[i+1] == '%' || text[i+1] == '#') {
			return i
		}
	}
	return len(text)
}

// words adds a text, without the space that the tags around it take.
func (l *lexer) words(text string, at int) {
	if l.trim {
		short := strings.TrimLeftFunc(text, unicode.IsSpace)
		at += len(text) - len(short)
		text, l.trim = short, false
	}
	if l.at+2 < len(l.text) && l.text[l.at+2] == '-' {
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	}
	if text != "" {
		l.tokens = append(l.tokens, token{kind: tokenText, text: text, at: at})
	}
}

func (l *lexer) comment() error {
	end := strings.Index(l.text[l.at+2:], "#}")
	if end < 0 {
		return l.fail(l.at, "the comment is not closed: #} is missing")
	}
	end += l.at + 2
	l.trim = end > l.at+2 && l.text[end-1] == '-'
	l.at = end + 2
	return nil
}

// rawTag says whether the tag at a place is {% name %}, and where it ends.
func (l *lexer) rawTag(at int, name string) (is bool, end int) {
	rest := strings.TrimLeft(l.text[at+2:], "-+")
	rest, is = strings.CutPrefix(strings.TrimLeftFunc(rest, unicode.IsSpace), name)
	if !is {
		return false, 0
	}
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	l.trim = strings.HasPrefix(rest, "-")
	rest, is = strings.CutPrefix(strings.TrimLeft(rest, "-+"), "%}")
	return is, len(l.text) - len(rest)
}

// raw reads from behind {% raw %} to behind its {% endraw %}.
func (l *lexer) raw(from int) error {
	open, trim := l.at, l.trim
	for at := from; ; at += 2 {
		found := strings.Index(l.text[at:], "{%")
		if found < 0 {
			return l.fail(open, "the raw is not closed: {% endraw %} is missing")
		}
		at += found
		is, end := l.rawTag(at, "endraw")
		if !is {
			continue
		}
		after := l.trim
		l.at, l.trim = at, trim
		l.words(l.text[from:at], from)
		l.at, l.trim = end, after
		return nil
	}
}

// tag reads {{ … }} or {% … %}.
func (l *lexer) tag(open, closed tokenKind, closing string) error {
	start := l.at
	l.add(open, start, start+2)
	l.at, l.trim = start+2, false
	if l.at < len(l.text) && (l.text[l.at] == '-' || l.text[l.at] == '+' && closing == "%}") {
		l.at++
	}
	l.close = closing
	defer func() { l.close = "" }()
	if err := l.inside(len(l.text)); err != nil {
		return err
	}
	if l.at >= len(l.text) {
		return l.fail(start, "the tag is not closed: "+closing+" is missing")
	}
	if l.text[l.at] == '-' || l.text[l.at] == '+' {
		l.trim = l.text[l.at] == '-'
		l.at++
	}
	l.add(closed, l.at, l.at+2)
	l.at += 2
	return nil
}

// closes says whether the tag that is open ends here.
func (l *lexer) closes() bool {
	rest := l.text[l.at:]
	return l.close != "" && (strings.HasPrefix(rest, l.close) ||
		(rest[0] == '-' || rest[0] == '+' && l.close == "%}") && strings.HasPrefix(rest[1:], l.close))
}

// inside reads the tokens of a tag, up to its end.
func (l *lexer) inside(end int) error {
	var brackets []byte
	for l.at < end {
		if len(brackets) == 0 && l.closes() {
			return nil
		}
		c := l.text[l.at]
		var err error
		switch {
		case c == '"' || c == '\'':
			err = l.str(c)
		case c >= '0' && c <= '9':
			err = l.number()
		default:
			r, size := utf8.DecodeRuneInString(l.text[l.at:])
			switch {
			case unicode.IsSpace(r):
				l.at += size
			case r == '_' || unicode.IsLetter(r):
				l.name()
			default:
				brackets, err = l.sign(brackets)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lexer) name() {
	from := l.at
	for i, r := range l.text[from:] {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r) {
			l.at = from + i
			l.add(tokenName, from, l.at)
			return
		}
	}
	l.at = len(l.text)
	l.add(tokenName, from, l.at)
}

var signs = []string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

// sign reads an operator or a bracket, and holds brackets to their partners.
func (l *lexer) sign(brackets []byte) ([]byte, error) {
	for _, sign := range signs {
		if !strings.HasPrefix(l.text[l.at:], sign) {
			continue
		}
		from := l.at
		l.at += len(sign)
		l.add(tokenSign, from, l.at)
		switch sign {
		case "(", "[", "{":
			if len(brackets) == maxBrackets {
				return nil, l.fail(from, "brackets are nested at most 64 deep")
			}
			return append(brackets, partner[sign[0]]), nil
		case ")", "]", "}":
			if len(brackets) == 0 || brackets[len(brackets)-1] != sign[0] {
				return nil, l.fail(from, sign+" has no partner")
			}
			return brackets[:len(brackets)-1], nil
		}
		return brackets, nil
	}
	r, _ := utf8.DecodeRuneInString(l.text[l.at:])
	return nil, l.fail(l.at, string(r)+" cannot stand in an expression")
}

var partner = map[byte]byte{'(': ')', '[': ']', '{': '}'}

// number reads a whole number (also 0x, 0o, 0b, and with _ between digits) or another.
func (l *lexer) number() error {
	from := l.at
	kind := tokenInt
	digits := func(of string) {
		for l.at < len(l.text) && (strings.IndexByte(of, l.text[l.at]) >= 0 ||
			l.text[l.at] == '_' && l.at+1 < len(l.text) && strings.IndexByte(of, l.text[l.at+1]) >= 0) {
			l.at++
		}
	}
	const decimal = "0123456789"
	if l.text[from] == '0' && from+1 < len(l.text) && strings.IndexByte("xXoObB", l.text[from+1]) >= 0 {
		l.at += 2
		digits(map[byte]string{'x': "0123456789abcdefABCDEF", 'o': "01234567", 'b': "01"}[l.text[from+1]|0x20])
		if l.at == from+2 {
			return l.fail(from, "the number has no digits")
		}
		l.add(tokenInt, from, l.at)
		return nil
	}
	digits(decimal)
	if l.at+1 < len(l.text) && l.text[l.at] == '.' && l.text[l.at+1] >= '0' && l.text[l.at+1] <= '9' && !l.afterDot(from) {
		l.at++
		digits(decimal)
		kind = tokenFloat
	}
	if l.at < len(l.text) && l.text[l.at]|0x20 == 'e' && !l.afterDot(from) {
		exp := l.at + 1
		if exp < len(l.text) && (l.text[exp] == '+' || l.text[exp] == '-') {
			exp++
		}
		if exp < len(l.text) && l.text[exp] >= '0' && l.text[exp] <= '9' {
			l.at = exp
			digits(decimal)
			kind = tokenFloat
		}
	}
	if text := l.text[from:l.at]; kind == tokenInt && len(text) > 1 && text[0] == '0' && strings.Trim(text, "0_") != "" {
		return l.fail(from, "a whole number does not begin with 0")
	}
	l.add(kind, from, l.at)
	return nil
}

// afterDot says whether a number is the name of a member, as in a.0.1.
func (l *lexer) afterDot(at int) bool { return at > 0 && l.text[at-1] == '.' }
