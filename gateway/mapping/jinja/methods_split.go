package jinja

import (
	"slices"
	"strings"
	"unicode"
)

// splitter is split() and rsplit(): by a separator, or by space.
func splitter(fromRight bool) *operation {
	return ofText("sep? maxsplit?", func(r *run, s string, given []Value) (Value, error) {
		most, err := given[1].number(-1)
		if err != nil {
			return undefined, err
		}
		if given[0].isNone() {
			return r.texts(splitSpace(s, most, fromRight))
		}
		sep, err := given[0].word("")
		if err != nil || sep == "" {
			return undefined, errArguments
		}
		if strings.Count(s, sep) >= maxItems && (most < 0 || most >= maxItems) {
			return undefined, errItems
		}
		return r.texts(splitBy(s, sep, most, fromRight))
	})
}

func splitBy(s, sep string, most int, fromRight bool) []string {
	if most < 0 {
		return strings.Split(s, sep)
	}
	if !fromRight {
		return strings.SplitN(s, sep, most+1)
	}
	var parts []string
	for ; most > 0; most-- {
		at := strings.LastIndex(s, sep)
		if at < 0 {
			break
		}
		parts = append(parts, s[at+len(sep):])
		s = s[:at]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return parts
}

func splitSpace(s string, most int, fromRight bool) []string {
	switch {
	case most < 0:
		return strings.Fields(s)
	case fromRight:
		return splitSpaceRight(s, most)
	}
	var parts []string
	for s = strings.TrimLeftFunc(s, unicode.IsSpace); s != "" && most > 0; most-- {
		at := strings.IndexFunc(s, unicode.IsSpace)
		if at < 0 {
			break
		}
		parts = append(parts, s[:at])
		s = strings.TrimLeftFunc(s[at:], unicode.IsSpace)
	}
	if s != "" {
		parts = append(parts, s)
	}
	return parts
}

func splitSpaceRight(s string, most int) []string {
	var parts []string
	for s = strings.TrimRightFunc(s, unicode.IsSpace); s != "" && most > 0; most-- {
		at := strings.LastIndexFunc(s, unicode.IsSpace)
		if at < 0 {
			break
		}
		parts = append(parts, strings.TrimLeftFunc(s[at:], unicode.IsSpace))
		s = strings.TrimRightFunc(s[:at], unicode.IsSpace)
	}
	if s != "" {
		parts = append(parts, s)
	}
	slices.Reverse(parts)
	return parts
}

func splitLines(r *run, s string, given []Value) (Value, error) {
	return r.texts(lines(s, given[0].isTrue()))
}

// parter is partition() and rpartition().
func parter(fromRight bool) *operation {
	return ofText("_", func(r *run, s string, given []Value) (Value, error) {
		if given[0].kind != String || given[0].text() == "" {
			return undefined, errArguments
		}
		sep := given[0].text()
		at := strings.Index(s, sep)
		if fromRight {
			at = strings.LastIndex(s, sep)
		}
		parts := []Value{text(s), empty, empty}
		switch {
		case at >= 0:
			parts = []Value{text(s[:at]), text(sep), text(s[at+len(sep):])}
		case fromRight:
			parts = []Value{empty, empty, text(s)}
		}
		return r.list(parts, true)
	})
}
