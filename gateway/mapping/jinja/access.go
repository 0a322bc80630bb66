package jinja

import (
	"strings"
	"unicode/utf8"

	"hookgate/gateway/mapping/rawjson"
)

// access looks into values, and has that counted. What came from the document is read
// where it lies.
type access struct {
	meter
	opened opened
}

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
		if err := a.hashable(key, 0); err != nil {
			return undefined, false, err
		}
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
	if a.opened.is(v.source) {
		value := a.opened.find(name)
		return fromJSON(rawjson.View(value)), value != nil, a.work(len(name))
	}
	if err := a.work(len(v.source)); err != nil {
		return undefined, false, err
	}
	var value []byte
	if a.opened.open(v.source) {
		value = a.opened.find(name)
	} else {
		value = lastNamed(rawjson.Bytes(v.source), name)
	}
	return fromJSON(rawjson.View(value)), value != nil, nil
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

func runes(s string) int { return strings.Count(s, "") - 1 }
