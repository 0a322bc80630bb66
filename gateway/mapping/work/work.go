// Package work counts what is done with one document, so that whoever wrote its rules,
// or sent it, can make nobody wait (SPEC 16).
//
// A count is in nanoseconds of a slow core and does not look at the clock: a hostile
// path, such as $..[*][*][*], or a hostile pattern is stopped after the same count on
// every machine, however busy, and an honest callback is not refused because others
// have the CPU. What takes long takes turns.
package work

import (
	"runtime"
	"time"

	"hookgate/gateway/shares"
)

// What each thing counts, in nanoseconds on a slow core where it takes longest
// (mapping's TestWorkIsWorthItsTime looks for worse).
const (
	Member  = 16      // one member that is passed, beside its bytes
	Forget  = 8       // one place that is emptied
	Text    = 4       // one byte that is looked at, unescaped and copied
	Name    = 8       // one name that is compared
	Target  = 8       // one value that another is compared with
	Item    = 64      // one condition, variable, selector or operand
	Node    = 128     // one value found: also for the memory that its place takes
	Named   = 400     // one member that is put into a table of names
	Build   = 4       // one byte of an array of found values
	noTurns = 1 << 20 // what needs no turn: about 1 ms
)

// turns let half of the CPU be for what takes microseconds, however many large or
// complex bodies there are.
var turns = shares.NewTurns(max(1, runtime.GOMAXPROCS(0)/2), maxLine, patience)

// several are the turns of those who go through many documents of one request.
var several = shares.NewTurns(max(1, runtime.GOMAXPROCS(0)/2), maxLine, patience)

// Several takes the turn of who goes through many documents of one request, none of which takes
// long by itself, until end; false where there is none. One of them may take its own meanwhile.
func Several(owner string) (end func(), ok bool) {
	if !several.Take(owner) {
		return nil, false
	}
	return func() { several.Give(owner) }, true
}

const (
	maxLine  = 256             // of one owner; each has a body in memory
	patience = 5 * time.Second // in a line
)

// Budget counts down what is left of the bound of one document. Who takes long, and
// has an owner, waits for a turn.
type Budget struct {
	left   int
	mark   int // below it a turn is needed
	owner  string
	turn   bool          // is held
	kept   bool          // and is not given back yet
	busy   bool          // there was no turn
	waited time.Duration // for turns
}

// Begin begins a bound; what was held of another is given back, if it is not kept.
func (b *Budget) Begin(bound time.Duration, owner string) {
	b.Rest()
	if b.turn {
		owner = b.owner // who has it gives it back
	}
	*b = Budget{left: int(bound), owner: owner, turn: b.turn, kept: b.kept}
	if owner != "" {
		b.mark = max(0, b.left-noTurns)
	}
}

// Aside begins a bound of its own, and gives what there was: it is put back when that
// is done.
func (b *Budget) Aside(bound time.Duration, owner string) (before Budget) {
	before = *b
	b.Begin(bound, owner)
	b.waited = before.waited
	return before
}

// Spend is false when the bound is used up.
func (b *Budget) Spend(n int) bool {
	b.left -= n
	return b.left >= b.mark || b.more()
}

// more is what Spend seldom does: Spend itself is inlined, wherever a byte counts.
//
//go:noinline
func (b *Budget) more() bool {
	if b.left < 0 {
		return false
	}
	b.take()
	b.mark = 0
	return b.turn
}

// Left is what may still be spent; below 0 where the bound is used up.
func (b *Budget) Left() int { return b.left }

// Over says whether the bound is used up.
func (b *Budget) Over() bool { return b.left < 0 }

// Busy says whether that is because there was no turn.
func (b *Budget) Busy() bool { return b.busy }

// Stop uses up what is left.
func (b *Budget) Stop() { b.left = -1 }

// take waits for a turn.
func (b *Budget) take() {
	if b.turn {
		return
	}
	since := time.Now()
	b.turn = turns.Take(b.owner)
	b.waited += time.Since(since)
	if !b.turn {
		b.busy, b.left = true, -1
	}
}

// Hold takes a turn now, and keeps it until Let; false where there is none.
func (b *Budget) Hold(owner string) bool {
	b.Begin(0, owner)
	b.take()
	b.kept = b.turn
	return b.turn
}

// Let gives back what Hold took.
func (b *Budget) Let() {
	b.kept = false
	b.Rest()
}

// Rest gives the turn back; what goes on needs another. It is called wherever a look
// into the document ends: nobody holds a turn while he does something else.
func (b *Budget) Rest() {
	if b.turn && !b.kept {
		turns.Give(b.owner)
		b.turn, b.mark = false, max(0, b.left)
	}
}

// Now is the time without what was spent in waiting for turns.
func (b *Budget) Now() time.Time { return time.Now().Add(-b.waited) }
