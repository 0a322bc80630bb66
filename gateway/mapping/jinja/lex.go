package jinja

import (
	"strings"
	"unicode"
)

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
