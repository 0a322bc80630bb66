package pebblestore

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// Between one thing that waits and the next lies what was settled lately: a million
// tombstones, until they are compacted. So a list that walked far notes where nothing was,
// and the next leaps over it. What is put there afterwards takes the gap away: after it is
// committed, so that a list that did not see it yet and notes it later is refused, for
// something was put since it began.

// gap is where nothing lies, both its ends included.
type gap struct{ low, high ulid.ULID }

// gapKey is of which tenant and place.
type gapKey struct {
	tenant string
	place  byte
}

// gaps are those that are known. Their memory is bounded: beyond gapTenants all are found anew.
type gaps struct {
	below atomic.Uint64 // milliseconds: no gap reaches so high
	mu    sync.Mutex
	puts  uint64
	of    map[gapKey][]gap // each falls, and touches no other
	far   int              // farWalk; tests make it small
}

const (
	farWalk    = 4096 // steps: a millisecond
	gapsOfOne  = 64
	gapTenants = 1024
	// gapsAge is how old is what gaps are noted of: what is younger is put by all, and
	// they need not look at gaps.
	gapsAge = 250 * time.Millisecond
)

// gapView is what a list may take from gaps, and note.
type gapView struct {
	*gaps
	gapKey
	known     []gap
	puts      uint64
	low, high ulid.ULID // that it can tell of
}

// begin is called before a list takes its snapshot.
func (g *gaps) begin(now time.Time) (puts uint64, high ulid.ULID) {
	high = floorULID(now.Add(-gapsAge))
	for at := g.below.Load(); at < high.Time() && !g.below.CompareAndSwap(at, high.Time()); at = g.below.Load() {
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.puts, below(high)
}

// view gives the gaps of a place.
func (g *gaps) view(key gapKey, puts uint64, low, high ulid.ULID) gapView {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gapView{gaps: g, gapKey: key, known: slices.Clone(g.of[key]), puts: puts, low: low, high: high}
}

// at gives the highest gap that begins at u or below.
func (v *gapView) at(u ulid.ULID) (one gap, found bool) {
	for _, one = range v.known {
		if one.low.Compare(u) <= 0 {
			return one, true
		}
	}
	return gap{}, false
}

// note takes note of a gap.
func (v *gapView) note(low, high ulid.ULID) {
	if low.Compare(v.low) < 0 {
		low = v.low
	}
	if high.Compare(v.high) > 0 {
		high = v.high
	}
	if low.Compare(high) > 0 {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gaps.puts != v.puts {
		return
	}
	if v.of == nil || len(v.of) >= gapTenants {
		v.of = map[gapKey][]gap{}
	}
	list := joined(append(v.of[v.gapKey], gap{low, high}))
	v.of[v.gapKey] = list[:min(len(list), gapsOfOne)]
}

// joined joins gaps that touch each other.
func joined(list []gap) []gap {
	gateway.Sort(list, func(a, b gap) int { return b.high.Compare(a.high) })
	n := 0
	for _, next := range list[1:] {
		if last := &list[n]; next.high.Compare(below(last.low)) < 0 {
			n++
			list[n] = next
		} else if next.low.Compare(last.low) < 0 {
			last.low = next.low
		}
	}
	return list[:n+1]
}

// placed is the lowest that a batch puts in a place where it was not; zero: nothing.
type placed struct{ unfinished, retrying, waits ulid.ULID }

func (p *placed) put(place byte, u ulid.ULID) {
	lowest := &p.unfinished
	switch place {
	case kindRetrying:
		lowest = &p.retrying
	case kindWait:
		lowest = &p.waits
	}
	if *lowest == (ulid.ULID{}) || u.Compare(*lowest) < 0 {
		*lowest = u
	}
}

// put takes the gaps away that are none any more.
func (g *gaps) put(p *placed) {
	g.putFrom(kindUnfinished, p.unfinished)
	g.putFrom(kindRetrying, p.retrying)
	g.putFrom(kindWait, p.waits)
}

// putFrom leaves none of a place at u or above.
func (g *gaps) putFrom(place byte, u ulid.ULID) {
	if u == (ulid.ULID{}) || u.Time() >= g.below.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.puts++
	for key, list := range g.of {
		if key.place != place {
			continue
		}
		list = slices.DeleteFunc(list, func(one gap) bool { return one.low.Compare(u) >= 0 })
		if len(list) > 0 && list[0].high.Compare(u) >= 0 {
			list[0].high = below(u)
		}
		g.of[key] = list
	}
}
