package cluster

import (
	"context"
	"time"

	"hookgate/gateway"
)

// view is what requests look at: it is made anew when something changes, and never changed.
type view struct {
	self    Node
	here    gateway.SlotSet // answered here, as long as this node may
	owners  [gateway.Slots]*Node
	changed chan struct{} // closed when there is a newer one
}

// Owner gives the node that owns a slot, and whether that is this one. In a gap between two
// owners, and where this node may not answer now, it gives none.
func (c *Cluster) Owner(slot gateway.Slot) (owner Node, here bool) {
	return c.state.view.Load().owner(slot, c.state.mayAnswer)
}

func (v *view) owner(slot gateway.Slot, may func() bool) (owner Node, here bool) {
	if v.here.Has(slot) {
		if may() {
			return v.self, true
		}
		return Node{}, false
	}
	if n := v.owners[slot]; n != nil {
		return *n, false
	}
	return Node{}, false
}

// WaitOwner is Owner for who can wait for the end of a gap, for up to three seconds. The
// error is one that the client is told.
func (c *Cluster) WaitOwner(ctx context.Context, slot gateway.Slot) (owner Node, here bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, gapTime)
	defer cancel()
	return c.state.waitOwner(ctx, slot)
}

// NextOwner is WaitOwner for who was told by the owner that it is not, or did not find it: it
// looks into the store first. It may be the same again.
func (c *Cluster) NextOwner(ctx context.Context, slot gateway.Slot) (owner Node, here bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, gapTime)
	defer cancel()
	if !c.watcher.lookAgain(ctx) {
		return Node{}, false, c.state.gap()
	}
	return c.state.waitOwner(ctx, slot)
}

// WaitWhole waits until every slot has an owner that answers; false where ctx ends before.
func (c *Cluster) WaitWhole(ctx context.Context) bool {
	for {
		v := c.state.view.Load()
		if c.state.whole() {
			return true
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return false
		}
	}
}

func (s *state) whole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view.Load()
	for slot, is := range s.known {
		if v.here.Has(gateway.Slot(slot)) { //nolint:gosec // it ranges over all
			continue
		}
		if p := s.peers[is.Node]; v.owners[slot] == nil || p == nil || p.answered.IsZero() {
			return false
		}
	}
	return true
}

func (s *state) waitOwner(ctx context.Context, slot gateway.Slot) (owner Node, here bool, err error) {
	for {
		v := s.view.Load()
		if owner, here = v.owner(slot, s.mayAnswer); owner != (Node{}) {
			return owner, here, nil
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return Node{}, false, s.gap()
		}
	}
}

// gap is what the client is told of one that lasts.
func (s *state) gap() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing {
		return gateway.Unavailable("the database cannot be reached now", 5*time.Second)
	}
	return gateway.Unavailable("this is moving to another node", time.Second)
}

// mayAnswer says whether this node may answer for its slots: it has beaten lately, or
// nobody can.
func (s *state) mayAnswer() bool {
	now := int64(time.Since(s.base))
	return now < s.lease.Load() || now < s.away.Load()
}
