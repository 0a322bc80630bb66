package jinja

import (
	"strings"
	"unicode"
)

// pythonTitle is str.title(): a letter behind what is none is a capital.
func pythonTitle(s string) string {
	var b strings.Builder
	inWord := false
	for _, c := range s {
		if inWord {
			b.WriteRune(unicode.ToLower(c))
		} else {
			b.WriteRune(unicode.ToTitle(c))
		}
		inWord = unicode.IsLetter(c)
	}
	return b.String()
}

func swapCase(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, s)
}

func joinedBy(r *run, with string, given []Value) (Value, error) {
	all, err := r.each(given[0])
	if err != nil {
		return undefined, err
	}
	for _, item := range all {
		if item.kind != String {
			return undefined, errOperand
		}
	}
	return joined(r, with, all, nil)
}

func stripper(left, right bool) *operation {
	return ofText("chars?", func(r *run, s string, given []Value) (Value, error) { return strip(r, s, given[0], left, right) })
}

func replaceIn(r *run, s string, given []Value) (Value, error) {
	if given[0].kind != String || given[1].kind != String {
		return undefined, errArguments
	}
	n, err := given[2].number(-1)
	if err != nil {
		return undefined, err
	}
	return replaced(r, s, given[0].text(), given[1].text(), n)
}

func remover(cut func(s, part string) (string, bool)) *operation {
	return ofText("_", func(r *run, s string, given []Value) (Value, error) {
		if given[0].kind != String {
			return undefined, errArguments
		}
		rest, _ := cut(s, given[0].text())
		return r.made(rest)
	})
}

func padder(left, right int) *operation {
	return ofText("width fillchar?", func(r *run, s string, given []Value) (Value, error) {
		width, err := given[0].number(0)
		if err != nil {
			return undefined, err
		}
		with, err := given[1].word(" ")
		if err != nil || runes(with) != 1 {
			return undefined, errArguments
		}
		return padded(r, s, width, with, left, right)
	})
}

func zeros(r *run, s string, given []Value) (Value, error) {
	width, err := given[0].number(0)
	if err != nil {
		return undefined, err
	}
	sign := ""
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		sign, s = s[:1], s[1:]
	}
	made, err := padded(r, s, width-len(sign), "0", 1, 0)
	if err != nil {
		return undefined, err
	}
	return r.made(sign + made.text())
}

func tabs(r *run, s string, given []Value) (Value, error) {
	size, err := given[0].number(8)
	if err != nil || size > 100 {
		return undefined, errArguments
	}
	var b strings.Builder
	column := 0
	for _, c := range s {
		switch {
		case c == '\t' && size > 0:
			n := size - column%size
			b.WriteString(strings.Repeat(" ", n))
			column += n
			continue
		case c == '\t':
			continue
		case c == '\n' || c == '\r':
			column = -1
		}
		b.WriteRune(c)
		column++
	}
	return r.made(b.String())
}
