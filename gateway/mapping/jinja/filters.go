package jinja

import (
	"math/rand/v2"
	"strings"
)

// filter gives what it makes of a value.
type filter func(r *run, v Value, a *args) (Value, error)

// filters are those of Jinja2 3.1, with their arguments by place and by name.
var filters map[string]filter

func init() {
	filters = map[string]filter{
		// of any value
		"default": defaulted, "d": defaulted, "string": toText, "safe": markSafe, "attr": attribute, "tojson": toJSON, "pprint": toText,
		// of texts: filters_text.go
		"upper": upper, "lower": lower, "capitalize": capitalize, "title": dear(1, title), "trim": trim, "replace": replace, "center": center,
		"truncate": truncate, "indent": indent, "wordwrap": dear(2, wordwrap), "wordcount": dear(1, wordCount), "format": format, "striptags": dear(8, stripTags),
		"escape": escape, "e": escape, "forceescape": forceEscape, "urlencode": urlEncode, "urlize": dear(8, urlize), "xmlattr": xmlAttributes,
		// of numbers: filters_number.go
		"int": toInt, "float": toFloat, "abs": absolute, "round": round, "filesizeformat": fileSize,
		// of lists and objects: filters_list.go
		"first": first, "last": last, "length": lengthOf, "count": lengthOf, "list": toList, "join": join, "reverse": reverse, "random": random,
		"sort": sorted, "dictsort": dictSort, "unique": unique, "min": least, "max": most, "sum": sum, "batch": batch, "slice": sliced,
		"groupby": groupBy, "items": items, "map": mapped,
		"select": chooser(true, false), "reject": chooser(false, false), "selectattr": chooser(true, true), "rejectattr": chooser(false, true),
	}
}

// dear counts a text so many times more, for what takes longer with each byte of it
// than others do.
func dear(times int, f filter) filter {
	return func(r *run, v Value, a *args) (Value, error) {
		if err := r.work(times * (len(v.source))); err != nil {
			return undefined, err
		}
		return f(r, v, a)
	}
}

func defaulted(_ *run, v Value, a *args) (Value, error) {
	given, err := a.bind("default_value", "boolean")
	if err != nil {
		return undefined, err
	}
	if v.kind == Undefined || v.kind == None || given[1].or(boolean(false)).truth() && !v.truth() {
		return given[0].or(empty), nil
	}
	return v, nil
}

// plain binds no argument.
func (a *args) plain() error {
	_, err := a.bind()
	return err
}

func toText(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil || v.kind == String {
		return v, err
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return r.made(s)
}

func markSafe(r *run, v Value, a *args) (Value, error) {
	v, err := toText(r, v, a)
	if err != nil {
		return undefined, err
	}
	return safe(v.text()), nil
}

// attribute is attr(): as a point does.
func attribute(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("name")
	if err != nil || given[0].kind != String {
		return undefined, errArguments
	}
	return r.inside(v, given[0])
}

func toJSON(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("indent")
	if err != nil {
		return undefined, err
	}
	if v.kind == List || v.kind == Dict {
		if err := r.printable(v, 0); err != nil {
			return undefined, err
		}
	}
	if v.kind == Object {
		return undefined, errOperand
	}
	raw := v.appendJSON(nil)
	if given[0].or(none).kind != None {
		width, err := given[0].number(0)
		if err != nil || width < 0 || width > 64 {
			return undefined, errArguments
		}
		raw = indented(raw, width)
	}
	made, err := r.made(string(raw))
	made.flag = true
	return made, err
}

func first(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil || len(all) == 0 {
		return undefined, err
	}
	return all[0], nil
}

func last(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil || len(all) == 0 {
		return undefined, err
	}
	return all[len(all)-1], nil
}

func random(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil || len(all) == 0 {
		return undefined, err
	}
	return all[rand.IntN(len(all))], nil //nolint:gosec // nothing is secret about it
}

func lengthOf(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	n, err := r.length(v)
	return integer(n), err
}

func toList(r *run, v Value, a *args) (Value, error) {
	if err := a.plain(); err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	return r.list(all, false)
}

func join(r *run, v Value, a *args) (Value, error) {
	given, err := a.bind("d", "attribute")
	if err != nil {
		return undefined, err
	}
	all, err := r.each(v)
	if err != nil {
		return undefined, err
	}
	by, err := pathOf(given[1])
	if err != nil {
		return undefined, err
	}
	return r.join(given[0].or(empty).print(), all, by)
}

func (r *run) join(with string, all []Value, by []Value) (Value, error) {
	var b strings.Builder
	for i, item := range all {
		if i > 0 {
			b.WriteString(with)
		}
		item, err := r.along(item, by, undefined)
		if err != nil {
			return undefined, err
		}
		s, err := r.say(item)
		if err != nil {
			return undefined, err
		}
		if b.WriteString(s); b.Len() > maxText {
			return undefined, errMade
		}
	}
	return r.made(b.String())
}

// pathOf reads an attribute: "a.b.0", or an index.
func pathOf(v Value) ([]Value, error) {
	switch v.kind {
	case unset, None:
		return nil, nil
	case Int:
		return []Value{v}, nil
	case String:
		var path []Value
		for _, part := range strings.Split(v.text(), ".") {
			if n, ok := parseInt(part, 10); ok && isDigits(part) {
				path = append(path, n)
				continue
			}
			path = append(path, text(part))
		}
		return path, nil
	}
	return nil, errArguments
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// along follows a path; what is missing is otherwise.
func (r *run) along(v Value, path []Value, otherwise Value) (Value, error) {
	for _, key := range path {
		var err error
		if v, err = r.inside(v, key); err != nil {
			return undefined, err
		}
		if v.kind == Undefined {
			v = otherwise
		}
	}
	return v, nil
}

// folded is what texts are compared by where their case does not count.
func folded(v Value) Value {
	if v.kind == String {
		return text(strings.ToLower(v.text()))
	}
	return v
}
