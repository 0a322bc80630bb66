package promises

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Violation is one law that a conversation's history breaks.
type Violation struct {
	Law          string
	Conversation string
	What         string
	Story        string // of the conversation, in order of time
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s\n%s", v.Conversation, v.Law, v.What, v.Story)
}

// resumeSlack is how long after its deadline a wait's own stamp may be when a
// callback or cancel that was in time ended it.
const resumeSlack = 100 * time.Millisecond

// Check holds the named conversations to the laws. At the end (settled), every
// outcome must have reached the platform too.
func (h *History) Check(settled bool, names ...string) []Violation {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := h.wakes
	h.wakes = nil
	for _, name := range names {
		if c := h.conversations[name]; c != nil {
			k := newCase(h, c, settled)
			k.check()
			found = append(found, k.found...)
		}
	}
	return found
}

// wake notes a violation that showed itself when something was added.
func (h *History) wake(c *Conversation, law, format string, args ...any) {
	h.wakes = append(h.wakes, Violation{law, c.Name, fmt.Sprintf(format, args...), c.story()})
}

// kase is one conversation under examination.
type kase struct {
	history *History
	*Conversation
	settled bool
	waits   []*wait // in the order they were opened
	byID    map[string]*wait
	found   []Violation
}

func newCase(h *History, c *Conversation, settled bool) *kase {
	k := &kase{history: h, Conversation: c, settled: settled, byID: map[string]*wait{}}
	slices.SortStableFunc(c.Sends, func(a, b *Send) int { return a.Begin.Compare(b.Begin) })
	slices.SortStableFunc(c.Views, func(a, b *View) int { return a.End.Compare(b.End) })
	for _, v := range c.Views {
		w := k.byID[v.ID]
		if w == nil {
			w = &wait{id: v.ID}
			k.byID[v.ID] = w
		}
		w.views = append(w.views, v)
	}
	for _, w := range k.byID {
		if k.settle(w); w.first != nil {
			k.waits = append(k.waits, w)
		}
	}
	// Of two that were opened in one millisecond, the one that ended first came first.
	slices.SortFunc(k.waits, func(a, b *wait) int {
		return cmp.Or(a.first.CreatedAt.Compare(b.first.CreatedAt), a.openUntil.Compare(b.openUntil), cmp.Compare(a.id, b.id))
	})
	return k
}

func (k *kase) check() {
	for _, w := range k.waits {
		k.checkViews(w)
		k.checkShape(w)
		k.checkDeadline(w)
		k.checkExplained(w)
	}
	k.checkKept()
	k.checkOneWait()
	k.checkAsks()
	k.checkOpens()
	k.checkCancels()
	callbacks{k}.check()
	k.checkMet()
	k.checkNotices()
}

func (k *kase) fault(law, format string, args ...any) {
	k.found = append(k.found, Violation{law, k.Name, fmt.Sprintf(format, args...), k.story()})
}

// ran gives for how long the gateway was up between two moments.
func (h *History) ran(from, to time.Time) (sum time.Duration) {
	for _, l := range h.lives {
		begin, end := l.Up, l.Down
		if begin.Before(from) {
			begin = from
		}
		if end.IsZero() || end.After(to) {
			end = to
		}
		if end.After(begin) {
			sum += end.Sub(begin)
		}
	}
	return sum
}

// ask gives the wish that a wait came from; nil is none.
func (k *kase) ask(w *wait) *Ask {
	id := askOf(w.first)
	for _, o := range k.Opens {
		if o.Ask.ID == id {
			return o.Ask
		}
	}
	return nil
}

// message gives the message of an N; nil is none.
func (k *kase) message(n string) *Message {
	for _, s := range k.Sends {
		if s.Message.N == n {
			return s.Message
		}
	}
	return nil
}

// fits says whether a wait of this wish takes the message. The source's own list
// stands for a nil wish.
func (a *Ask) fits(m *Message) bool {
	if a == nil || a.Takes == nil {
		return m.Type != Noise
	}
	return slices.Contains(a.Takes, m.Type)
}
