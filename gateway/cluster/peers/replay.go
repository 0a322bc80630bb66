package peers

import (
	"sync"
	"time"
)

// numbers remembers which requests came, so that none is taken a second time. The requests
// of a session are numbered, and of each session the last ones are known, one bit each, as of
// the packets of an IPsec association (RFC 4303 3.4.3). A number that is older than those
// counts as seen: it was on its way behind more requests than a session has under way.
type numbers struct {
	mu sync.Mutex
	of map[uint64]*window // by session
}

const (
	// windowBits is how many numbers of one session are known.
	windowBits = 1 << 14
	// mostSessions is how many are known at once: those of the nodes, and of what they were
	// before a restart a minute ago.
	mostSessions = 1 << 10
	// sessionKept is how long one is known in which nobody asks any more: what it signed is too
	// old by then.
	sessionKept = 3 * maxSkew
)

// window is what is known of one session.
type window struct {
	highest uint64
	last    time.Time // when a request of it came
	seen    [windowBits / 64]uint64
}

// take notes a request, and says whether it is the first one with this number.
func (n *numbers) take(session, number uint64, now time.Time) (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.of[session]
	if w == nil {
		if w = n.make(now); w == nil || number == 0 {
			return false
		}
		n.of[session] = w
	}
	w.last = now
	return w.take(number)
}

// make makes room for one more session; nil where there is none.
func (n *numbers) make(now time.Time) *window {
	if len(n.of) >= mostSessions {
		for session, w := range n.of {
			if now.Sub(w.last) > sessionKept {
				delete(n.of, session)
			}
		}
	}
	if len(n.of) >= mostSessions {
		return nil
	}
	return &window{}
}

func (w *window) take(number uint64) (first bool) {
	switch {
	case number > w.highest:
		if number-w.highest >= windowBits {
			w.seen = [windowBits / 64]uint64{}
		} else {
			for i := w.highest + 1; i < number; i++ {
				w.set(i, false)
			}
		}
		w.highest = number
	case w.highest-number >= windowBits || w.has(number):
		return false
	}
	w.set(number, true)
	return true
}

func (w *window) has(number uint64) bool {
	at := number % windowBits
	return w.seen[at/64]>>(at%64)&1 != 0
}

func (w *window) set(number uint64, seen bool) {
	at := number % windowBits
	if seen {
		w.seen[at/64] |= 1 << (at % 64)
	} else {
		w.seen[at/64] &^= 1 << (at % 64)
	}
}
