package calling

import (
	"sync"
	"sync/atomic"

	"hookgate/gateway"
)

// term is one ownership of a slot. A call belongs to the one in which it began: what it
// stores is stored in that term, or not at all.
type term struct {
	slot gateway.Slot
	over chan struct{} // closed when the slot is being given up

	calls int           // pending; under the lock of those that are under way
	idle  chan struct{} // closed when it is over and there are none

	mu    sync.RWMutex // who stores something holds it for reading
	ended bool
}

func newTerm(slot gateway.Slot) *term {
	return &term{slot: slot, over: make(chan struct{}), idle: make(chan struct{})}
}

// isOver says whether the slot is being given up.
func (t *term) isOver() bool {
	select {
	case <-t.over:
		return true
	default:
		return false
	}
}

// enter says whether something may be stored in this term: then it does not end until
// leave.
func (t *term) enter() bool {
	t.mu.RLock()
	if t.ended {
		t.mu.RUnlock()
		return false
	}
	return true
}

func (t *term) leave() { t.mu.RUnlock() }

// end lets nothing more be stored, and waits for what is being stored.
func (t *term) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

// terms are those of the slots that are owned, by slot.
type terms struct {
	of [gateway.Slots]atomic.Pointer[term]
}

// find gives the term in which a call of a tenant begins now; nil where its slot is not
// owned.
func (t *terms) find(tenant string) *term { return t.of[gateway.SlotOf(tenant)].Load() }

// enter enters the term of a call and the life of its tenant, for as long as something is
// stored of it: false when either is over.
func (k *call) enter() bool {
	if !k.term.enter() {
		return false
	}
	if !k.live() {
		k.term.leave()
		return false
	}
	return true
}

func (k *call) leave() {
	k.rest()
	k.term.leave()
}

// live enters the life of the tenant alone, until rest. It must not last while the call's
// last error is told, which waits for who deletes the tenant.
func (k *call) live() bool { return k.Webhook == nil || k.Webhook.Tenant.Life.Enter() }

func (k *call) rest() {
	if k.Webhook != nil {
		k.Webhook.Tenant.Life.Leave()
	}
}
