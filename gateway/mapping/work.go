package mapping

import "time"

// What each thing counts, in nanoseconds on a slow core where it takes longest
// (TestWorkIsWorthItsTime looks for worse). A hostile path, such as $..[*][*][*], or
// a hostile pattern is then stopped after the same count on every machine, however
// busy: an honest callback is not refused because others have the CPU.
const (
	memberCost  = 16      // one member that is passed, beside its bytes
	forgetCost  = 8       // one slot that is emptied
	textCost    = 4       // one byte that is looked at, unescaped and copied
	nameCost    = 8       // one name that is compared
	targetCost  = 8       // one value that another is compared with
	itemCost    = 64      // one condition, variable, selector or operand
	nodeCost    = 128     // one value found: also for the memory that its place takes
	namedCost   = 400     // one member that is put into a table of names
	buildCost   = 4       // one byte of an array of found values
	patternCost = 16      // one byte of text for one instruction of a pattern
	quickWork   = 1 << 20 // what needs no turn: about 1 ms
)

// work counts down what is left of the bound of one document. Who takes long, and has
// an owner, waits for a turn (see turns).
type work struct {
	left   int
	mark   int // below it a turn is needed
	owner  string
	turn   bool          // is held
	kept   bool          // and is not given back yet
	busy   bool          // there was no turn
	waited time.Duration // for turns
}

func (w *work) begin(bound time.Duration, owner string) {
	w.rest()
	*w = work{left: int(bound), owner: owner, turn: w.turn, kept: w.kept}
	if owner != "" {
		w.mark = max(0, w.left-quickWork)
	}
}

// spend is false when the bound is used up.
func (w *work) spend(n int) bool {
	w.left -= n
	return w.left >= w.mark || w.more()
}

// more is what spend seldom does: spend itself is inlined, wherever a byte counts.
//
//go:noinline
func (w *work) more() bool {
	if w.left < 0 {
		return false
	}
	w.take()
	w.mark = 0
	return w.turn
}

// take waits for a turn.
func (w *work) take() {
	if w.turn {
		return
	}
	since := time.Now()
	w.turn = allTurns.take(w.owner)
	w.waited += time.Since(since)
	if !w.turn {
		w.busy, w.left = true, -1
	}
}

// rest gives the turn back; what goes on needs another. It is called wherever a look
// into the document ends: nobody holds a turn while he does something else.
func (w *work) rest() {
	if w.turn && !w.kept {
		allTurns.give(w.owner)
		w.turn, w.mark = false, max(0, w.left)
	}
}

// now is the time without what was spent in waiting for turns.
func (w *work) now() time.Time { return time.Now().Add(-w.waited) }

func (w *work) err() error {
	switch {
	case w.busy:
		return ErrBusy
	case w.left < 0:
		return ErrTooComplex
	}
	return nil
}
