package waiting

import (
	"sync"
	"sync/atomic"
	"time"

	"hookgate/gateway"
)

// outcomes tells of waits that have ended: what is stored of an end, and who is woken
// for it.
type outcomes struct {
	withhold, let func(lane gateway.LaneKey, delivery string) // nil: nothing is kept back
	noticed       func(gateway.LaneKey, gateway.Due)

	count    atomic.Int64 // of answers: nearly always 0
	awaiting sync.Map     // *answer by the id of its wait
}

// change is what is stored of a wait that has ended.
func (o *outcomes) change(final *gateway.Wait) *gateway.Change {
	return &gateway.Change{Wait: final, Traces: []gateway.Trace{final.Line()}, Notice: o.notice(final)}
}

// notice tells the platform of the end of a wait that asked for it.
func (o *outcomes) notice(final *gateway.Wait) *gateway.Notice {
	if final.Mode != gateway.ModeNotify {
		return nil
	}
	n := gateway.WaitNotice(final, final.EndedAt)
	if a := o.answer(final.ID); a != nil {
		a.withhold(n.Delivery.ID)
	}
	return n
}

// wake wakes the lanes of the notices that were committed: when the registry knows
// of the change too, for who is told of an outcome may ask for it at once.
func (o *outcomes) wake(changes ...*gateway.Change) {
	for _, c := range changes {
		n := c.Notice
		if n == nil {
			continue
		}
		due := gateway.Due{ID: n.Delivery.ID, At: n.Delivery.NextAttemptAt}
		if c.Wait != nil {
			if a := o.answer(c.Wait.ID); a != nil && a.put(due) {
				continue
			}
		}
		o.noticed(gateway.LaneKey{Tenant: n.Delivery.Tenant, Endpoint: n.Delivery.Endpoint}, due)
	}
}

// answer is a notify wait whose caller has not been answered yet: its outcome is
// stored as soon as it is there, and sent after the answer (SPEC 16, "Promises").
type answer struct {
	outcomes *outcomes
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
func (o *outcomes) unanswered(w *gateway.Wait) func() {
	a := &answer{outcomes: o, lane: gateway.LaneKey{Tenant: w.Tenant, Endpoint: gateway.PlatformEndpoint}}
	o.awaiting.Store(w.ID, a)
	end := func() {
		o.awaiting.Delete(w.ID)
		a.end()
	}
	o.count.Add(1)
	a.timer = time.AfterFunc(maxAnswer, end)
	return end
}

// answer gives what keeps a wait's outcome back; nil is nothing.
func (o *outcomes) answer(waitID string) *answer {
	if o.count.Load() == 0 {
		return nil
	}
	if a, found := o.awaiting.Load(waitID); found {
		return a.(*answer) //nolint:forcetypeassert // nothing else is in it
	}
	return nil
}

func (a *answer) end() {
	a.timer.Stop()
	a.mu.Lock()
	over := a.over
	a.over = true
	withheld, due := a.withheld, a.due
	a.mu.Unlock()
	if over {
		return
	}
	a.outcomes.count.Add(-1)
	for _, id := range withheld {
		a.outcomes.let(a.lane, id)
	}
	for _, d := range due {
		a.outcomes.noticed(a.lane, d)
	}
}

// withhold keeps a delivery back, before it is stored.
func (a *answer) withhold(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over {
		a.outcomes.withhold(a.lane, id)
		a.withheld = append(a.withheld, id)
	}
}

// put notes that it is stored; false says that its lane is to be woken now.
func (a *answer) put(due gateway.Due) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return false
	}
	a.due = append(a.due, due)
	return true
}
