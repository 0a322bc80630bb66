package calling

import (
	"fmt"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// Acquire takes slots, and sees to the calls that former owners promised and did not
// settle. What may be made twice is made again, with the webhook as it now stands; of the
// rest nobody knows whether the backend took it, and it ends so. It returns when all of
// them are under way.
func (c *Calls) Acquire(slots gateway.SlotSet) error { return c.owner.Acquire(slots) }

// Release gives slots up. Pending calls have a moment to end; what rests between two
// attempts, and what takes longer, stays promised, for the next owner. Calls whose callers
// wait go on. When it returns nothing is stored for the slots any more.
func (c *Calls) Release(slots gateway.SlotSet) { c.owner.Release(slots) }

// Doubt is of slots of which nobody knows what the store has: they are read anew. It
// returns at once.
func (c *Calls) Doubt(slots gateway.SlotSet) { c.owner.DoubtAll(slots) }

// handOver is how long pending calls have to end when their slots are given up.
const handOver = 200 * time.Millisecond

// mover is what Calls do as their slots move: a slots.Part.
type mover struct{ *Calls }

// Stop ends the terms of slots: nothing more begins in them.
func (m mover) Stop(slots gateway.SlotSet) {
	for slot := range slots.All() {
		if t := m.terms.of[slot].Swap(nil); t != nil {
			m.promises.under.over(t)
		}
	}
}

// Forget waits for what is under way in them.
func (m mover) Forget(slots gateway.SlotSet) {
	for _, t := range m.promises.under.leave(slots, handOver) {
		t.end()
	}
}

// Read begins a term for each of slots.
func (m mover) Read(slots gateway.SlotSet) error {
	list, err := m.promises.store.PendingCalls(slots)
	if err != nil {
		return fmt.Errorf("finding pending calls: %w", err)
	}
	fresh := map[gateway.Slot]*term{}
	for slot := range slots.All() {
		fresh[slot] = newTerm(slot)
	}
	for _, p := range list {
		m.resume(p, fresh[gateway.SlotOf(p.Tenant)])
	}
	for slot, t := range fresh {
		m.terms.of[slot].Store(t)
	}
	if len(list) > 0 {
		m.teller.log.Info("pending calls of a former owner", "count", len(list))
	}
	return nil
}

// resume takes over one call. It has its place whatever others have: a former owner has
// promised it.
func (m mover) resume(p *gateway.PendingCall, t *term) {
	w := m.admission.webhook(p.Tenant, p.Webhook)
	if w != nil && !w.Enabled {
		w = nil // one that is off is as good as gone
	}
	q, err := Read(w, p.Request)
	if err != nil { // it was read before: only its key and context are lost with it
		m.teller.log.Error("the request of a pending call cannot be read", slog.String("tenant", p.Tenant),
			slog.String("webhook", p.Webhook), slog.String("call_id", p.ID), slog.Any("error", err))
	}
	q.Span = p.Span
	k := m.admission.beginAs(q, p.ID, p.CreatedAt, t)
	k.result.Tenant, k.result.Webhook, k.result.WaitID, k.waitID = p.Tenant, p.Webhook, p.WaitID, p.WaitID
	m.promises.own(k)
	m.admission.seats.force(k)
	if err := m.promises.under.enter(k); err != nil {
		m.admission.end(k)
		return
	}
	again := err == nil && !p.Sent && w != nil && isIdempotent(w.Method) && !m.waits.hasFailed(p)
	if again {
		k.allot()
	}
	go func() {
		if again {
			m.carrier.carry(k)
		} else {
			k.fail(gateway.CallInterrupted)
			m.carrier.guarded(k, func() { m.carrier.answer(k) })
		}
		m.promises.finish(k)
	}()
}

// allot gives a call that is pending from the start its time: for each attempt, or
// for all of one that would have continued.
func (k *call) allot() {
	if k.each = k.Webhook.Timeout; k.Webhook.Continue {
		k.deadline = time.Now().Add(directory.MaxTimeout)
	}
}

// TakeUp sees to pending calls that the store kept back when their slots were acquired,
// as Acquire would have.
func (c *Calls) TakeUp(list []*gateway.PendingCall) {
	c.owner.Between(func() {
		for _, p := range list {
			if t := c.terms.find(p.Tenant); t != nil {
				mover{c}.resume(p, t)
			}
		}
	})
}
