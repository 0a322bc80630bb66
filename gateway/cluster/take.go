package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
)

// mover moves slots between this node's parts and the others.
type mover struct {
	*state
	options *Options
	watcher *watcher
	poked   chan struct{}

	giving  map[int64]bool // guarded by state.mu: nodes to which slots are being given
	givers  sync.WaitGroup
	resting map[int64]time.Time // guarded by state.mu: until when nothing is given to a node
}

const (
	// takenAtOnce is how many slots are acquired at once: the first are served soon.
	takenAtOnce = 32
	// moveAgain is the pause after a move that failed.
	moveAgain = 250 * time.Millisecond
)

// poke lets the mover compare what this node has with what it should have.
func (m *mover) poke() {
	select {
	case m.poked <- struct{}{}:
	default:
	}
}

// run takes and gives until ctx ends.
func (m *mover) run(ctx context.Context) {
	for ctx.Err() == nil {
		done := m.round(ctx)
		var again <-chan time.Time
		if !done {
			again = time.After(moveAgain)
		}
		select {
		case <-m.poked:
		case <-again:
		case <-ctx.Done():
		}
	}
	m.givers.Wait()
}

// round does what there is to do; false where something is left.
func (m *mover) round(ctx context.Context) bool {
	if !m.enter() {
		return true
	}
	defer m.leave()
	done := m.claim()
	done = m.settle() && done
	m.drop()
	done = m.take(ctx) && done
	m.give(ctx)
	return done
}

// take acquires what is this node's.
func (m *mover) take(ctx context.Context) bool {
	for ctx.Err() == nil {
		m.mu.Lock()
		slots := first(m.mine().Without(m.held).Without(m.unsure).Without(m.inHand()), takenAtOnce)
		m.touched = m.touched.With(slots)
		stop := m.fenced
		m.mu.Unlock()
		if slots.Len() == 0 || stop {
			return true
		}
		for _, part := range m.options.Parts {
			if err := part.Acquire(slots); err != nil {
				m.options.Log.Warn("slots could not be acquired", "count", slots.Len(), "error", err)
				return false
			}
		}
		m.mu.Lock()
		m.held = m.held.With(slots)
		m.publish()
		m.mu.Unlock()
	}
	return true
}

// inHand gives the slots that a giver has in its hands.
func (m *mover) inHand() (slots gateway.SlotSet) {
	for slot, to := range m.going {
		if to != 0 {
			slots.Add(gateway.Slot(slot)) //nolint:gosec // it ranges over all
		}
	}
	return slots
}

// drop releases what is this node's no more: the store has said so.
func (m *mover) drop() {
	m.mu.Lock()
	lost := m.touched.Without(m.mine()).Without(m.inHand()).Without(m.unsure)
	m.held = m.held.Without(lost)
	if lost.Len() > 0 {
		m.publish()
	}
	m.mu.Unlock()
	if lost.Len() > 0 {
		m.options.Log.Warn("slots are another's, by the store: they are released", "count", lost.Len())
		m.release(lost)
	}
}

// release gives slots up in all parts.
func (m *mover) release(slots gateway.SlotSet) {
	for _, part := range slices.Backward(m.options.Parts) {
		part.Release(slots)
	}
	m.mu.Lock()
	m.touched = m.touched.Without(slots)
	m.mu.Unlock()
}

// releaseAll gives everything up.
func (m *mover) releaseAll() {
	m.mu.Lock()
	touched := m.touched
	m.held = gateway.SlotSet{}
	m.mu.Unlock()
	if touched.Len() > 0 {
		m.release(touched)
	}
}

// claim assigns to this node what it is to have of slots that nobody has: of a new cluster.
// The first node does it for all.
func (m *mover) claim() bool {
	m.mu.Lock()
	byNode := map[int64]gateway.SlotSet{}
	if living := m.living(); len(living) > 0 && living[0] == m.self && !m.anew {
		to := m.planned()
		for slot, is := range m.known {
			if is.Node == 0 && to[slot] != 0 {
				set := byNode[to[slot]]
				set.Add(gateway.Slot(slot)) //nolint:gosec // it ranges over all
				byNode[to[slot]] = set
			}
		}
	}
	m.mu.Unlock()
	for node, slots := range byNode {
		if _, err := m.assign(slots, node); err != nil {
			m.options.Log.Warn("slots that nobody has could not be assigned", "error", err)
			return false
		}
	}
	return true
}

// assign gives slots as they are known to a node, and takes note of it.
func (m *mover) assign(slots gateway.SlotSet, to int64) (given gateway.SlotSet, err error) {
	m.mu.Lock()
	known := m.known
	m.mu.Unlock()
	given, err = m.options.Store.Assign(slots, &known, to)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		return gateway.SlotSet{}, err
	}
	for slot := range given.All() {
		is := known[slot]
		is.Node, is.Epoch = to, is.Epoch+1
		m.learn(slot, is)
	}
	if given != slots {
		m.watcher.poke() // they are known to be what they are not
	}
	m.publish()
	return given, nil
}

// settle has the store confirm what is unsure: it assigns those that are this node's to
// this node again. What was sent before, and comes after that, changes nothing.
func (m *mover) settle() bool {
	m.mu.Lock()
	unsure, anew := m.unsure, m.anew
	m.mu.Unlock()
	if unsure.Len() == 0 {
		return true
	}
	if anew && !m.watcher.look() {
		return false
	}
	m.mu.Lock()
	mine := unsure.Both(m.mine())
	m.unsure = m.unsure.Without(unsure.Without(mine)) // the others are another's
	own, self := mine.Without(m.inHand()), m.self
	m.mu.Unlock()
	if own.Len() == 0 {
		return mine.Len() == 0
	}
	given, err := m.assign(own, self)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.anew = m.anew || err != nil || given != own
	if err == nil {
		m.unsure = m.unsure.Without(given)
		m.publish()
	}
	return m.unsure.Len() == 0
}

// first gives the first slots of a set, so many at most.
func first(slots gateway.SlotSet, most int) (some gateway.SlotSet) {
	for slot := range slots.All() {
		if some.Len() == most {
			break
		}
		some.Add(slot)
	}
	return some
}
