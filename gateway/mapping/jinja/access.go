package jinja

import (
	"strings"
	"unicode/utf8"

	"hookgate/gateway/mapping/rawjson"
)

// access looks into values, and has that counted. What came from the document is read
// where it lies.
type access struct{ meter }

// items gives what a list holds. It must not be changed.
func (a *access) items(v Value) ([]Value, error) {
	if l, is := v.object.(*list); is {
		return l.items, nil
	}
	if err := a.work(len(v.source)); err != nil {
		return nil, err
	}
	raw := rawjson.Bytes(v.source)
	n := rawjson.CountItems(raw, 0)
	if n > maxItems {
		return nil, errItems
	}
	all := appendItems(make([]Value, 0, n), raw, n)
	return all, a.env.Step(itemUnits * len(all))
}

// appendItems appends the items of a JSON list, so many at most.
func appendItems(all []Value, raw []byte, most int) []Value {
	for i := 1; most > 0; most-- {
		start, ok := rawjson.NextItem(raw, i)
		if !ok {
			break
		}
		i = rawjson.SkipValue(raw, start)
		all = append(all, fromJSON(rawjson.View(raw[start:i])))
	}
	return all
}

// members gives what an object holds. It must not be changed.
func (a *access) members(v Value) (*dict, error) {
	if d, is := v.object.(*dict); is {
		return d, nil
	}
	if err := a.work(len(v.source)); err != nil {
		return nil, err
	}
	d := newDict(8)
	raw := rawjson.Bytes(v.source)
	for i := 1; ; {
		m, next, ok := rawjson.NextMember(raw, i)
		if !ok {
			return d, a.env.Step(memberUnits * len(d.keys))
		}
		i = next
		_ = d.set(text(nameOf(m)), fromJSON(rawjson.View(m.Value))) // a string has a hash
		if len(d.keys) > maxItems {
			return nil, errItems
		}
	}
}

func nameOf(m rawjson.Member) string {
	if m.Escaped {
		return rawjson.Unescaped(m.Name)
	}
	return rawjson.View(m.Name)
}

// member gives a member of an object; of several with one name the last counts.
func (a *access) member(v, key Value) (found Value, is bool, err error) {
	if d, is := v.object.(*dict); is {
		if _, err := key.hash(); err != nil {
			return undefined, false, err
		}
		found, is = d.get(key)
		return found, is, nil
	}
	if key.kind != String {
		return undefined, false, nil
	}
	return a.named(v, key.text())
}

// named gives a member of an object of the document.
func (a *access) named(v Value, name string) (found Value, is bool, err error) {
	if err := a.work(len(v.source)); err != nil {
		return undefined, false, err
	}
	raw := rawjson.Bytes(v.source)
	var last []byte
	for i := 1; ; {
		m, next, ok := rawjson.NextMember(raw, i)
		if !ok {
			return fromJSON(rawjson.View(last)), last != nil, nil
		}
		if i = next; string(m.Name) == name && !m.Escaped || m.Escaped && rawjson.Unescaped(m.Name) == name {
			last = m.Value
		}
	}
}

// each gives what a for goes over: the items of a list, the keys of an object, the
// characters of a string; nothing for what is missing.
func (a *access) each(v Value) ([]Value, error) {
	switch v.kind {
	case Undefined:
		return nil, nil
	case List:
		return a.items(v)
	case Dict:
		d, err := a.members(v)
		if err != nil {
			return nil, err
		}
		return d.keys, nil
	case String:
		return a.characters(v.text())
	}
	return nil, errKinds
}

func (a *access) characters(s string) ([]Value, error) {
	if err := a.work(len(s)); err != nil {
		return nil, err
	}
	all := make([]Value, 0, min(len(s), maxItems))
	for i := range s {
		if len(all) == maxItems {
			return nil, errItems
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		all = append(all, text(s[i:i+n]))
	}
	return all, a.env.Step(itemUnits * len(all))
}

// length is how many characters, items or members there are.
func (a *access) length(v Value) (int, error) {
	switch v.kind {
	case Undefined:
		return 0, nil
	case String:
		s := v.text()
		return runes(s), a.work(len(s))
	case List:
		if !v.raw {
			return len(v.object.(*list).items), nil
		}
		return a.countItems(v)
	case Dict:
		d, err := a.members(v)
		if err != nil {
			return 0, err
		}
		return len(d.keys), nil
	case Object:
		if l, is := v.object.(*loop); is {
			return len(l.items), nil
		}
	}
	return 0, errKinds
}

func (a *access) countItems(v Value) (int, error) {
	if err := a.work(len(v.source)); err != nil {
		return 0, err
	}
	n := rawjson.CountItems(rawjson.Bytes(v.source), 0)
	if n > maxItems {
		return 0, errItems
	}
	return n, nil
}

// inside gives the item or member of a value; missing where there is none.
func (a *access) inside(v, key Value) (Value, error) {
	if err := a.step(); err != nil {
		return undefined, err
	}
	switch v.kind {
	case Dict:
		found, _, err := a.member(v, key)
		return found, err
	case List:
		return a.item(v, key)
	case String:
		if key.kind != Int && key.kind != Bool {
			return undefined, nil
		}
		s := v.text()
		if i, ok := place(key, runes(s)); ok {
			return text(string([]rune(s)[i])), a.work(len(s))
		}
	case Object:
		if with, is := v.object.(attributes); is && key.kind == String {
			return with.attribute(key.text()), nil
		}
	}
	return undefined, nil
}

func (a *access) item(v, key Value) (Value, error) {
	if key.kind != Int && key.kind != Bool {
		return labelled(v, key), nil
	}
	items, err := a.items(v)
	if err != nil {
		return undefined, err
	}
	if i, ok := place(key, len(items)); ok {
		return items[i], nil
	}
	return undefined, nil
}

// labelled gives the item of a list by its name.
func labelled(v, key Value) Value {
	l, is := v.object.(*list)
	if !is || key.kind != String || l.names == nil {
		return undefined
	}
	if i := indexOf(l.names, key.text()); i >= 0 {
		return l.items[i]
	}
	return undefined
}

// attributes are what an Object has members by.
type attributes interface{ attribute(name string) Value }

// place counts an index below 0 from the end.
func place(key Value, length int) (int, bool) {
	if !key.isSmall() {
		return 0, false
	}
	i := key.small()
	if i < 0 {
		i += int64(length)
	}
	return int(i), i >= 0 && i < int64(length)
}

func runes(s string) int { return strings.Count(s, "") - 1 }

// walk follows constant steps.
func (a *access) walk(v Value, steps []Step) (Value, error) {
	for i := range steps {
		var err error
		if v, err = a.follow(v, &steps[i]); err != nil {
			return undefined, err
		}
	}
	return v, nil
}

// follow goes one constant step.
func (a *access) follow(v Value, s *Step) (Value, error) {
	switch {
	case s.Number && (v.kind != Dict || s.Name == ""):
		return a.inside(v, integer(s.Index))
	case v.kind == Dict && v.raw: // the commonest
		found, _, err := a.named(v, s.Name)
		return found, err
	}
	return a.inside(v, text(s.Name))
}

// along follows a path that was computed; what is missing is otherwise.
func (a *access) along(v Value, path []Value, otherwise Value) (Value, error) {
	for _, key := range path {
		var err error
		if v, err = a.inside(v, key); err != nil {
			return undefined, err
		}
		if v.kind == Undefined {
			v = otherwise
		}
	}
	return v, nil
}
