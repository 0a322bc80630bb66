package mapping

import "time"

// Slot is where the value of one path stands in Values.
type Slot int32

// NoSlot is the slot of no path; its value is missing.
const NoSlot Slot = -1

// Builder gathers paths into one Set. Equal paths share a slot.
type Builder struct {
	trie   trie
	slots  []compiled
	byPath map[string]Slot

	// For the templates.
	resolve func(name string) (path, otherwise []string)
	byName  map[string]Slot
	tags    int
}

// NewBuilder gives an empty Builder.
func NewBuilder() *Builder {
	return &Builder{trie: newTrie(), byPath: make(map[string]Slot), byName: make(map[string]Slot)}
}

// Path compiles a path of any kind; the error is a *PathError.
func (b *Builder) Path(path string) (Slot, error) {
	if slot, known := b.byPath[path]; known {
		return slot, nil
	}
	c, err := compilePath(path, b.plain)
	if err != nil {
		return NoSlot, err
	}
	slot, err := b.place(c)
	if err == nil {
		b.byPath[path] = slot
	}
	return slot, err
}

// plain gives the slot for a plain path inside an expression.
func (b *Builder) plain(steps []step) (Slot, error) { return b.place(compiled{steps: steps}) }

func (b *Builder) place(c compiled) (Slot, error) {
	slot := Slot(len(b.slots))
	if c.isPlain() {
		if err := b.trie.add(c.steps, slot); err != nil {
			return NoSlot, err
		}
	}
	b.slots = append(b.slots, c)
	return slot, nil
}

func (c *compiled) isPlain() bool {
	return c.header == "" && c.param == "" && c.query == nil && c.computed == nil && c.either == nil
}

// Set gives the paths gathered so far; the Builder is not used after it.
func (b *Builder) Set() *Set { return &Set{trie: b.trie, slots: b.slots} }

// Set is paths compiled together. It never changes, and any number of callbacks
// may be read with it at once.
type Set struct {
	trie  trie
	slots []compiled
}

// Read looks the paths up in a callback. Plain paths are found here, all in one
// walk over the body; the other kinds when At asks for them, so that what no
// outcome needs costs nothing. The document's memory must stay as it is until v
// is read with another one or released.
func (s *Set) Read(doc *Document, v *Values) {
	v.begin(s, *doc)
	if doc.hasPaths() {
		v.walk(s.trie.root, doc.Raw, skipSpace(doc.Raw, 0))
	}
	if v.work.left < 0 { // half of what there is would be worse than nothing
		clear(v.values)
	}
}

// Values holds what the paths of a Set found in one callback. It may be used
// again for the next, and kept in a pool between.
type Values struct {
	set     *Set
	doc     Document
	values  []Value
	asked   []uint32 // by slot: the round in which a lazy path was run
	seen    []uint32 // by node: the round in which it was walked
	round   uint32
	scratch []byte // unescaped text, for the moment

	// What was used up for this document, all together.
	work     work
	rendered time.Duration
	written  int // bytes that templates made

	rendering // of the template that is rendered now
}

func (v *Values) begin(s *Set, doc Document) {
	if v.set != s {
		v.set = s
		v.values = resize(v.values, len(s.slots))
		v.asked = resize(v.asked, len(s.slots))
		v.seen = resize(v.seen, s.trie.nodes)
		v.round = 0
	}
	clear(v.values)
	v.doc = doc
	if v.round++; v.round == 0 { // old marks would count again
		clear(v.asked)
		clear(v.seen)
		v.round = 1
	}
	v.work, v.rendered, v.written, v.steps = work{left: maxWork}, 0, 0, 0
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Release lets go of the callback's memory, before v goes back to a pool.
func (v *Values) Release() {
	v.doc = Document{}
	clear(v.values)
	if cap(v.leaf) > maxKept {
		v.leaf = nil
	}
}

// maxKept is the largest buffer that waits in a pool for the next document.
const maxKept = 64 << 10

func (v *Values) put(slot Slot, raw []byte) {
	value := valueOf(raw)
	value.Loose = value.Kind == String && v.doc.Body == Fields
	v.values[slot] = value
}

// At gives what the slot's path found.
func (v *Values) At(slot Slot) Value {
	if slot == NoSlot {
		return Value{}
	}
	c := &v.set.slots[slot]
	if c.isPlain() || v.asked[slot] == v.round {
		return v.values[slot]
	}
	v.asked[slot] = v.round
	switch {
	case c.header != "":
		v.values[slot] = textValue(v.doc.header(c.header))
	case c.param != "":
		v.values[slot] = textValue(v.doc.param(c.param))
	case !v.doc.hasPaths():
	case c.query != nil:
		if raw := c.query.find(v.doc.Raw, &v.work); raw != nil {
			v.put(slot, raw)
		}
	case c.either != nil:
		v.values[slot] = c.either.at(v)
	default:
		if value, _ := v.compute(c.computed); value.Kind != Missing {
			v.put(slot, value.Raw)
		}
	}
	return v.values[slot]
}

func textValue(text []byte, found bool) Value {
	if !found {
		return Value{}
	}
	return Value{Kind: Text, Loose: true, Raw: text}
}

// maxWork is how many bytes the JSONPaths and conditions of one callback may pass
// over, and plain paths pass over again, all together: 128 times the largest body,
// which takes about as long as expressions may. A hostile path, such as
// $..[*][*][*], then finds nothing, and a hostile body fits no condition, instead
// of taking long.
const maxWork = 128 << 20

// work counts down what is left of a bound.
type work struct{ left int }

// spend is false when the bound is used up.
func (w *work) spend(n int) bool {
	w.left -= n
	return w.left >= 0
}
