package waiting

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// name is one key of a conversation at one source.
type name struct{ source, key string }

func addName(names []name, n name) []name {
	for _, have := range names {
		if have == n {
			return names
		}
	}
	return append(names, n)
}

// session is an open wait. Its wait never changes: an ended one is a copy, and so is one
// that was given an alias, or extended.
type session struct {
	expiry   // at its deadline, or later when its end could not be written
	wait     *gateway.Wait
	place    place // what it has of the budgets
	names    []name
	deadline time.Time                // monotonic; see until
	order    uint64                   // in which its tenant's were opened here
	overdue  bool                     // the expirer came while another had the turn
	since    atomic.Pointer[standing] // how it stands since it was given an alias, or extended; nil: as it was opened

	final *gateway.Wait // how it ended; nil while it is open
}

// standing is how an open wait stands that is not any more as it was opened.
type standing struct {
	wait     *gateway.Wait
	deadline time.Time // monotonic
}

// now gives the wait as it stands while it is open.
func (e *session) now() *gateway.Wait {
	if s := e.since.Load(); s != nil {
		return s.wait
	}
	return e.wait
}

// until gives its deadline as it stands, monotonic.
func (e *session) until() time.Time {
	if s := e.since.Load(); s != nil {
		return s.deadline
	}
	return e.deadline
}

// becomes sets how it stands from now on. Whoever calls it has the turn.
func (e *session) becomes(w *gateway.Wait, deadline time.Time) {
	e.since.Store(&standing{w, deadline})
}

func newSession(r *room, w *gateway.Wait, deadline time.Time) *session {
	e := &session{wait: w, deadline: deadline}
	e.expiry = expiry{at: deadline, room: r, session: e, place: absent}
	e.names = make([]name, 0, 1+len(w.Aliases))
	e.names = append(e.names, name{w.Source, w.ConversationKey})
	for _, alias := range w.Aliases {
		e.names = addName(e.names, name{w.Source, alias})
	}
	return e
}

// registry is the open sessions of one tenant. It has no lock: it is under its room's.
type registry struct {
	open   map[name]*session // by each of its names
	openOf map[string]int    // open, by source
	ids    map[string]*session
	last   uint64 // order of the last that was opened
}

func newRegistry() registry {
	return registry{open: map[name]*session{}, openOf: map[string]int{}, ids: map[string]*session{}}
}

// add makes a session open under all its names.
func (g *registry) add(e *session) {
	for _, n := range e.names {
		g.open[n] = e
	}
	g.last++
	e.order = g.last
	g.openOf[e.wait.Source]++
	g.ids[e.wait.ID] = e
}

// drop takes a session out; it says whether it was there.
func (g *registry) drop(e *session) bool {
	if g.ids[e.wait.ID] != e {
		return false
	}
	for _, n := range e.names {
		if g.open[n] == e { // else it is another's: it was strange to this one
			delete(g.open, n)
		}
	}
	if g.openOf[e.wait.Source]--; g.openOf[e.wait.Source] == 0 {
		delete(g.openOf, e.wait.Source)
	}
	delete(g.ids, e.wait.ID)
	return true
}

// all gives the open sessions.
func (g *registry) all() []*session {
	all := make([]*session, 0, len(g.ids))
	for _, e := range g.ids {
		all = append(all, e)
	}
	return all
}

// span gives names together with those of every session that has one of them,
// and the session of the first that has one.
func (g *registry) span(names []name) (all []name, first *session) {
	if len(names) == 1 {
		if first = g.open[names[0]]; first != nil {
			return first.names, first
		}
		return names, nil
	}
	all = names
	for _, n := range names {
		e := g.open[n]
		if e == nil {
			continue
		}
		if first == nil {
			first = e
			all = slices.Clone(names)
		}
		for _, other := range e.names {
			all = addName(all, other)
		}
	}
	return all, first
}

// spanMany is span of many names, without the session.
func (g *registry) spanMany(names []name) []name {
	all, seen := names[:len(names):len(names)], make(map[*session]bool)
	for _, n := range names {
		if e := g.open[n]; e != nil && !seen[e] {
			seen[e] = true
			all = append(all, e.names...)
		}
	}
	return all
}

// reach gives keys together with those of the sessions that are open under one of
// them.
func (g *registry) reach(keys []string) map[string]bool {
	all := make(map[string]bool, len(keys))
	for _, key := range keys {
		all[key] = true
	}
	for _, e := range g.under(all) {
		for _, n := range e.names {
			all[n.key] = true
		}
	}
	return all
}

// under gives the sessions that are open under one of the keys, at any source; one may
// be there several times.
func (g *registry) under(keys map[string]bool) (found []*session) {
	if len(keys)*len(g.openOf) > len(g.open) {
		for n, e := range g.open {
			if keys[n.key] {
				found = append(found, e)
			}
		}
		return found
	}
	for source := range g.openOf {
		for key := range keys {
			if e := g.open[name{source, key}]; e != nil {
				found = append(found, e)
			}
		}
	}
	return found
}

// at gives the sessions that are open under any of the names, the one that was opened
// first before the others.
func (g *registry) at(names []name) (all []*session) {
	for _, n := range names {
		if e := g.open[n]; e != nil && !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *session) int { return cmp.Compare(a.order, b.order) })
	return all
}

// leaving leaves out the names of other open sessions: one conversation may have two
// that were open when it was learned that it is one, and they are not merged.
func (g *registry) leaving(names []name, e *session) (own []name) {
	for _, n := range names {
		if other := g.open[n]; other == nil || other == e {
			own = append(own, n)
		}
	}
	return own
}
