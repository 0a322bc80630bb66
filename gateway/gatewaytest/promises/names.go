package promises

import (
	"slices"
	"time"
)

// Named is one request that told other names of a conversation: events that show
// them, or a wait that was opened with them.
type Named struct {
	Span
	Names []string
}

// Learned notes the answer of a request that told names.
func (h *History) Learned(c *Conversation, n *Named) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.Named = append(c.Named, n)
}

// Acknowledged gives the names that answers say were learned.
func (h *History) Acknowledged(c *Conversation) (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range c.Named {
		if !n.Lost {
			names = append(names, n.Names...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Unnamed notes that a name that was learned does not lead to its conversation.
func (h *History) Unnamed(c *Conversation, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake(c, "named", "%s was learned, and does not lead to the conversation", name)
}

// knows says whether the conversation had a name for certain at a moment.
func (k *kase) knows(name string, at time.Time) bool {
	return name == "" || slices.ContainsFunc(k.Named, func(n *Named) bool {
		return !n.Lost && n.End.Before(at) && slices.Contains(n.Names, name)
	})
}

// checkMet: when a name is learned, a wait that is open takes what was parked under
// it before, or something older.
func (k *kase) checkMet() {
	for _, s := range k.Sends {
		if s.Lost || s.Outcome != "parked" || s.Message.Key == "" {
			continue
		}
		ends := received(s.CallbackID).Add(k.Parking)
		for _, n := range k.Named {
			if n.Lost || !slices.Contains(n.Names, s.Message.Key) || !s.End.Before(n.Begin) || !n.End.Before(ends) {
				continue
			}
			if taker := (callbacks{k}).taker(s.CallbackID); taker != nil && !taker.ended.EndedAt.After(n.End) {
				continue
			}
			for _, w := range k.waits {
				// What is over may be written a little later, and takes nothing meanwhile.
				open := w.known.Before(n.Begin) && w.openUntil.After(n.End) && w.first.ExpiresAt.After(n.End)
				if open && k.ask(w).fits(s.Message) {
					k.fault("met", "%s was parked under %s, which was learned while %s was open, and did not resume it", s.CallbackID, s.Message.Key, w.id)
				}
			}
		}
	}
}
