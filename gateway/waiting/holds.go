package waiting

import (
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
)

// holds is who looks on until which wait has ended. It knows waits by their ids alone:
// who holds one stays while its slot is given up, forgotten and read anew.
type holds struct {
	mu       sync.Mutex
	draining bool
	of       map[string]hold // by the id of the wait
}

// hold is all who look on at one wait.
type hold struct {
	tenant   string
	deadline time.Time // monotonic
	watchers []*watcher
}

// watcher looks on until a wait has ended. It is a view on the wait, and nothing
// of its own: no goroutine, no timer.
type watcher struct {
	done func(*gateway.Wait, error)
}

// overdueWatch is how long after the deadline those who watch are told that the
// end of their wait cannot be written: then the store is in trouble.
const overdueWatch = 2 * time.Second

var errUnwritten = gateway.Unavailable("the end of the wait cannot be written now", 5*time.Second)

// add lets one more look on. stop takes that back, and says whether done will not be
// called any more.
func (h *holds) add(e *session, done func(*gateway.Wait, error)) (stop func() bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return nil, errDraining
	}
	id, x := e.wait.ID, &watcher{done}
	of := h.of[id]
	of.tenant, of.deadline, of.watchers = e.wait.Tenant, e.until(), append(of.watchers, x)
	h.of[id] = of
	return func() bool { return h.remove(id, x) }, nil
}

func (h *holds) remove(id string, x *watcher) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	of := h.of[id]
	i := slices.Index(of.watchers, x)
	if i < 0 {
		return false
	}
	if of.watchers = slices.Delete(of.watchers, i, i+1); len(of.watchers) == 0 {
		delete(h.of, id)
	} else {
		h.of[id] = of
	}
	return true
}

// tell tells those who look on at a wait how it ended, or why they cannot stay for that.
func (h *holds) tell(id string, final *gateway.Wait, why error) {
	h.mu.Lock()
	of, held := h.of[id]
	if held {
		delete(h.of, id)
	}
	h.mu.Unlock()
	for _, x := range of.watchers {
		x.done(final, why)
	}
}

// move gives those who look on at a wait its new deadline.
func (h *holds) move(id string, deadline time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if of, held := h.of[id]; held {
		of.deadline = deadline
		h.of[id] = of
	}
}

// count counts those who look on at a wait.
func (h *holds) count(id string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.of[id].watchers)
}

// among gives the waits of slots at which somebody looks on, by id.
func (h *holds) among(slots gateway.SlotSet) map[string]hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	found := map[string]hold{}
	for id, of := range h.of {
		if slots.Has(gateway.SlotOf(of.tenant)) {
			found[id] = of
		}
	}
	return found
}

// overdue sends away who holds a wait of slots that should have ended long ago.
func (h *holds) overdue(slots gateway.SlotSet) {
	for id, of := range h.among(slots) {
		if time.Since(of.deadline) > overdueWatch {
			h.tell(id, nil, errUnwritten)
		}
	}
}

// drain sends all away, and lets nobody look on any more.
func (h *holds) drain() {
	h.mu.Lock()
	h.draining = true
	all := h.of
	h.of = map[string]hold{}
	h.mu.Unlock()
	for _, of := range all {
		for _, x := range of.watchers {
			x.done(nil, errDraining)
		}
	}
}
