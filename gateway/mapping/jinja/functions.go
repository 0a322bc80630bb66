package jinja

import (
	"errors"
	"strings"
)

var errRange = errors.New("range() takes whole numbers, and no step of 0")

// functions are those that every template has. A template may give their names to
// something else.
var functions map[string]*function

func init() {
	functions = map[string]*function{}
	for name, do := range map[string]func(*run, *args) (Value, error){
		"range": ranged, "dict": dictOf, "namespace": namespaceOf, "joiner": joinerOf, "cycler": cyclerOf,
	} {
		functions[name] = &function{name, do}
	}
}

func ranged(r *run, a *args) (Value, error) {
	if len(a.list) == 0 || len(a.list) > 3 || len(a.names) > 0 {
		return undefined, errArguments
	}
	bounds := [3]int64{0, 0, 1}
	for i, v := range a.list {
		if v.kind != Int && v.kind != Bool || !v.isSmall() {
			return undefined, errRange
		}
		bounds[i] = v.small()
	}
	from, to, by := bounds[0], bounds[1], bounds[2]
	if len(a.list) == 1 {
		from, to = 0, from
	}
	if by == 0 {
		return undefined, errRange
	}
	var all []Value
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		if len(all) == maxItems {
			return undefined, errItems
		}
		all = append(all, Value{kind: Int, num: i})
		if next := i + by; (next > i) != (by > 0) {
			break // beyond 64 bits
		}
	}
	return r.list(all, false)
}

// dictOf is dict(): of another object, of pairs, and of what has a name.
func dictOf(r *run, a *args) (Value, error) {
	d := newDict(len(a.names))
	if len(a.list) > 1 {
		return undefined, errArguments
	}
	if len(a.list) == 1 {
		if err := r.fill(d, a.list[0]); err != nil {
			return undefined, err
		}
	}
	for i, name := range a.names {
		if err := d.set(text(name), a.named[i]); err != nil {
			return undefined, err
		}
	}
	return r.dict(d)
}

// fill puts the members of an object, or pairs, into another.
func (r *run) fill(d *dict, from Value) error {
	if from.kind == Dict {
		members, err := r.members(from)
		if err != nil {
			return err
		}
		for i, key := range members.keys {
			if err := r.put(d, key, members.values[i]); err != nil {
				return err
			}
		}
		return nil
	}
	pairs, err := r.each(from)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		two, err := r.each(pair)
		if err != nil {
			return err
		}
		if len(two) != 2 {
			return errUnpack
		}
		if err := r.put(d, two[0], two[1]); err != nil {
			return err
		}
	}
	return nil
}

// put puts a member into an object, and counts what that takes.
func (r *run) put(d *dict, key, v Value) error {
	if err := r.hashable(key, 0); err != nil {
		return err
	}
	return d.set(key, v)
}

// namespace is what may be changed: {% set ns.a = 1 %}.
type namespace struct{ members *dict }

func namespaceOf(r *run, a *args) (Value, error) {
	v, err := dictOf(r, a)
	if err != nil {
		return undefined, err
	}
	return object(&namespace{v.object.(*dict)}), nil
}

func (n *namespace) show() string { return "<namespace>" }

func (n *namespace) attribute(name string) Value {
	v, _ := n.members.get(text(name))
	return v
}

func (n *namespace) set(name string, v Value) error {
	if len(n.members.keys) >= maxItems {
		return errItems
	}
	return n.members.set(text(name), v)
}

// joiner gives nothing the first time, and a separator from then on.
type joiner struct {
	with Value
	used bool
}

func joinerOf(_ *run, a *args) (Value, error) {
	given, err := a.bind([]string{"sep"}, 0)
	if err != nil {
		return undefined, err
	}
	return object(&joiner{with: given[0].or(text(", "))}), nil
}

func (j *joiner) show() string { return "<joiner>" }

func (j *joiner) call(_ *run, a *args) (Value, error) {
	if len(a.list)+len(a.names) > 0 {
		return undefined, errArguments
	}
	if !j.used {
		j.used = true
		return empty, nil
	}
	return j.with, nil
}

// cycler goes round its items.
type cycler struct {
	items []Value
	at    int
}

func cyclerOf(_ *run, a *args) (Value, error) {
	if len(a.list) == 0 || len(a.names) > 0 {
		return undefined, errArguments
	}
	return object(&cycler{items: a.list}), nil
}

func (c *cycler) show() string { return "<cycler>" }

func (c *cycler) attribute(name string) Value {
	switch name {
	case "current":
		return c.items[c.at]
	case "next":
		return object(&function{"next", func(*run, *args) (Value, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}})
	case "reset":
		return object(&function{"reset", func(*run, *args) (Value, error) {
			c.at = 0
			return none, nil
		}})
	}
	return undefined
}

// escaped is a text as safe HTML.
func escaped(v Value) Value {
	if v.kind == String && v.flag {
		return v
	}
	return safe(htmlEscapes.Replace(v.print()))
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;")
