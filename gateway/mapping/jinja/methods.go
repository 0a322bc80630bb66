package jinja

import (
	"strings"

	"golang.org/x/text/cases"
)

// methods are those of Python's str, list, dict, int and float that change nothing.
var methods map[Kind]map[string]*operation

func init() {
	itself := takes("", func(_ *run, v Value, _ []Value) (Value, error) { return v, nil })
	methods = map[Kind]map[string]*operation{
		String: textMethods(),
		List:   {"count": takes("_", countItems), "index": takes("_", indexItem), "copy": itself},
		Dict: {
			"items": itemsOf, "get": takes("key default?", getMember), "copy": itself,
			"keys": partsOf(func(d *dict) []Value { return d.keys }), "values": partsOf(func(d *dict) []Value { return d.values }),
		},
		Int:   {"bit_length": takes("", bitLength)},
		Float: {"is_integer": takes("", isWhole)},
	}
}

func textMethods() map[string]*operation {
	methods := map[string]*operation{
		// filters_case.go
		"upper": upper, "lower": lower, "capitalize": capitalize, "casefold": textual(cases.Fold().String),
		// format_braces.go
		"format": takesAny(formatted),
		// methods_text.go
		"title": textual(pythonTitle), "swapcase": textual(swapCase), "join": ofText("_", joinedBy),
		"strip": stripper(true, true), "lstrip": stripper(true, false), "rstrip": stripper(false, true), "replace": ofText("old new count?", replaceIn),
		"removeprefix": remover(strings.CutPrefix), "removesuffix": remover(strings.CutSuffix),
		"center": padder(1, 1), "ljust": padder(0, 1), "rjust": padder(1, 0), "zfill": ofText("width", zeros), "expandtabs": ofText("tabsize?", tabs),
		// methods_split.go
		"split": splitter(false), "rsplit": splitter(true), "splitlines": ofText("keepends?", splitLines), "partition": parter(false), "rpartition": parter(true),
		// methods_find.go
		"startswith": starts(strings.HasPrefix), "endswith": starts(strings.HasSuffix), "count": ofText("sub start? end?", countIn),
		"find": finder(false, false), "rfind": finder(true, false), "index": finder(false, true), "rindex": finder(true, true),
	}
	for name, is := range characterTests {
		methods[name] = asksText(is)
	}
	return methods
}

// partsOf is keys() and values().
func partsOf(part func(*dict) []Value) *operation {
	return takes("", func(r *run, v Value, _ []Value) (Value, error) {
		d, err := r.members(v)
		if err != nil {
			return undefined, err
		}
		return r.list(part(d), false)
	})
}

func getMember(r *run, v Value, given []Value) (Value, error) {
	found, is, err := r.member(v, given[0])
	if err != nil || is {
		return found, err
	}
	return given[1].or(none), nil
}

func countItems(r *run, v Value, given []Value) (Value, error) {
	all, err := r.items(v)
	n := 0
	for from := 0; err == nil && from < len(all); {
		var at int
		if at, err = indexIn(r, all[from:], given[0]); err != nil || at < 0 {
			break
		}
		n++
		from += at + 1
	}
	return integer(n), err
}

func indexItem(r *run, v Value, given []Value) (Value, error) {
	all, err := r.items(v)
	if err != nil {
		return undefined, err
	}
	at, err := indexIn(r, all, given[0])
	if err == nil && at < 0 {
		err = errOperand
	}
	return integer(at), err
}

// indexIn gives the place of the first item that is equal, or -1.
func indexIn(r *run, all []Value, what Value) (int, error) {
	for i, item := range all {
		same, err := r.equal(item, what)
		if err == nil {
			err = r.step()
		}
		if err != nil || same {
			return i, err
		}
	}
	return -1, nil
}

func bitLength(_ *run, v Value, _ []Value) (Value, error) { return integer(v.big().BitLen()), nil }

func isWhole(_ *run, v Value, _ []Value) (Value, error) {
	_, finite := truncated(v.double())
	return boolean(finite && v.double() == float64(int64(v.double()))), nil
}
