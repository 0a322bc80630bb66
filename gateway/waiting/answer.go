package waiting

import (
	"sync"
	"time"

	"hookgate/gateway"
)

// answering is a notify wait whose caller has not been answered yet: its outcome is
// stored as soon as it is there, and sent after the answer (SPEC 16, "Promises").
type answering struct {
	sessions *Sessions
	lane     gateway.LaneKey
	timer    *time.Timer

	mu       sync.Mutex
	over     bool
	withheld []string // deliveries
	due      []gateway.Due
}

// maxAnswer bounds how long an outcome is kept back for an answer.
const maxAnswer = time.Second

// unanswered begins to keep the outcome of a wait back. What it gives ends that, and
// may be called often.
func (s *Sessions) unanswered(w *gateway.Wait) func() {
	a := &answering{sessions: s, lane: gateway.LaneKey{Tenant: w.Tenant, Endpoint: gateway.PlatformEndpoint}}
	s.answerings.Store(w.ID, a)
	end := func() {
		s.answerings.Delete(w.ID)
		a.end()
	}
	s.answering.Add(1)
	a.timer = time.AfterFunc(maxAnswer, end)
	return end
}

func (a *answering) end() {
	a.timer.Stop()
	a.mu.Lock()
	over := a.over
	a.over = true
	withheld, due := a.withheld, a.due
	a.mu.Unlock()
	if over {
		return
	}
	a.sessions.answering.Add(-1)
	for _, id := range withheld {
		a.sessions.Let(a.lane, id)
	}
	for _, d := range due {
		a.sessions.Notify(a.lane, d)
	}
}

// answeringOf gives what keeps a wait's outcome back; nil is nothing.
func (s *Sessions) answeringOf(waitID string) *answering {
	if s.answering.Load() == 0 {
		return nil
	}
	if a, found := s.answerings.Load(waitID); found {
		return a.(*answering) //nolint:forcetypeassert // nothing else is in it
	}
	return nil
}

// withhold keeps a delivery back, before it is stored.
func (a *answering) withhold(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over {
		a.sessions.Withhold(a.lane, id)
		a.withheld = append(a.withheld, id)
	}
}

// put notes that it is stored; false says that its lane is to be woken now.
func (a *answering) put(due gateway.Due) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false
	}
	a.due = append(a.due, due)
	return true
}
