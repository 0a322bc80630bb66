package mapping

import (
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
)

// Identity says what a repeat of a message is known by: all of ID and With have to be
// the same again.
type Identity struct {
	Each     string     // a path to a list of messages; "": what it stands in is the message
	In       []Identity // of a list whose items have lists themselves: those; else
	ID, With []string   // places, from the message; without any of ID it has no id
}

// identity is one Identity, ready to run.
type identity struct {
	each   Slot       // of the list, in the set that it stands in; NoSlot: there is none
	set    *Set       // of an item's places and lists; nil where there is no list
	in     []identity // an item's lists
	places []Slot
	ids    int // how many of places, from the first, are ids
}

// mostNested bounds how deep lists stand in lists.
const mostNested = 3

// CompileSourceOf is CompileSource for a provider whose messages are known by more
// than one path can say.
func CompileSourceOf(
	whom Whom, known []Identity, match []gateway.Match, variables []gateway.Variable, b Bounds,
) (*SourcePlan, []gateway.Fault) {
	return compileSource(whom, match, variables, b, func(c *compiler, plan *SourcePlan) {
		plan.known = c.identities(known, mostNested)
	})
}

func (c *compiler) identities(known []Identity, deep int) (all []identity) {
	const at = "dedupe.id"
	if deep < 0 {
		c.fault(at, "at most %d lists stand in one another", mostNested)
		return nil
	}
	for _, k := range known {
		of, inside := identity{each: NoSlot, ids: len(k.ID)}, c
		if k.Each != "" {
			of.each, inside = c.path(at, k.Each), newCompiler(c.builder.bounds)
		}
		of.in = inside.identities(k.In, deep-1)
		for _, list := range [...][]string{k.ID, k.With} {
			for _, path := range list {
				of.places = append(of.places, inside.path(at, path))
			}
		}
		if inside != c {
			c.faults = append(c.faults, inside.faults...)
			of.set = inside.builder.Set()
		}
		all = append(all, of)
	}
	return all
}

// Identified says whether the plan knows messages by identities, and not by Dedupe.
func (p *SourcePlan) Identified() bool { return p.known != nil }

// Identities calls do with the id of each message of a request, in memory that is
// used again after it. all is false when a message has none, or not all of the request
// could be looked at: then it is nobody's repeat.
func (p *SourcePlan) Identities(v *Values, do func(id []byte)) (all bool) {
	s := newMessageReader()
	defer s.free()
	all, _ = s.read(p.known, v, 0, do)
	return all && !v.work.Over()
}

// messageReader reads messages one after the other.
type messageReader struct {
	items [mostNested]Values // the items that are read, from the outside
	id    []byte
}

var messages = sync.Pool{New: func() any { return new(messageReader) }}

func newMessageReader() *messageReader {
	return messages.Get().(*messageReader) //nolint:forcetypeassert // the pool holds nothing else
}

func (s *messageReader) free() {
	for i := range s.items {
		s.items[i].Release()
	}
	messages.Put(s)
}

// read reads what stands in one item, or the request; there says whether anything of
// it did.
func (s *messageReader) read(known []identity, v *Values, deep int, do func(id []byte)) (all, there bool) {
	for i := range known {
		of := &known[i]
		if of.each == NoSlot {
			return s.message(of, v, do), true
		}
		found := v.At(of.each)
		if found.Kind == Missing {
			continue
		}
		if there = true; found.Kind != Array {
			return false, true
		}
		for raw := range rawjson.Items(found.Raw) {
			if !s.item(of, raw, v, deep, do) {
				return false, true
			}
		}
	}
	return true, there
}

// item reads one item of a list. One that has lists, but none that is known, has no
// id. All items of a request are one bound of work.
func (s *messageReader) item(of *identity, raw []byte, around *Values, deep int, do func(id []byte)) bool {
	v := &s.items[deep]
	of.set.ReadAfter(&Document{Raw: raw, Body: JSON}, v, around)
	if v.Err() != nil {
		return false
	}
	if of.in == nil {
		return s.message(of, v, do)
	}
	all, there := s.read(of.in, v, deep+1, do)
	return all && there
}

// message gives the id of one: the JSON texts of its places, parted by commas, which
// tells apart where what is missing stood, too. None follow the last that is there.
func (s *messageReader) message(of *identity, v *Values, do func(id []byte)) bool {
	s.id = s.id[:0]
	end, has := 0, false
	for i, slot := range of.places {
		if i > 0 {
			s.id = append(s.id, ',')
		}
		value := v.At(slot)
		if len(value.Raw) == 0 || value.Kind == Null {
			continue
		}
		if value.Kind == Text {
			s.id = gateway.AppendString(s.id, string(value.Raw))
		} else {
			s.id = append(s.id, value.Raw...)
		}
		end, has = len(s.id), has || i < of.ids
	}
	if has {
		do(s.id[:end])
	}
	return has
}
