package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// family is one metric of many things, each with its own labels. It is written row by
// row as it is asked for: the library's would be kept as a series each, some 600 bytes,
// and be gathered whole before the first is written.
type family struct {
	name, help string
	labels     []string // sorted by name; at most 3
	gauge      bool     // else what it counts only grows
	bounds     []float64
	rows       func(*view, *owner) // shows what an owner has of it
}

// families are all of them, by name.
var families = []*family{
	breakerState, callbacksParked, callbacksTotal, callsTotal, deliveriesTotal, attemptsTotal, eventsAccepted,
	queueDepth, queueOldest, routeRequests, waitDuration, waitsEnded, waitsOpen,
}

// view is all things as one scrape sees them.
type view struct {
	owners []owner // copies: tenants by name, then routes
	now    time.Time
	top    uint64 // what is born later is for the next scrape
	held          // whose counters are shown at 0
	family *family
	out    out
	err    error // of out; then nothing more is shown
}

// held says which things a scraper has not seen yet: see scrapers.
type held struct {
	mark  uint64 // those born later
	since int64  // and those born after that, in Unix nanoseconds
}

// nothing holds back nothing.
var nothing = held{math.MaxUint64, math.MaxInt64}

// out takes the rows of one family after another. What has fewer than three labels has
// them first.
type out interface {
	begin(*family) error
	row(n float64, labels [3]string, born int64) error
	spans(below [maxBounds + 1]uint64, sum float64, labels [3]string, born int64) error
	end() error
}

// view shows everything as it stands. The shelf is locked as long as it takes to copy a
// few words of each tenant.
func (s *shelf) view(now time.Time) *view {
	v := &view{now: now, held: nothing}
	s.mu.Lock()
	v.top = s.births
	v.owners = make([]owner, 0, len(s.tenants)+len(s.routes))
	v.owners = appendShown(v.owners, s.tenants)
	tenants := len(v.owners)
	v.owners = appendShown(v.owners, s.routes)
	s.mu.Unlock()
	for _, some := range [][]owner{v.owners[:tenants], v.owners[tenants:]} {
		slices.SortFunc(some, func(a, b owner) int { return cmp.Compare(a.name, b.name) })
	}
	return v
}

func appendShown(list []owner, all map[string]*owner) []owner {
	for _, o := range all {
		if o.alive || o.idle > 0 {
			list = append(list, *o)
		}
	}
	return list
}

// write shows a family.
func (v *view) write(f *family) error {
	if err := v.out.begin(f); err != nil {
		return err
	}
	v.family = f
	for i := range v.owners {
		if f.rows(v, &v.owners[i]); v.err != nil {
			return v.err
		}
	}
	return v.out.end()
}

// sees says whether a thing is shown, and whether what it counted is held back.
func (v *view) sees(t *thing) (shown, held bool) {
	born := t.born.Load()
	return born > 0 && born <= v.top && v.err == nil, born > v.mark || t.at.Load() > v.since
}

// row shows what a thing has of the family. Fewer than three labels come first.
func (v *view) row(t *thing, n float64, a, b, c string) {
	shown, held := v.sees(t)
	if held && !v.family.gauge {
		n = 0
	}
	if shown {
		v.err = v.out.row(n, [3]string{a, b, c}, t.at.Load())
	}
}

// spans is row for a family that has buckets.
func (v *view) spans(t *thing, s *spans, a, b string) {
	shown, held := v.sees(t)
	if held {
		s = nil
	}
	if shown {
		below, sum := s.counted()
		v.err = v.out.spans(below, sum, [3]string{a, b}, t.at.Load())
	}
}
