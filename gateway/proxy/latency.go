package proxy

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// latency counts how long an upstream took to answer: from when it was chosen to the head
// of its answer, a connection that had to be made with it. It has what came in the spell of
// now and the one before, so that what it tells is of the last five to ten minutes. It is
// counted on the way of each request: a few of them may be lost where a spell begins.
type latency struct {
	spell atomic.Int64 // that is being counted, in spells since 1970
	cells [2][latencyCells]atomic.Uint32
}

const (
	latencySpell = 5 * time.Minute
	// Each doubling of a time, in microseconds, has four cells: what is told is at most a
	// fourth too much. The last cell has all above an hour.
	latencyParts = 4
	latencyCells = 32 * latencyParts
)

// Latency is how long an upstream took to answer, of late.
type Latency struct {
	P50, P99 time.Duration // so long at most
	Count    uint64
	Cells    map[int]uint64 // that they are told from: those that are not 0
}

// add adds what was counted elsewhere.
func (l *Latency) add(other Latency) {
	var all [latencyCells]uint64
	for _, cells := range [...]map[int]uint64{l.Cells, other.Cells} {
		for i, n := range cells {
			if i >= 0 && i < latencyCells {
				all[i] += n
			}
		}
	}
	*l = latencyOf(&all)
}

func latencyOf(all *[latencyCells]uint64) (is Latency) {
	for i, n := range all {
		if n == 0 {
			continue
		}
		if is.Cells == nil {
			is.Cells = map[int]uint64{}
		}
		is.Cells[i] = n
		is.Count += n
	}
	if is.Count > 0 {
		is.P50, is.P99 = latencyAt(all, (is.Count+1)/2), latencyAt(all, (99*is.Count+99)/100)
	}
	return is
}

func (l *latency) add(now time.Time, took time.Duration) {
	spell := now.Unix() / int64(latencySpell/time.Second)
	if last := l.spell.Load(); last != spell && l.spell.CompareAndSwap(last, spell) {
		l.forget(spell)
		if last != spell-1 { // what the other has is of long ago
			l.forget(spell - 1)
		}
	}
	l.cells[spell%2][latencyCell(took)].Add(1)
}

func (l *latency) forget(spell int64) {
	for i := range l.cells[spell%2] {
		l.cells[spell%2][i].Store(0)
	}
}

// lately gives what was counted.
func (l *latency) lately(now time.Time) Latency {
	spell, last := now.Unix()/int64(latencySpell/time.Second), l.spell.Load()
	var all [latencyCells]uint64
	for _, one := range [...]int64{last, last - 1} {
		if one < spell-1 {
			continue
		}
		for i := range all {
			all[i] += uint64(l.cells[one%2][i].Load())
		}
	}
	return latencyOf(&all)
}

// latencyAt gives what the n-th quickest took at most, n from 1.
func latencyAt(all *[latencyCells]uint64, n uint64) time.Duration {
	for i := range all {
		if n <= all[i] {
			return latencyBound(i)
		}
		n -= all[i]
	}
	return latencyBound(latencyCells - 1)
}

// latencyCell is where a time is counted: below four microseconds by the microsecond, else
// by its highest bit and the two below it.
func latencyCell(took time.Duration) int {
	us := uint64(max(0, took.Microseconds()))
	if us < latencyParts {
		return int(us)
	}
	high := bits.Len64(us) - 1
	return min((high-1)*latencyParts+int(us>>(high-2))%latencyParts, latencyCells-1)
}

// latencyBound is the least time that is above a cell's.
func latencyBound(cell int) time.Duration {
	if cell < latencyParts {
		return time.Duration(cell+1) * time.Microsecond
	}
	high := cell/latencyParts + 1
	return time.Duration(latencyParts+cell%latencyParts+1) << (high - 2) * time.Microsecond
}
