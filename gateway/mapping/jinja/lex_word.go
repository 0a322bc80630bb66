package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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
