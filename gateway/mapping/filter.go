package mapping

import (
	"strings"
	"time"

	"hookgate/gateway"
)

// Filter is the conditions that an event must meet, compiled. It never changes.
type Filter struct {
	set  *Set
	when []condition
	work time.Duration
}

// CompileFilter compiles conditions over an event: paths lead into its item. The faults
// name places such as filter[0].any[1].path; where there are any, the Filter is nil.
func CompileFilter(list []gateway.Condition, b Bounds) (*Filter, []gateway.Fault) {
	c := newCompiler(b)
	f := &Filter{when: c.conditions("filter", list, maxWhen)}
	c.within("filter", list)
	if c.faults != nil {
		return nil, c.faults
	}
	f.set = c.builder.Set()
	f.work = f.set.work
	return f, nil
}

// Memory is about how many bytes of memory the filter takes, with its part in a JoinFilters;
// a nil one has none.
func (f *Filter) Memory() int {
	if f == nil {
		return 0
	}
	return f.set.Memory() + 2*nodeSize*len(f.set.slots)
}

// within refuses paths that do not lead into an event.
func (c *compiler) within(place string, list []gateway.Condition) {
	for i, one := range list {
		at := index(place, i)
		for one.Not != nil {
			one, at = *one.Not, at+".not"
		}
		if strings.HasPrefix(one.Path, "header:") || strings.HasPrefix(one.Path, "query:") {
			c.fault(at+".path", "must lead into the event: there is no header and no query")
		}
		c.within(at+".any", one.Any)
	}
}

// Filters are those of many endpoints, which look at one event together: all plain
// paths of all of them are found in one walk.
type Filters struct {
	set *Set
	all []joined
}

// joined is one filter; through is where its slots are in the set of all, nil for one
// that goes over the event by itself.
type joined struct {
	*Filter
	through []Slot
}

// JoinFilters joins filters, which keep their places.
func JoinFilters(all []*Filter) *Filters {
	b := NewBuilder()
	slots := map[string]Slot{}
	f := &Filters{}
	for _, one := range all {
		f.all = append(f.all, joined{one, b.join(one.set, slots)})
	}
	f.set = b.Set()
	return f
}

// join gives where the slots of a set are here; nil where one of them is an expression,
// which has slots of its own, or there would be too many places.
func (b *Builder) join(s *Set, known map[string]Slot) []Slot {
	for i := range s.slots {
		if c := &s.slots[i]; c.computed != nil || c.either != nil || b.trie.nodes > maxPlaces {
			return nil
		}
	}
	through := make([]Slot, 0, len(s.slots))
	for _, c := range s.slots {
		key := stepsKey(c.steps)
		slot, found := known[key]
		if !found || !c.plain {
			var err error
			if slot, err = b.place(c); err != nil {
				return nil
			}
		}
		if c.plain {
			known[key] = slot
		}
		through = append(through, slot)
	}
	return through
}

// Filtering looks at the events of one publish with filters, within one bound for the
// work on all of them. The zero Filtering is ready for Begin.
type Filtering struct {
	of       *Filters
	document Document
	shared   Values
	own      Values // of a filter that goes over the event by itself
}

// perEvent is which part of the bound of a single event each further one adds: a publish
// of a thousand takes no longer than five single ones may, which lets a thousand endpoints
// with a plain condition each look at all of them.
const perEvent = 250

// Begin begins to look at so many events. Those of owners that take long take turns; ""
// takes none.
func (g *Filtering) Begin(f *Filters, events int, owner string) {
	bound := f.all[0].work
	g.of, g.shared.work = f, &g.shared.own
	g.shared.own.Begin(bound+bound*time.Duration(events)/perEvent, owner)
}

// Read looks at an event, whose memory must stay as it is until the next Read.
func (g *Filtering) Read(item []byte) {
	g.document = Document{Body: JSON, Raw: item}
	g.of.set.ReadAfter(&g.document, &g.shared, &g.shared)
}

// Passes says whether the event meets the i-th filter. Where the work is over nobody
// knows, and it does: what was published is not lost for that.
func (g *Filtering) Passes(i int) bool {
	f, v := &g.of.all[i], &g.shared
	if f.through == nil {
		v = &g.own
		f.set.ReadAfter(&g.document, v, &g.shared)
	}
	v.through = f.through
	passes := allHold(f.when, v)
	v.through = nil
	return passes || v.work.Over()
}

// Over says whether the work is over: nobody knows of what comes after.
func (g *Filtering) Over() bool { return g.shared.work.Over() }

// Rest gives back the turn that was taken; it is called after each event.
func (g *Filtering) Rest() { g.shared.work.Rest() }

// Err says why events passed that nobody looked at: ErrTooComplex or ErrBusy.
func (g *Filtering) Err() error { return g.shared.Err() }

// Release lets go of the event's memory.
func (g *Filtering) Release() {
	if g.of == nil {
		return
	}
	g.own.Release()
	g.shared.Release()
	g.of, g.document = nil, Document{}
}
