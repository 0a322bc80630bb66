package jinja

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
)

// methodOf is what a value can do.
type methodOf func(r *run, v Value, a *args) (Value, error)

// methods are those of Python's str, list, dict, int and float that change nothing.
var methods map[Kind]map[string]methodOf

func init() {
	text := map[string]methodOf{
		"upper": methodOf(upper), "lower": methodOf(lower), "capitalize": methodOf(capitalize), "casefold": methodOf(textual(cases.Fold().String)),
		"title": methodOf(textual(pythonTitle)), "swapcase": methodOf(textual(swapCase)), "format": formatted, "join": joinedBy,
		"strip": stripper(true, true), "lstrip": stripper(true, false), "rstrip": stripper(false, true),
		"split": splitter(false), "rsplit": splitter(true), "splitlines": splitLines, "partition": parter(false), "rpartition": parter(true),
		"replace": replaceIn, "startswith": starts(strings.HasPrefix), "endswith": starts(strings.HasSuffix),
		"find": finder(false, false), "rfind": finder(true, false), "index": finder(false, true), "rindex": finder(true, true), "count": countIn,
		"removeprefix": remover(strings.CutPrefix), "removesuffix": remover(strings.CutSuffix),
		"center": padder(1, 1), "ljust": padder(0, 1), "rjust": padder(1, 0), "zfill": zeros, "expandtabs": tabs,
	}
	for name, is := range characterTests {
		text[name] = asks(is)
	}
	methods = map[Kind]map[string]methodOf{
		String: text,
		List:   {"count": countItems, "index": indexItem, "copy": itself},
		Dict:   {"items": methodOf(items), "keys": partsOf(func(d *dict) []Value { return d.keys }), "values": partsOf(func(d *dict) []Value { return d.values }), "get": getMember, "copy": itself},
		Int:    {"bit_length": bitLength},
		Float:  {"is_integer": isWhole},
	}
}

func itself(_ *run, v Value, a *args) (Value, error) { return v, a.plain() }

// partsOf is keys() and values().
func partsOf(part func(*dict) []Value) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		if err := a.plain(); err != nil {
			return undefined, err
		}
		d, err := r.members(v)
		if err != nil {
			return undefined, err
		}
		return r.list(part(d), false)
	}
}

func getMember(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("key", "default")
	if err != nil || given[0].kind == unset {
		return undefined, errArguments
	}
	found, is, err := r.member(v, given[0])
	if err != nil || is {
		return found, err
	}
	return given[1].or(none), nil
}

func countItems(r *run, v Value, a *args) (Value, error) {
	what, err := a.other()
	if err != nil {
		return undefined, err
	}
	all, err := r.items(v)
	if err != nil {
		return undefined, err
	}
	n := 0
	for _, item := range all {
		same, err := r.equal(item, what)
		if err == nil {
			err = r.step()
		}
		if err != nil {
			return undefined, err
		}
		if same {
			n++
		}
	}
	return integer(n), nil
}

func indexItem(r *run, v Value, a *args) (Value, error) {
	what, err := a.other()
	if err != nil {
		return undefined, err
	}
	all, err := r.items(v)
	if err != nil {
		return undefined, err
	}
	for i, item := range all {
		if same, err := r.equal(item, what); same || err != nil {
			return integer(i), err
		}
		if err := r.step(); err != nil {
			return undefined, err
		}
	}
	return undefined, errOperand
}

func bitLength(_ *run, v Value, a *args) (Value, error) { return integer(v.big().BitLen()), a.plain() }

func isWhole(_ *run, v Value, a *args) (Value, error) {
	_, finite := truncated(v.flt)
	return boolean(finite && v.flt == float64(int64(v.flt))), a.plain()
}

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

func joinedBy(r *run, v Value, a *args) (Value, error) {
	what, err := a.other()
	if err != nil {
		return undefined, err
	}
	all, err := r.each(what)
	if err != nil {
		return undefined, err
	}
	for _, item := range all {
		if item.kind != String {
			return undefined, errOperand
		}
	}
	return r.join(v.text(), all, nil)
}

func stripper(left, right bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		given, err := a.bind("chars")
		if err != nil {
			return undefined, err
		}
		return r.strip(v.text(), given[0], left, right)
	}
}

// splitter is split() and rsplit(): by a separator, or by space.
func splitter(fromRight bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		given, err := a.bind("sep", "maxsplit")
		if err != nil {
			return undefined, err
		}
		most, err := given[1].number(-1)
		if err != nil {
			return undefined, err
		}
		s := v.text()
		if err := r.work(len(s)); err != nil {
			return undefined, err
		}
		var parts []string
		if given[0].or(none).kind == None {
			parts = splitSpace(s, most, fromRight)
		} else {
			sep, err := given[0].word("")
			if err != nil || sep == "" {
				return undefined, errArguments
			}
			if strings.Count(s, sep) >= maxItems && (most < 0 || most >= maxItems) {
				return undefined, errItems
			}
			parts = splitBy(s, sep, most, fromRight)
		}
		return r.texts(parts)
	}
}

