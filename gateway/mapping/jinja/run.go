package jinja

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"
)

// The bounds of one render. Work and output are bounded by its Env and by what Append
// is told, because several templates may share them.
const (
	maxMade  = 4 << 20   // bytes of all that one render makes
	maxText  = 512 << 10 // bytes of one text
	maxItems = 4096      // items of one list
	maxDepth = 64        // of calls within calls, and of values within values
)

// Why a render ends before its end.
var (
	errMade  = errors.New("what the template makes has more than 4 MiB in all, or a text more than 512 KiB")
	errItems = errors.New("a list or an object has more than 4096 items")
	errDepth = errors.New("calls or values are nested more than 64 deep")
	errSize  = errors.New("all that is rendered has more than 1 MiB")
	errKinds = errors.New("this is neither a list, an object nor a string")
)

// Env is what a render may ask of the world.
type Env interface {
	// Raw gives the JSON at a place that a Resolver named, "" where nothing is there.
	// It must not change until the render has ended.
	Raw(place int) (json string, err error)
	// Step asks for leave to do so much work: a unit is about 50 ns. What it answers
	// ends the render.
	Step(work int) error
}

// run is one render.
type run struct {
	env   Env
	out   []byte
	most  int // how long out may become
	held  int // bytes that were made, and that a name may keep
	depth int
	frame *frame
}

// frame holds what the names of one scope were given.
type frame struct {
	outer *frame
	vars  []Value
}

func newFrame(outer *frame, size int) *frame {
	f := &frame{outer: outer}
	if size > 0 {
		f.vars = make([]Value, size)
		f.clear()
	}
	return f
}

func (f *frame) clear() {
	for i := range f.vars {
		f.vars[i] = Value{kind: unset}
	}
}

// within runs something in a frame of its own.
func (r *run) within(f *frame, do func() error) error {
	if r.depth++; r.depth > maxDepth {
		r.depth--
		return errDepth
	}
	outer := r.frame
	r.frame = f
	err := do()
	r.frame = outer
	r.depth--
	return err
}

// deeper and back bound how deep values are compared.
func (r *run) deeper() *run {
	r.depth++
	return r
}

func (r *run) back(err error) error {
	r.depth--
	if err == nil && r.depth >= 2*maxDepth {
		return errDepth
	}
	return err
}

func (r *run) step() error { return r.env.Step(1) }

// work asks for leave to look through so many bytes, or to copy them.
func (r *run) work(bytes int) error { return r.env.Step(1 + bytes/byteUnit) }

// How many bytes are looked through in a unit, and how many units it takes to make a
// value of one item, or of one member and its name.
const (
	byteUnit    = 8
	itemUnits   = 3
	memberUnits = 10
)

// made counts a text that was made.
func (r *run) made(s string) (Value, error) {
	if r.held += len(s); r.held > maxMade || len(s) > maxText {
		return undefined, errMade
	}
	return text(s), r.work(len(s))
}

// list counts a list that was made.
func (r *run) list(items []Value, isTuple bool) (Value, error) {
	if len(items) > maxItems {
		return undefined, errItems
	}
	if r.held += 16 * len(items); r.held > maxMade {
		return undefined, errMade
	}
	return Value{kind: List, object: &list{items: items}, flag: isTuple}, r.env.Step(1 + len(items))
}

// dict counts an object that was made.
func (r *run) dict(d *dict) (Value, error) {
	if len(d.keys) > maxItems {
		return undefined, errItems
	}
	if r.held += 64 * len(d.keys); r.held > maxMade {
		return undefined, errMade
	}
	return mapping(d), r.env.Step(1 + memberUnits*len(d.keys))
}

// items gives what a list holds. It must not be changed.
func (r *run) items(v Value) ([]Value, error) {
	if l, is := v.object.(*list); is {
		return l.items, nil
	}
	if err := r.work(len(v.json)); err != nil {
		return nil, err
	}
	var all []Value
	gjson.Parse(v.json).ForEach(func(_, item gjson.Result) bool {
		all = append(all, fromJSON(item.Raw))
		return len(all) <= maxItems
	})
	if len(all) > maxItems {
		return nil, errItems
	}
	return all, r.env.Step(itemUnits * len(all))
}

// members gives what an object holds. It must not be changed.
func (r *run) members(v Value) (*dict, error) {
	if d, is := v.object.(*dict); is {
		return d, nil
	}
	if err := r.work(len(v.json)); err != nil {
		return nil, err
	}
	d := newDict(8)
	gjson.Parse(v.json).ForEach(func(key, member gjson.Result) bool {
		_ = d.set(text(key.String()), fromJSON(member.Raw)) // a string has a hash
		return len(d.keys) <= maxItems
	})
	if len(d.keys) > maxItems {
		return nil, errItems
	}
	return d, r.env.Step(memberUnits * len(d.keys))
}

