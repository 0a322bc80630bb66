package waiting

import "hookgate/gateway"

// everywhere stands in place of a source in the turn of who changes the names of
// conversations: it is no source's id. That turn is on the names at every source, so
// nobody parks, takes or opens under what is no longer all of the names.
const everywhere = ""

// turn is the right to act on some names, and on one mark, alone.
type turn struct {
	names    []name
	keys     map[string]bool // of a turn at every source; else nil
	mark     gateway.MarkKey
	marked   bool
	marks    []gateway.MarkKey // of a batch; else nil
	session  *session          // open under the first of the names that has one
	one      [1]name
	finished chan struct{} // made by the first who waits for it
}

// over gives what closes when the turn is given back. The room's lock is held.
func (t *turn) over() <-chan struct{} {
	if t.finished == nil {
		t.finished = make(chan struct{})
	}
	return t.finished
}

// turns is who has the turn on what, of one tenant. It has no lock: it is under its
// room's.
type turns struct {
	busy       map[name]*turn
	marks      map[gateway.MarkKey]*turn
	everywhere int // turns on names at every source
}

func newTurns() turns { return turns{busy: map[name]*turn{}, marks: map[gateway.MarkKey]*turn{}} }

// blocking gives who has the turn on one of the names, or on mark.
func (s *turns) blocking(names []name, mark *gateway.MarkKey) *turn {
	for _, n := range names {
		if t := s.busy[n]; t != nil {
			return t
		}
		if s.everywhere == 0 {
			continue
		}
		if t := s.busy[name{everywhere, n.key}]; t != nil {
			return t
		}
	}
	if mark != nil {
		return s.marks[*mark]
	}
	return nil
}

// blockingAll gives who has the turn on one of the keys, at any source, or on mark.
func (s *turns) blockingAll(keys map[string]bool, mark *gateway.MarkKey) *turn {
	for n, t := range s.busy {
		if keys[n.key] {
			return t
		}
	}
	if mark != nil {
		return s.marks[*mark]
	}
	return nil
}

// begin lets a turn begin, on its names and on mark.
func (s *turns) begin(t *turn, mark *gateway.MarkKey) {
	if t.keys != nil {
		s.everywhere++
	}
	for _, n := range t.names {
		s.busy[n] = t
	}
	if mark != nil {
		t.mark, t.marked = *mark, true
		s.marks[*mark] = t
	}
}

// beginMarked is begin, on any number of marks.
func (s *turns) beginMarked(t *turn, marks []gateway.MarkKey) {
	s.begin(t, nil)
	t.marks = marks
	for _, mark := range marks {
		s.marks[mark] = t
	}
}

// blockingMarks gives who has the turn on one of the marks.
func (s *turns) blockingMarks(marks []gateway.MarkKey) *turn {
	if len(s.marks) == 0 {
		return nil
	}
	for _, mark := range marks {
		if t := s.marks[mark]; t != nil {
			return t
		}
	}
	return nil
}

// end ends it, and tells who waits for that.
func (s *turns) end(t *turn) {
	for _, n := range t.names {
		delete(s.busy, n)
	}
	if t.keys != nil {
		s.everywhere--
	}
	if t.marked {
		delete(s.marks, t.mark)
	}
	for _, mark := range t.marks {
		delete(s.marks, mark)
	}
	if t.finished != nil {
		close(t.finished)
	}
}

// any gives some turn that somebody has; nil is none.
func (s *turns) any() *turn {
	for _, t := range s.busy {
		return t
	}
	for _, t := range s.marks {
		return t
	}
	return nil
}
