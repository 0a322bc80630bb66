package pgstore

import "time"

// Who settles a delivery has sent it already, and loses little by waiting a moment: so that
// goes with what comes next, for each statement costs as much as several rows. A lane sends
// few at a time, and one conversation one, so nobody waits for longer than the statements
// that are saved would have taken; and not at all when as many have come as went together
// before: those who settle are all there, and nobody comes until they have gone.

// lingerMost is how long anybody waits, at most.
const lingerMost = 10 * time.Millisecond

// linger is what a writer knows of how long to wait.
type linger struct {
	eager   int       // that wait for nobody
	since   time.Time // the first in the queue came
	hurried bool      // until the queue is empty
	last    int       // how many went together that could have waited
	pause   time.Duration
}

// comes takes note of a turn that is the nth of the queue now.
func (l *linger) comes(t *turn, nth int) {
	if !t.lazy() {
		l.eager++
	}
	if nth == 1 {
		l.since = time.Now()
	}
}

// goes takes note of a turn that leaves the queue.
func (l *linger) goes(t *turn) {
	if !t.lazy() {
		l.eager--
	}
}

// lazy says whether a turn waits for others.
func (t *turn) lazy() bool { return t.meeting == nil && t.p.lazy }

// wrote takes note of how long a group took, and how many of it could have waited. Only the
// writer itself asks for it.
func (l *linger) wrote(g *group, took time.Duration) {
	l.pause, l.last = min(2*took, lingerMost), 0
	for _, p := range g.promises {
		if p.lazy {
			l.last++
		}
	}
}

// left is how much longer a queue of n waits.
func (l *linger) left(n int) time.Duration {
	if n == 0 || l.eager > 0 || l.hurried || n > 1 && n >= l.last {
		return 0
	}
	return l.pause - time.Since(l.since)
}

// lingers waits for more, a while at most; false: what there is goes now.
func (w *writer) lingers() bool {
	w.mu.Lock()
	n := len(w.queue)
	if n == 0 {
		w.linger.hurried = false
	}
	left := w.linger.left(n)
	w.mu.Unlock()
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-w.wake:
		return true
	case <-timer.C:
		return false
	}
}

// hurry lets what waits go, as before a slot is handed over. It gives what is closed when it
// is known what was written.
func (w *writer) hurry() (steady chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linger.hurried = true
	w.poke()
	return w.steady
}