// member gives a member of an object; of several with one name the last counts.
func (r *run) member(v, key Value) (found Value, is bool, err error) {
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
	if err := r.work(len(v.json)); err != nil {
		return undefined, false, err
	}
	name := key.text()
	gjson.Parse(v.json).ForEach(func(k, member gjson.Result) bool {
		if k.String() == name {
			found, is = fromJSON(member.Raw), true
		}
		return true
	})
	return found, is, nil
}

// each gives what a for goes over: the items of a list, the keys of an object, the
// characters of a string; nothing for what is missing.
func (r *run) each(v Value) ([]Value, error) {
	switch v.kind {
	case Undefined:
		return nil, nil
	case List:
		return r.items(v)
	case Dict:
		d, err := r.members(v)
		if err != nil {
			return nil, err
		}
		return d.keys, nil
	case String:
		return r.characters(v.text())
	}
	return nil, errKinds
}

func (r *run) characters(s string) ([]Value, error) {
	if err := r.work(len(s)); err != nil {
		return nil, err
	}
	all := make([]Value, 0, min(len(s), maxItems))
	for i, c := range s {
		if len(all) == maxItems {
			return nil, errItems
		}
		all = append(all, text(s[i:i+len(string(c))]))
	}
	return all, r.env.Step(itemUnits * len(all))
}

// length is how many characters, items or members there are.
func (r *run) length(v Value) (int, error) {
	switch v.kind {
	case Undefined:
		return 0, nil
	case String:
		s := v.text()
		return runes(s), r.work(len(s))
	case List:
		items, err := r.items(v)
		return len(items), err
	case Dict:
		d, err := r.members(v)
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

// write prints a value.
func (r *run) write(v Value) error {
	switch v.kind {
	case Undefined, None:
		return nil
	case String:
		if v.json == "" {
			r.out = append(r.out, v.str...)
			return r.fits()
		}
	case List, Dict:
		if err := r.printable(v, 0); err != nil {
			return err
		}
	}
	r.out = v.appendText(r.out)
	return r.fits()
}

// printable counts what a list or object prints, before it does: a list may hold
// another many times.
func (r *run) printable(v Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	var size int
	switch o := v.object.(type) {
	case *list:
		for _, item := range o.items {
			if err := r.printable(item, depth+1); err != nil {
				return err
			}
		}
	case *dict:
		for i, item := range o.values {
			size += len(o.keys[i].str) + len(o.keys[i].json)
			if err := r.printable(item, depth+1); err != nil {
				return err
			}
		}
	}
	size += len(v.json) + len(v.str)
	if r.held += size; r.held > maxMade {
		return errMade
	}
	return r.work(size)
}

func (r *run) fits() error {
	if len(r.out) > r.most {
		return errSize
	}
	return nil
}

// say gives what a value prints as, counted.
func (r *run) say(v Value) (string, error) {
	switch v.kind {
	case String:
		s := v.text()
		return s, r.work(len(s))
	case List, Dict:
		if err := r.printable(v, 0); err != nil {
			return "", err
		}
	}
	return v.print(), r.step()
}

// captured gives what something writes.
func (r *run) captured(do func() error) (string, error) {
	out, most := r.out, r.most
	r.out, r.most = nil, maxText
	err := do()
	made := r.out
	r.out, r.most = out, most
	if err != nil {
		return "", err
	}
	if r.held += len(made); r.held > maxMade {
		return "", errMade
	}
	return string(made), nil
}

// inside gives the item or member of a value; missing where there is none.
func (r *run) inside(v, key Value) (Value, error) {
	if err := r.step(); err != nil {
		return undefined, err
	}
	switch v.kind {
	case Dict:
		found, _, err := r.member(v, key)
		return found, err
	case List:
		if key.kind != Int && key.kind != Bool {
			return named(v, key), nil
		}
		items, err := r.items(v)
		if err != nil {
			return undefined, err
		}
		if i, ok := place(key, len(items)); ok {
			return items[i], nil
		}
	case String:
		if key.kind != Int && key.kind != Bool {
			return undefined, nil
		}
		s := v.text()
		if i, ok := place(key, runes(s)); ok {
			return text(string([]rune(s)[i])), r.work(len(s))
		}
	case Object:
		if with, is := v.object.(attributes); is && key.kind == String {
			return with.attribute(key.text()), nil
		}
	}
	return undefined, nil
}

// named gives the item of a list by its name.
func named(v, key Value) Value {
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
