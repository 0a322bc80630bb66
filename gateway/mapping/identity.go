package mapping

import (
	"sync"

	"hookgate/gateway"
)

// Identity says what a repeat of a message is known by: all of ID and With have to be
// the same again.
type Identity struct {
	Each     string   // a path to the messages of a request; "": the request is one
	ID, With []string // places, from the message; without any of ID it has no id
}

// identity is one Identity, ready to run.
type identity struct {
	each   Slot // NoSlot: the request is the message
	set    *Set // of a message's places; nil where they stand in the request's own
	places []Slot
	ids    int // how many of places, from the first, are ids
}

// CompileSourceOf is CompileSource for a provider whose messages are known by more
// than one path can say.
func CompileSourceOf(key gateway.KeyPlace, known []Identity, match []gateway.Match, variables []gateway.Variable) (*SourcePlan, []gateway.Fault) {
	return compileSource(key, match, variables, func(c *compiler, plan *SourcePlan) {
		for _, k := range known {
			plan.known = append(plan.known, c.identity(k))
		}
	})
}

func (c *compiler) identity(k Identity) identity {
	const at = "dedupe.id"
	of, inside := identity{each: NoSlot, ids: len(k.ID)}, c
	if k.Each != "" {
		of.each, inside = c.path(at, k.Each), newCompiler()
	}
	for _, list := range [...][]string{k.ID, k.With} {
		for _, path := range list {
			of.places = append(of.places, inside.path(at, path))
		}
	}
	if inside != c {
		c.faults = append(c.faults, inside.faults...)
		of.set = inside.builder.Set()
	}
	return of
}

// Identified says whether the plan knows messages by identities, and not by Dedupe.
func (p *SourcePlan) Identified() bool { return p.known != nil }

// Identities calls do with the id of each message of a request, in memory that is
// used again after it. all is false when a message has none, or there may be more
// messages than were found: then the request is nobody's repeat.
func (p *SourcePlan) Identities(v *Values, do func(id []byte)) (all bool) {
	s := messages.Get().(*messageReader) //nolint:forcetypeassert // the pool holds nothing else
	defer func() {
		s.values.Release()
		messages.Put(s)
	}()
	if v.doc.Body == NoBody && p.known[0].each != NoSlot || len(v.doc.Raw) > maxFound {
		return false
	}
	for i := range p.known {
		if !s.read(&p.known[i], v, do) {
			return false
		}
	}
	return v.work.left >= 0
}

// messageReader reads messages one after the other.
type messageReader struct {
	values Values
	id     []byte
}

var messages = sync.Pool{New: func() any { return new(messageReader) }}

func (s *messageReader) read(of *identity, v *Values, do func(id []byte)) bool {
	if of.each == NoSlot {
		return s.message(of, v, do)
	}
	found := v.At(of.each)
	switch found.Kind {
	case Missing:
		return true
	case Array:
	default:
		return s.item(of, found.Raw, do)
	}
	for item := range Items(found.Raw) {
		if !s.item(of, item, do) {
			return false
		}
	}
	return true
}

func (s *messageReader) item(of *identity, raw []byte, do func(id []byte)) bool {
	of.set.Read(&Document{Raw: raw, Body: JSON}, &s.values)
	return s.message(of, &s.values, do)
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
