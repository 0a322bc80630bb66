package stats

import (
	"slices"
	"time"

	"hookgate/gateway/store"
)

// Query asks for the figures of one tenant, of a part of it, of it with all below it, or
// of all tenants.
type Query struct {
	Tenant string // "" is all
	Part   Part   // the zero Part: the tenant
	Tree   bool   // with all below it
	Step   time.Duration
	// Since is within the first point, and Until behind the last.
	Since, Until time.Time
}

// The steps of figures.
const (
	Minute = time.Minute
	Hour   = time.Hour
	Day    = 24 * time.Hour
)

// Point has the figures of one step.
type Point struct {
	At time.Time
	of whole
}

// Points gives the figures that are asked for, the oldest first. Points with nothing are
// left out.
func (s *Stats) Points(q Query) ([]Point, error) {
	now := s.options.Now().UTC()
	s.sample(now)
	q.Since = q.Since.UTC().Truncate(q.Step)
	if oldest := now.Add(-store.HoursKept - Day).Truncate(q.Step); q.Since.Before(oldest) {
		q.Since = oldest
	}
	if end := now.Add(q.Step); q.Until.After(end) {
		q.Until = end
	}
	s.keeping.RLock()
	defer s.keeping.RUnlock()
	var all []Point
	for _, of := range q.series() {
		own, err := s.collect(&q, of)
		if err != nil {
			return nil, err
		}
		all = merged(all, own)
	}
	return slices.DeleteFunc(all, func(p Point) bool { return p.of == whole{} }), nil
}

// merged adds up the points of two series.
func merged(a, b []Point) []Point {
	if len(a) == 0 {
		return b
	}
	for i := range b {
		at, found := slices.BinarySearchFunc(a, b[i].At, func(p Point, at time.Time) int { return p.At.Compare(at) })
		if !found {
			a = slices.Insert(a, at, b[i])
			continue
		}
		for cell, n := range b[i].of {
			a[at].of[cell] += n
		}
	}
	return a
}

// series gives what is added up.
func (q *Query) series() []store.FiguresOf {
	own := store.FiguresOf{Tenant: q.Tenant, Series: q.Part.series(), Hour: q.Step > Minute, Since: q.Since, Until: q.Until}
	switch {
	case q.Tenant == "":
		own.Tenant = everybody
	case q.Tree:
		under := own
		under.Series = below
		return []store.FiguresOf{own, under}
	}
	return []store.FiguresOf{own}
}

// mostPoints is for how many points memory is made ahead.
const mostPoints = 1500

// collect gives the points of one series.
func (s *Stats) collect(q *Query, of store.FiguresOf) ([]Point, error) {
	own := make([]Point, 0, max(0, min(mostPoints, int(q.Until.Sub(q.Since)/q.Step)+1)))
	follow := func(at time.Time, f figures) {
		at = at.Truncate(q.Step)
		if n := len(own); n == 0 || !own[n-1].At.Equal(at) {
			own = append(own, Point{At: at})
		}
		own[len(own)-1].of.follow(f)
	}
	var read figures
	err := s.options.Store.Figures(of, func(at time.Time, data []byte) {
		read = decode(data, read)
		follow(at, read)
	})
	if err != nil {
		return nil, err
	}
	for _, u := range (asked{s}).unkeptOfAll(q, of.Series == below) {
		if !u.At.Before(q.Since) && u.At.Before(q.Until) {
			read = decode(u.Cells, read)
			follow(u.At, read)
		}
	}
	return own, nil
}

// partOf gives what a tenant, or a part of it, has in a minute; nil: in the one that runs.
func (s *Stats) partOf(q *Query, of map[string]*counted) figures {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of == nil {
		of = s.of
	}
	t := of[q.Tenant]
	switch {
	case t == nil:
		return nil
	case q.Part.Kind == 0:
		return slices.Clone(t.own)
	case t.parts[q.Part] == nil:
		return nil
	}
	return slices.Clone(*t.parts[q.Part])
}

// addedAtOnce is how many tenants are added up while nothing is counted: each callback,
// event and attempt of anybody waits for that.
const addedAtOnce = 64

// sumOf adds up what all tenants below one have in a minute; "" is all of them.
func (s *Stats) sumOf(tenant string, of map[string]*counted) figures {
	var sum whole
	for ids := range slices.Chunk(s.options.Below(tenant), addedAtOnce) {
		s.add(ids, of, &sum)
	}
	return sum.sparse()
}

// add adds up what some tenants have.
func (s *Stats) add(ids []string, of map[string]*counted, sum *whole) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of == nil {
		of = s.of
	}
	for _, id := range ids {
		if t := of[id]; t != nil {
			sum.sum(t.own)
		}
	}
}
