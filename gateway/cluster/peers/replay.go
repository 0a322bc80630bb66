package peers

import (
	"sync"
	"time"
)

// numbers remembers which requests came, so that none is taken a second time. The requests
// of a session are numbered, and of each session the last ones are known, one bit each, as of
// the packets of an IPsec association (RFC 4303 3.4.3). A number that is older than those
// counts as seen: it was on its way behind more requests than a session has under way.
//
// A request comes when its head is there, for that is when its time is judged, and it is taken
// when all of it is: who has seen a head could else send it again and again, have the memory for
// bodies of nodes by it, and end the last one when nobody remembers the first.
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
	come    bits
	taken   bits
}

// bits has one for each number of a window.
type bits [windowBits / 64]uint64

// comes notes the head of a request, and says whether it is the first one with this number.
func (n *numbers) comes(session, number uint64, now time.Time) (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.window(session, now)
	return w != nil && w.comes(number)
}

// take notes a request, whose head may have been noted, and says whether it is the first one
// with this number.
func (n *numbers) take(session, number uint64, now time.Time) (first bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.window(session, now)
	if w == nil || number == 0 || !w.comes(number) && (w.highest-number >= windowBits || w.taken.has(number)) {
		return false
	}
	w.taken.set(number, true)
	return true
}

// window gives what is known of a session; nil where there is no room. n.mu is held.
func (n *numbers) window(session uint64, now time.Time) *window {
	w := n.of[session]
	if w == nil {
		if w = n.make(now); w == nil {
			return nil
		}
		n.of[session] = w
	}
	w.last = now
	return w
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

func (w *window) comes(number uint64) (first bool) {
	switch {
	case number > w.highest:
		if number-w.highest >= windowBits {
			w.come, w.taken = bits{}, bits{}
		} else {
			for i := w.highest + 1; i < number; i++ {
				w.come.set(i, false)
				w.taken.set(i, false)
			}
		}
		w.highest = number
		w.taken.set(number, false)
	case number == 0 || w.highest-number >= windowBits || w.come.has(number):
		return false
	}
	w.come.set(number, true)
	return true
}

func (b *bits) has(number uint64) bool {
	at := number % windowBits
	return b[at/64]>>(at%64)&1 != 0
}

func (b *bits) set(number uint64, is bool) {
	at := number % windowBits
	if is {
		b[at/64] |= 1 << (at % 64)
	} else {
		b[at/64] &^= 1 << (at % 64)
	}
}
