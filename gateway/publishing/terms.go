package publishing

import (
	"sync"

	"hookgate/gateway"
)

// What is known by a key is looked up, and then stored with it; of two equal publishes in one
// process the second waits for that (turns). Another process may have the tenant meanwhile, and
// takes the same publish again: so what was looked up in one term of a slot is stored in it, or
// moves on to whoever has the slot then, and a slot is given up when nothing is being stored. What
// has no key is anybody's.

// terms are those of the slots of tenants. This process has all that it did not give up.
type terms struct {
	mu      sync.Mutex
	ended   sync.Cond // something was stored, or will not be
	gone    gateway.SlotSet
	of      [gateway.Slots]int // terms that are over
	storing [gateway.Slots]int
}

// term is one: a publish remembers in which it was looked up.
type term struct {
	slot gateway.Slot
	n    int
}

var errMoving = gateway.Moved("what is published for this tenant is moving to another node")

// begin gives the term of a slot as it is now, before anything is looked up.
func (t *terms) begin(slot gateway.Slot) (term, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone.Has(slot) {
		return term{}, errMoving
	}
	return term{slot, t.of[slot]}, nil
}

// store begins to store what was looked up in a term, if that is not over; stored ends it.
func (t *terms) store(in term) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone.Has(in.slot) || t.of[in.slot] != in.n {
		return errMoving
	}
	t.storing[in.slot]++
	return nil
}

func (t *terms) stored(in term) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.storing[in.slot]--
	t.ended.Broadcast()
}

// Acquire takes slots of tenants.
func (p *Publisher) Acquire(slots gateway.SlotSet) error {
	t := &p.terms
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = t.gone.Without(slots)
	return nil
}

// Release gives slots up. When it returns nothing that has a key is being stored for their
// tenants, and nothing will be that was looked up before.
func (p *Publisher) Release(slots gateway.SlotSet) {
	t := &p.terms
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = t.gone.With(slots)
	for slot := range slots.All() {
		t.of[slot]++
	}
	for slot := range slots.All() {
		for t.storing[slot] > 0 {
			t.ended.Wait()
		}
	}
}
