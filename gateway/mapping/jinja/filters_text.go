package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func trim(r *run, s string, given []Value) (Value, error) { return strip(r, s, given[0], true, true) }

// strip takes characters off the ends of a text; none stands for space.
func strip(r *run, s string, chars Value, left, right bool) (Value, error) {
	is := unicode.IsSpace
	if !chars.isNone() {
		set, err := chars.word("")
		if err != nil {
			return undefined, err
		}
		is = func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	if left {
		s = strings.TrimLeftFunc(s, is)
	}
	if right {
		s = strings.TrimRightFunc(s, is)
	}
	return r.made(s)
}

func replace(r *run, s string, given []Value) (Value, error) {
	n := -1
	if !given[2].isNone() {
		var err error
		if n, err = given[2].number(-1); err != nil {
			return undefined, err
		}
	}
	return replaced(r, s, given[0].print(), given[1].print(), n)
}

func replaced(r *run, s, from, to string, n int) (Value, error) {
	times := strings.Count(s, from)
	if n >= 0 {
		times = min(times, n)
	}
	if len(to) > 0 && times > maxText/len(to) {
		return undefined, errMade
	}
	return r.made(strings.Replace(s, from, to, n))
}

// padded fills a text up to a width.
func padded(r *run, s string, width int, with string, left, right int) (Value, error) {
	if width > maxText {
		return undefined, errMade
	}
	missing := width - runes(s)
	if missing <= 0 {
		return r.made(s)
	}
	before := missing * left / (left + right)
	if left == right { // as Python rounds it
		before = missing/2 + missing&width&1
	}
	return r.made(strings.Repeat(with, before) + s + strings.Repeat(with, missing-before))
}

func center(r *run, s string, given []Value) (Value, error) {
	width, err := given[0].number(80)
	if err != nil {
		return undefined, err
	}
	return padded(r, s, width, " ", 1, 1)
}

func truncate(r *run, v Value, given []Value) (Value, error) {
	length, err := given[0].number(255)
	if err != nil {
		return undefined, err
	}
	end, err := given[2].word("...")
	if err != nil {
		return undefined, err
	}
	leeway := 5
	if !given[3].isNone() {
		if leeway, err = given[3].number(5); err != nil {
			return undefined, err
		}
	}
	switch {
	case length < runes(end) || leeway < 0:
		return undefined, errArguments
	case v.kind == Undefined:
		return v, nil
	case v.kind != String:
		return undefined, errOperand
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	if runes(s) <= length+leeway {
		return r.made(s)
	}
	return r.made(shortened(s, length-runes(end), given[1].isTrue()) + end)
}

// shortened gives so many characters, of whole words if they are not cut.
func shortened(s string, length int, cut bool) string {
	s = string([]rune(s)[:length])
	if !cut {
		if at := strings.LastIndexByte(s, ' '); at >= 0 {
			s = s[:at]
		}
	}
	return s
}

func indent(r *run, v Value, given []Value) (Value, error) {
	with := ""
	if given[0].kind == String {
		with = given[0].text()
	} else {
		width, err := given[0].number(4)
		if err != nil || width > 1000 {
			return undefined, errArguments
		}
		with = strings.Repeat(" ", max(0, width))
	}
	if v.kind != String {
		return undefined, errOperand
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	all := lines(s+"\n", false)
	if len(with)*len(all) > maxText {
		return undefined, errMade
	}
	for i, line := range all {
		if i == 0 && given[1].isTrue() || i > 0 && (given[2].isTrue() || line != "") {
			all[i] = with + line
		}
	}
	return r.made(strings.Join(all, "\n"))
}

// inWord is Python's \w.
func inWord(c rune) bool {
	if c < utf8.RuneSelf {
		return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
	}
	return unicode.IsLetter(c) || unicode.IsNumber(c)
}

func wordCount(_ *run, s string, _ []Value) (Value, error) {
	n, in := 0, false
	for _, c := range s {
		was := in
		if in = inWord(c); in && !was {
			n++
		}
	}
	return integer(n), nil
}

func format(r *run, v Value, a *args) (Value, error) {
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	with := tuple(a.list...)
	if len(a.names) > 0 {
		if len(a.list) > 0 {
			return undefined, errArguments
		}
		d := newDict(len(a.names))
		for i, name := range a.names {
			if err := d.set(text(name), a.named[i]); err != nil {
				return undefined, err
			}
		}
		with = mapping(d)
	}
	return r.percent(text(s), with)
}
