package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// str reads a string, with the escapes of Python.
func (l *lexer) str(quote byte) error {
	from := l.at
	end := from + 1
	for end < len(l.text) && l.text[end] != quote {
		if l.text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(l.text) {
		return l.fail(from, "the string is not closed")
	}
	text, bad := unescape(l.text[from+1 : end])
	if bad >= 0 {
		return l.fail(from+1+bad, "the escape is none that Python knows, or is cut short")
	}
	l.at = end + 1
	l.tokens = append(l.tokens, token{kind: tokenString, text: text, at: from})
	return nil
}

// unescape decodes a string literal; bad is the place of a faulty escape, or -1.
func unescape(s string) (text string, bad int) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, -1
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		size, ok := unescapeOne(&b, s[i+1:])
		if !ok {
			return "", i
		}
		i += 1 + size
	}
	return b.String(), -1
}

// unescapeOne decodes the escape that stands behind a backslash; size is what it takes
// of s.
func unescapeOne(b *strings.Builder, s string) (size int, ok bool) {
	switch c := s[0]; c {
	case 'n', 't', 'r', 'a', 'b', 'f', 'v':
		b.WriteByte("\n\t\r\a\b\f\v"[strings.IndexByte("ntrabfv", c)])
		return 1, true
	case '\\', '\'', '"':
		b.WriteByte(c)
		return 1, true
	case '\n':
		return 1, true
	case 'x', 'u', 'U':
		return unescapeHex(b, s, map[byte]int{'x': 2, 'u': 4, 'U': 8}[c])
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		code, _ := strconv.ParseUint(s[:n], 8, 16) // three octal digits
		b.WriteRune(rune(code))
		return n, true
	case 'N':
		return 0, false
	}
	_, n := utf8.DecodeRuneInString(s)
	b.WriteByte('\\') // Python keeps what it does not know
	b.WriteString(s[:n])
	return n, true
}

func unescapeHex(b *strings.Builder, s string, digits int) (size int, ok bool) {
	if len(s) < 1+digits {
		return 0, false
	}
	code, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || code > utf8.MaxRune {
		return 0, false
	}
	size = 1 + digits
	if high := rune(code); high >= 0xd800 && high < 0xdc00 && digits == 4 && strings.HasPrefix(s[size:], `\u`) && len(s) >= size+6 {
		if low, err := strconv.ParseUint(s[size+2:size+6], 16, 32); err == nil && low >= 0xdc00 && low < 0xe000 {
			b.WriteRune((high-0xd800)<<10 + rune(low-0xdc00) + 0x10000)
			return size + 6, true
		}
	}
	b.WriteRune(rune(code))
	return size, true
}