func (r *run) texts(parts []string) (Value, error) {
	if len(parts) > maxItems {
		return undefined, errItems
	}
	all := make([]Value, len(parts))
	for i, part := range parts {
		all[i] = text(part)
	}
	return r.list(all, false)
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
	if most < 0 {
		return strings.Fields(s)
	}
	var parts []string
	if fromRight {
		for s = strings.TrimRightFunc(s, unicode.IsSpace); s != "" && most > 0; most-- {
			at := strings.LastIndexFunc(s, unicode.IsSpace)
			if at < 0 {
				break
			}
			first := strings.TrimRightFunc(s[:at], unicode.IsSpace)
			parts = append(parts, strings.TrimLeftFunc(s[at:], unicode.IsSpace))
			s = first
		}
		if s != "" {
			parts = append(parts, s)
		}
		slices.Reverse(parts)
		return parts
	}
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

func splitLines(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("keepends")
	if err != nil {
		return undefined, err
	}
	s := v.text()
	if err := r.work(len(s)); err != nil {
		return undefined, err
	}
	return r.texts(lines(s, given[0].or(boolean(false)).truth()))
}

func parter(fromRight bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		what, err := a.other()
		if err != nil || what.kind != String || what.text() == "" {
			return undefined, errArguments
		}
		s, sep := v.text(), what.text()
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
	}
}

func replaceIn(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("old", "new", "count")
	if err != nil || given[0].kind != String || given[1].kind != String {
		return undefined, errArguments
	}
	n, err := given[2].number(-1)
	if err != nil {
		return undefined, err
	}
	s := v.text()
	if err := r.work(len(s)); err != nil {
		return undefined, err
	}
	return r.replaced(s, given[0].text(), given[1].text(), n)
}

// starts is startswith() and endswith(): of one text, or any of a tuple.
func starts(is func(s, part string) bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		given, err := a.bind("part", "start", "end")
		if err != nil {
			return undefined, err
		}
		s, _, ok, err := between(v.text(), given[1], given[2])
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
	}
}

// between cuts a text to [start:end] in characters; ok is false where start is beyond.
func between(s string, start, end Value) (cut string, from int, ok bool, err error) {
	if start.or(none).kind == None && end.or(none).kind == None {
		return s, 0, true, nil
	}
	all := []rune(s)
	bound := func(v Value, otherwise int) (int, error) {
		if v.or(none).kind == None {
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
func finder(fromRight, must bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		given, err := a.bind("sub", "start", "end")
		if err != nil || given[0].kind != String {
			return undefined, errArguments
		}
		s, from, ok, err := between(v.text(), given[1], given[2])
		if err != nil {
			return undefined, err
		}
		if err := r.work(len(s)); err != nil {
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
	}
}

func countIn(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("sub", "start", "end")
	if err != nil || given[0].kind != String {
		return undefined, errArguments
	}
	s, _, ok, err := between(v.text(), given[1], given[2])
	if err != nil || !ok {
		return integer(0), err
	}
	return integer(strings.Count(s, given[0].text())), r.work(len(s))
}

func remover(cut func(s, part string) (string, bool)) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		what, err := a.other()
		if err != nil || what.kind != String {
			return undefined, errArguments
		}
		rest, _ := cut(v.text(), what.text())
		return r.made(rest)
	}
}

func padder(left, right int) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		given, err := a.bind("width", "fillchar")
		if err != nil || given[0].kind == unset {
			return undefined, errArguments
		}
		width, err := given[0].number(0)
		if err != nil {
			return undefined, err
		}
		with, err := given[1].word(" ")
		if err != nil || runes(with) != 1 {
			return undefined, errArguments
		}
		return r.padded(v.text(), width, with, left, right)
	}
}

func zeros(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("width")
	if err != nil || given[0].kind == unset {
		return undefined, errArguments
	}
	width, err := given[0].number(0)
	if err != nil {
		return undefined, err
	}
	s, sign := v.text(), ""
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		sign, s = s[:1], s[1:]
	}
	made, err := r.padded(s, width-len(sign), "0", 1, 0)
	if err != nil {
		return undefined, err
	}
	return r.made(sign + made.text())
}

func tabs(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("tabsize")
	if err != nil {
		return undefined, err
	}
	size, err := given[0].number(8)
	if err != nil || size > 100 {
		return undefined, errArguments
	}
	var b strings.Builder
	column := 0
	for _, c := range v.text() {
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

// characterTests are the is…() of Python: all characters are so, and there is one.
var characterTests = map[string]func(string) bool{
	"isdigit": all(unicode.IsDigit), "isdecimal": all(unicode.IsDigit), "isnumeric": all(unicode.IsNumber), "isalpha": all(unicode.IsLetter),
	"isalnum": all(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }), "isspace": all(unicode.IsSpace),
	"isascii": isASCII, "islower": inCase(unicode.IsUpper), "isupper": inCase(unicode.IsLower), "istitle": isTitle,
	"isprintable": func(s string) bool { return !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) },
	"isidentifier": func(s string) bool {
		return s != "" && !unicode.IsDigit(rune(s[0])) && all(func(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) })(s)
	},
}

func all(is func(rune) bool) func(string) bool {
	return func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return !is(c) })
	}
}

// inCase says whether there are letters with cases, and none of the other case.
func inCase(other func(rune) bool) func(string) bool {
	return func(s string) bool {
		letters := false
		for _, c := range s {
			if other(c) || unicode.IsTitle(c) {
				return false
			}
			letters = letters || unicode.IsUpper(c) || unicode.IsLower(c)
		}
		return letters
	}
}

func isTitle(s string) bool { return inSome(s) && pythonTitle(s) == s }

func inSome(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return unicode.IsUpper(c) || unicode.IsLower(c) })
}

func asks(is func(string) bool) methodOf {
	return func(r *run, v Value, a *args) (Value, error) {
		s := v.text()
		if err := r.work(len(s)); err != nil {
			return undefined, err
		}
		return boolean(is(s)), a.plain()
	}
}
