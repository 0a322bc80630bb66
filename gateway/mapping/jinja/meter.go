package jinja

import "errors"

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
	errKinds = errors.New("this is neither a list, an object nor a string")
)

// ErrSize ends a render that makes more than Append was told.
var ErrSize = errors.New("all that is rendered has more than 1 MiB")

// Env is what a render may ask of the world.
type Env interface {
	// Raw gives the JSON at a place that a Resolver named, "" where nothing is there.
	// It must not change until the render has ended.
	Raw(place int) (json string, err error)
	// Step asks for leave to do so much work: a unit is about 50 ns. What it answers
	// ends the render.
	Step(work int) error
}

// meter counts what one render does and what it makes. It asks for leave before.
type meter struct {
	env   Env
	held  int // bytes that were made, and that a name may keep
	depth int
}

// deeper and back bound how deep values are compared, and count each that is: a list may
// hold another many times, which is twice as many with every list around them.
func (m *meter) deeper() error {
	m.depth++
	return m.step()
}

func (m *meter) back(err error) error {
	m.depth--
	if err == nil && m.depth >= 2*maxDepth {
		return errDepth
	}
	return err
}

func (m *meter) step() error { return m.env.Step(1) }

// work asks for leave to look through so many bytes, or to copy them.
func (m *meter) work(bytes int) error { return m.env.Step(1 + bytes/byteUnit) }

// How many bytes are looked through in a unit, and how many units it takes to make a
// value of one item, or of one member and its name.
const (
	byteUnit    = 8
	itemUnits   = 3
	memberUnits = 10
)

// hold counts bytes that were made.
func (m *meter) hold(bytes int) error {
	if m.held += bytes; m.held > maxMade {
		return errMade
	}
	return nil
}

// made counts a text that was made.
func (m *meter) made(s string) (Value, error) {
	if err := m.hold(len(s)); err != nil || len(s) > maxText {
		return undefined, errMade
	}
	return text(s), m.work(len(s))
}

// list counts a list that was made.
func (m *meter) list(items []Value, isTuple bool) (Value, error) {
	if len(items) > maxItems {
		return undefined, errItems
	}
	if err := m.hold(16 * len(items)); err != nil {
		return undefined, err
	}
	return Value{kind: List, object: &list{items: items}, flag: isTuple}, m.env.Step(1 + len(items))
}

// texts makes a list of texts.
func (m *meter) texts(parts []string) (Value, error) {
	if len(parts) > maxItems {
		return undefined, errItems
	}
	all := make([]Value, len(parts))
	for i, part := range parts {
		all[i] = text(part)
	}
	return m.list(all, false)
}

// dict counts an object that was made.
func (m *meter) dict(d *dict) (Value, error) {
	if len(d.keys) > maxItems {
		return undefined, errItems
	}
	if err := m.hold(64 * len(d.keys)); err != nil {
		return undefined, err
	}
	return mapping(d), m.env.Step(1 + memberUnits*len(d.keys))
}

// printable counts what a list or object prints, before it does: a list may hold
// another many times.
func (m *meter) printable(v Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	size := len(v.source)
	switch o := v.object.(type) {
	case *list:
		for _, item := range o.items {
			if err := m.printable(item, depth+1); err != nil {
				return err
			}
		}
	case *dict:
		for i, item := range o.values {
			size += len(o.keys[i].source)
			if err := m.printable(item, depth+1); err != nil {
				return err
			}
		}
	}
	if err := m.hold(size); err != nil {
		return err
	}
	return m.work(size)
}

// hashable counts what the hash of a key takes, before it is made.
func (m *meter) hashable(key Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	if l, is := key.object.(*list); is && key.flag {
		for _, item := range l.items {
			if err := m.hashable(item, depth+1); err != nil {
				return err
			}
		}
	}
	return m.work(len(key.source))
}

// say gives what a value prints as, counted.
func (m *meter) say(v Value) (string, error) {
	switch v.kind {
	case String:
		s := v.text()
		return s, m.work(len(s))
	case List, Dict:
		if err := m.printable(v, 0); err != nil {
			return "", err
		}
	}
	return v.print(), m.step()
}
