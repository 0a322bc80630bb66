package jinja

import "strings"

// starts is startswith() and endswith(): of one text, or any of a tuple.
func starts(is func(s, part string) bool) *operation {
	return ofText("part start? end?", func(r *run, s string, given []Value) (Value, error) {
		s, _, ok, err := between(s, given[1], given[2])
		if err != nil {
			return undefined, err
		}
		parts := []Value{given[0]}
		if given[0].kind == List && given[0].flag {
			if parts, err = r.items(given[0]); err != nil {
				return undefined, err
			}
		}
		for _, part := range parts {
			if part.kind != String {
				return undefined, errArguments
			}
			if ok && is(s, part.text()) {
				return boolean(true), nil
			}
		}
		return boolean(false), nil
	})
}

// between cuts a text to [start:end] in characters; ok is false where start is beyond.
func between(s string, start, end Value) (cut string, from int, ok bool, err error) {
	if start.isNone() && end.isNone() {
		return s, 0, true, nil
	}
	all := []rune(s)
	bound := func(v Value, otherwise int) (int, error) {
		if v.isNone() {
			return otherwise, nil
		}
		i, err := v.number(0)
		if i < 0 {
			i = max(0, i+len(all))
		}
		return i, err
	}
	from, err = bound(start, 0)
	if err != nil {
		return "", 0, false, err
	}
	to, err := bound(end, len(all))
	if err != nil {
		return "", 0, false, err
	}
	if to = min(to, len(all)); from > to {
		return "", from, false, nil
	}
	return string(all[from:to]), from, true, nil
}

// finder is find(), rfind(), and index() and rindex(), which fail where there is none.
func finder(fromRight, must bool) *operation {
	return ofText("sub start? end?", func(_ *run, s string, given []Value) (Value, error) {
		if given[0].kind != String {
			return undefined, errArguments
		}
		s, from, ok, err := between(s, given[1], given[2])
		if err != nil {
			return undefined, err
		}
		at := -1
		if ok {
			at = strings.Index(s, given[0].text())
			if fromRight {
				at = strings.LastIndex(s, given[0].text())
			}
		}
		switch {
		case at >= 0:
			return integer(from + runes(s[:at])), nil
		case must:
			return undefined, errOperand
		}
		return integer(-1), nil
	})
}

func countIn(_ *run, s string, given []Value) (Value, error) {
	if given[0].kind != String {
		return undefined, errArguments
	}
	s, _, ok, err := between(s, given[1], given[2])
	if err != nil || !ok {
		return integer(0), err
	}
	return integer(strings.Count(s, given[0].text())), nil
}
