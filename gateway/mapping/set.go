package mapping

import (
	"slices"
	"time"

	"hookgate/gateway/mapping/pattern"
)

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
	resolve func(name string) (places [][]string)
	byName  map[string]Slot
	tags    int
	words   int // of them

	scoped bool       // paths may begin with an item of the request: see itemName
	within int        // how many of them do
	lists  [][]string // through which members such items are reached from the body's root
	wholes int        // how many paths lead into one of these, and do not begin with the item

	bounds   Bounds
	patterns *pattern.Compiler
}

// NewBuilder gives an empty Builder with the default bounds.
func NewBuilder() *Builder { return newBuilder(Bounds{}) }

func newBuilder(b Bounds) *Builder {
	b = b.Filled()
	return &Builder{
		trie: newTrie(), byPath: make(map[string]Slot), byName: make(map[string]Slot), bounds: b, patterns: pattern.NewCompiler(b.Pattern, b.Peaks.Pattern),
	}
}

// Path compiles a path of any kind; the error is a *PathError.
func (b *Builder) Path(path string) (Slot, error) {
	if slot, known := b.byPath[path]; known {
		return slot, nil
	}
	before, wholes := b.within, b.wholes
	c, err := compilePath(path, b.patterns, b.plain)
	if err != nil {
		return NoSlot, err
	}
	c.item, c.whole = b.within > before, b.wholes > wholes // an expression with such a path in it
	slot, err := b.place(c)
	switch {
	case err != nil:
		return NoSlot, err
	case b.trie.nodes > maxPlaces:
		return NoSlot, pathError(0, "all paths together look into more than %d places", maxPlaces)
	}
	b.byPath[path] = slot
	switch {
	case c.computed != nil || c.either != nil:
		b.words += len(path) / 2 // an operand and its sign
	case c.query != nil:
		b.words += len(path) / 8
	}
	return slot, nil
}

// plain gives the slot for a plain path inside an expression.
func (b *Builder) plain(steps []step) (Slot, error) { return b.place(compiled{steps: steps}) }

func (b *Builder) place(c compiled) (Slot, error) {
	slot := Slot(len(b.slots))
	b.scope(&c)
	if c.plain = c.isPlain(); c.plain || c.query != nil {
		b.looksWhole(&c)
	}
	if c.plain {
		add := b.trie.add
		if c.item {
			add = b.trie.addItem
		}
		if err := add(c.steps, slot); err != nil {
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
func (b *Builder) Set() *Set {
	s := &Set{trie: b.trie, slots: b.slots, work: b.bounds.Work, peaks: b.bounds.Peaks, memory: b.memory()}
	for slot := range s.slots {
		if s.slots[slot].item {
			s.items = append(s.items, Slot(slot))
		}
	}
	return s
}

// Set is paths compiled together. It never changes, and any number of callbacks
// may be read with it at once.
type Set struct {
	trie  trie
	slots []compiled
	items []Slot        // of the paths that an item has its own value for
	work  time.Duration // for one document
	peaks *Peaks

	memory int
}

// Memory is about how many bytes of memory the set takes, with the patterns and the
// templates that were compiled beside it: a short text may have a thousand times as much.
// A nil Set has none.
func (s *Set) Memory() int {
	if s == nil {
		return 0
	}
	return s.memory
}

func (b *Builder) memory() int {
	return b.patterns.Memory() + nodeSize*(b.trie.nodes+len(b.slots)) + wordSize*b.words
}

// What a place or a path, and a word of a template, take at most, in bytes.
const (
	nodeSize = 256
	wordSize = 64
)

// Plain says whether one walk finds all there is: no path computes, searches, or looks
// outside the body.
func (s *Set) Plain() bool {
	for i := range s.slots {
		if !s.slots[i].plain {
			return false
		}
	}
	return true
}

// Looks says whether any path looks into the body.
func (s *Set) Looks() bool {
	return slices.ContainsFunc(s.slots, func(c compiled) bool { return c.header == "" && c.param == "" })
}

// Read looks the paths up in a callback. Plain paths are found here, all in one
// walk over the body; the other kinds when At asks for them, so that what no
// outcome needs costs nothing. The document's memory must stay as it is until v
// is read with another one or released.
func (s *Set) Read(doc *Document, v *Values) {
	v.work = &v.own
	v.own.Begin(s.work, v.owner)
	v.read(s, doc)
}

// ReadAfter is Read with what is left of the work that before may take, for whoever
// looks at the same callback with other paths. before is not released until v is.
func (s *Set) ReadAfter(doc *Document, v, before *Values) {
	v.work = before.work
	v.read(s, doc)
}
