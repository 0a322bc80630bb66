package api

import (
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// ends shares the text of a wait's end among those who hold the wait, while any of
// them is being sent it. Any number may hold one wait, and a callback may have a
// megabyte: each with a text of its own would be more than there is.
type ends struct {
	mu sync.Mutex
	of map[*gateway.Wait]*end
}

// end is one text, and how many are being sent it.
type end struct {
	body   []byte
	memory *memory
	users  int
}

// endOf gives the text of a wait to one of its holders, who calls sent when it is not
// needed any more; sent is nil for the small, which nobody shares.
func (h *holder) endOf(w *gateway.Wait) (body []byte, sent func(), err error) {
	size := w.SizeJSON()
	if counted(size) == 0 {
		return w.AppendJSON(make([]byte, 0, min(size, 1<<10))), nil, nil
	}
	h.ends.mu.Lock()
	defer h.ends.mu.Unlock()
	e := h.ends.of[w]
	if e == nil {
		e = &end{memory: h.accounts.of(w.Tenant)}
		if err := e.memory.take(size); err != nil {
			return nil, nil, err
		}
		e.body = w.AppendJSON(make([]byte, 0, size))
		if h.ends.of == nil {
			h.ends.of = map[*gateway.Wait]*end{}
		}
		h.ends.of[w] = e
	}
	e.users++
	return e.body, func() { h.ends.leave(w, e) }, nil
}

// leave ends the use of a text; with the last its memory is free.
func (s *ends) leave(w *gateway.Wait, e *end) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.users--; e.users == 0 {
		delete(s.of, w)
		e.memory.free()
	}
}

var (
	jsonFields     = []edge.Field{{Name: "Content-Type", Value: jsonType}}
	replayedFields = append([]edge.Field{{Name: "Idempotency-Replayed", Value: "true"}}, jsonFields...)
)
