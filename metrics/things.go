package metrics

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A tenant, each part of one and each route are things that have series of their own.
// Those of a thing are shown once it is born: with the first sign of life of its tenant,
// or of the route; or when it is made, while few series are shown of what never lived.
// Then all of them are there, with every value of each closed label, at 0.

// idleSeries bounds how many series are shown of things that have shown no life. A
// gateway that has fewer in all shows everything from the start.
const idleSeries = 10_000

// thing is what all of them have.
type thing struct {
	owner  *owner
	id     string
	series int           // how many it will have
	idle   bool          // it was born early, and counts among the idle; guarded by the shelf
	born   atomic.Uint64 // its number among all that were born; 0: it is not
	at     atomic.Int64  // when, in Unix nanoseconds
}

// owner is a tenant, known by its name, with all its parts; or a route. What is in a list
// is never changed in place: a scrape reads the list that it found.
type owner struct {
	shelf     *shelf
	name      string
	alive     bool // guarded by the shelf, as is the rest
	idle      int  // things that were born early
	tenant    *Tenant
	sources   []*Source
	endpoints []*Endpoint
	webhooks  []*Webhook
	route     *Route
}

// shelf is where all things stand.
type shelf struct {
	mu      sync.Mutex
	tenants map[string]*owner
	routes  map[string]*owner
	births  uint64
	idle    int // series of things that were born early and have shown no life
	most    int // idle ones
}

func newShelf() *shelf {
	return &shelf{tenants: map[string]*owner{}, routes: map[string]*owner{}, most: idleSeries}
}

// ownerOf gives the owner of a name, made when it is new. The shelf is locked.
func (s *shelf) ownerOf(all map[string]*owner, name string) *owner {
	o := all[name]
	if o == nil {
		o = &owner{shelf: s, name: name}
		all[name] = o
	}
	return o
}

// made lets a new thing be born at once where its owner lives, or few idle series are
// shown. The shelf is locked.
func (s *shelf) made(t *thing, o *owner, id string, series int) {
	t.owner, t.id, t.series = o, id, series
	switch {
	case o.alive:
		s.bear(t)
	case s.idle+series <= s.most:
		t.idle = true
		o.idle++
		s.idle += series
		s.bear(t)
	}
}

func (s *shelf) bear(t *thing) {
	if t.born.Load() == 0 {
		s.births++
		t.at.Store(time.Now().UnixNano())
		t.born.Store(s.births)
	}
}

// rouse takes a thing out of the idle ones.
func (s *shelf) rouse(t *thing) {
	if t.idle {
		t.idle = false
		t.owner.idle--
		s.idle -= t.series
	}
}

// lives is the first sign of life of anything of an owner: all that it has is born.
func (o *owner) lives() {
	s := o.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.alive {
		return
	}
	o.alive = true
	for t := range o.things {
		s.rouse(t)
		s.bear(t)
	}
}

// things visits the owner and all its parts.
func (o *owner) things(yield func(*thing) bool) {
	ok := (o.tenant == nil || yield(&o.tenant.thing)) && (o.route == nil || yield(&o.route.thing))
	ok = ok && each(o.sources, func(s *Source) bool { return yield(&s.thing) })
	ok = ok && each(o.endpoints, func(e *Endpoint) bool { return yield(&e.thing) })
	_ = ok && each(o.webhooks, func(w *Webhook) bool { return yield(&w.thing) })
}

func each[P any](list []P, yield func(P) bool) bool {
	for _, p := range list {
		if !yield(p) {
			return false
		}
	}
	return true
}

// first gives a thing what it counts with, and tells of its first sign of life.
func first[C any](t *thing, at *atomic.Pointer[C], made *C) *C {
	at.CompareAndSwap(nil, made)
	t.owner.lives()
	return at.Load()
}

// forget lets an owner go with all that it has: what still counts on it is seen no more.
func (s *shelf) forget(all map[string]*owner, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := all[name]
	if o == nil {
		return
	}
	delete(all, name)
	o.alive = true // so that stragglers bear nothing, and no new part counts among the idle
	for t := range o.things {
		s.rouse(t)
	}
}

// part is a source, an endpoint or a webhook.
type part interface{ asThing() *thing }

func (t *thing) asThing() *thing { return t }

func placeOf[P part](list []P, id string) (int, bool) {
	return slices.BinarySearchFunc(list, id, func(p P, id string) int { return cmp.Compare(p.asThing().id, id) })
}

// partOf gives the part of a tenant that has an id, made when it is new. series is how
// many it will have.
func partOf[P part](s *shelf, tenant, id string, series int, list func(*owner) *[]P, made func() P) P {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.ownerOf(s.tenants, tenant)
	parts := list(o)
	i, found := placeOf(*parts, id)
	if found {
		return (*parts)[i]
	}
	p := made()
	s.made(p.asThing(), o, id, series)
	*parts = slices.Concat((*parts)[:i], []P{p}, (*parts)[i:])
	return p
}

// forgetPart lets a part go.
func forgetPart[P part](s *shelf, tenant, id string, list func(*owner) *[]P) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.tenants[tenant]
	if o == nil {
		return
	}
	parts := list(o)
	if i, found := placeOf(*parts, id); found {
		s.rouse((*parts)[i].asThing())
		*parts = slices.Delete(slices.Clone(*parts), i, i+1)
	}
}
