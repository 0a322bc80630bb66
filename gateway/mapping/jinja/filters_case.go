package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

var (
	upper      = textual(toUpper)
	lower      = textual(toLower)
	capitalize = textual(toCapital)
)

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// toUpper changes single letters into several where Unicode says so: ß is SS.
func toUpper(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func toLower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return cases.Lower(language.Und).String(s)
}

// head splits off the first character.
func head(s string) (first, rest string) {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n], s[n:]
}

func toCapital(s string) string {
	first, rest := head(s)
	return strings.ToTitle(first) + toLower(rest)
}

// titled has each word begin with a capital; words begin behind space and -({[<.
func titled(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		n := strings.IndexFunc(s, beginsWord)
		if n < 0 {
			n = len(s)
		}
		first, rest := head(s[:n])
		b.WriteString(toUpper(first))
		b.WriteString(toLower(rest))
		s = s[n:]
		n = strings.IndexFunc(s, func(c rune) bool { return !beginsWord(c) })
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
	}
	return b.String()
}

func beginsWord(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune("-({[<", c) }
