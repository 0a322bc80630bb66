package outbound

import "hookgate/gateway/shares"

// All lanes' windows share one budget of places in memory (SPEC 16). A few places are
// everybody's, so that each lane goes on whatever others have; a lane that needs more
// asks for more, step by step, and has a small window while its tenant has its share:
// the rest stays in the store, behind the cursor. It gives all back when nothing is
// left, and asks anew when it reads the store again.

const (
	fewPlaces  = 8  // deliveries that any window holds; twice as many before it drops some
	somePlaces = 64 // the next size, before that of Options.Window
)

// grant is what a window has of the budget.
type grant struct {
	budget *shares.Budget
	who    func() shares.Holder
	holder shares.Holder // for whom it was taken
	places int64
	denied bool // since it read the store last
	closed bool
}

func (g *grant) take(places int64) bool {
	if g.denied || g.closed {
		return false
	}
	if g.places == 0 {
		g.holder = g.who()
	}
	if g.denied = !g.budget.Take(g.holder, places); g.denied {
		return false
	}
	g.places += places
	return true
}

func (g *grant) giveBack() {
	g.budget.Give(g.holder, g.places)
	g.places, g.denied = 0, false
}

// close gives all back for good.
func (g *grant) close() {
	if g != nil {
		g.giveBack()
		g.closed = true
	}
}

// granted makes a window that begins with the places that are everybody's.
func granted(usual int, g *grant) window {
	return window{most: min(usual, fewPlaces), usual: usual, grant: g}
}

// grow makes the window larger, if it is not as large as it may be.
func (w *window) grow() bool {
	next := w.usual
	if w.most < somePlaces {
		next = min(next, somePlaces)
	}
	if w.grant == nil || next <= w.most || !w.grant.take(int64(2*(next-w.most))) {
		return false
	}
	w.most = next
	return true
}

// regrant gives back what the window has and asks for as much as there is now. It is
// called when the store is to be read, and little is left in the window.
func (w *window) regrant() {
	if w.grant == nil {
		return
	}
	w.grant.giveBack()
	w.most = min(w.usual, fewPlaces)
	for w.grow() {
	}
	w.trim()
}

// rest gives back what an empty window has.
func (w *window) rest() {
	if g := w.grant; g != nil && g.places > 0 && len(w.due) == 0 && len(w.fresh) == 0 && !w.more && !w.reading {
		g.giveBack()
		w.most = min(w.usual, fewPlaces)
		w.due = nil // its memory too
	}
}

// resize sets how large the window may be.
func (w *window) resize(usual int) {
	if w.usual = usual; w.grant == nil {
		w.most = usual
	}
}
