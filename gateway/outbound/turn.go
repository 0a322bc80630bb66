package outbound

import (
	"time"

	"hookgate/gateway"
)

// enqueue gives a lane its turn, its tenant one in its tree, and that one among the trees.
func (s *schedule) enqueue(n *lane) {
	t, g := n.tenant, n.tenant.tree
	n.queued = true
	t.turn.push(n)
	if !t.queued {
		t.queued = true
		g.turn.push(t)
	}
	if !g.queued {
		g.queued = true
		s.turn.push(g)
	}
	s.counted(n)
}

// counted keeps the numbers of active lanes, tenants and trees, by which shares are made.
func (s *schedule) counted(n *lane) {
	t, g := n.tenant, n.tenant.tree
	if is := n.queued || n.sending > 0; is != n.active {
		n.active = is
		t.lanes += delta(is)
	}
	if is := t.queued || t.flying > 0; is != t.active {
		t.active = is
		g.tenants += delta(is)
	}
	if is := g.queued || g.flying > 0; is != g.active {
		g.active = is
		s.active += delta(is)
	}
}

func delta(more bool) int {
	if more {
		return 1
	}
	return -1
}

// share is what one of several may use: a part that leaves one more part free
// for who comes next, and never nothing.
func share(whole, among int) int { return max(1, whole/(among+1)) }

// spareWorkers is how many workers wait for a turn when there is none. The stack of a new one
// grows, and is copied, as often as it takes until an attempt fits.
const spareWorkers = 32

// hire has a worker look when there is a turn to take and nobody who looks for one. Of many it is
// first looked whether the processor has time for more.
func (s *schedule) hire() {
	if looking := s.workers - s.flying; s.stopped || s.held || s.turn.len() == 0 || looking > 0 || s.flying >= s.options.Limit || !s.crowd.admits(s) {
		return
	}
	s.workers++
	if s.spare > 0 {
		s.spare--
		s.hired.Signal() // the one that waits longest, and no later one
		return
	}
	s.running.Go(s.work)
}

// work carries attempts until there is none to make, and enough others wait for the next.
func (s *schedule) work() {
	for {
		a := s.lease()
		if a == nil {
			return
		}
		s.carry(a)
	}
}

// aside lets a worker do something that is no attempt, and may take long: the next turn is taken
// by another.
func aside(s *schedule, do func()) {
	s.mu.Lock()
	s.workers--
	s.hire()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.workers++
		s.mu.Unlock()
	}()
	do()
}

// lease takes the next delivery in turn, or waits for one. nil ends the worker.
func (s *schedule) lease() *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ends := s.crowd.ends(s); ; ends = false {
		if !ends {
			if a := leaseNext(s); a != nil {
				return a
			}
		}
		s.workers--
		if s.stopped || s.spare == spareWorkers {
			return nil
		}
		s.spare++
		s.hired.Wait()
	}
}

// leaseNext takes the next delivery: of the trees that are below their share the first, and of
// its tenants and their lanes likewise.
func leaseNext(s *schedule) *attempt {
	now := s.now()
	if !s.stopped && !s.held && s.flying < s.options.Limit {
		for range s.turn.len() {
			g := s.turn.pop()
			var a *attempt
			if most := share(s.options.Limit, s.active); g.flying < most {
				a = g.lease(s, most, now)
			}
			if g.turn.len() > 0 {
				s.turn.push(g)
			} else {
				g.queued = false
			}
			if a != nil {
				s.counted(a.lane)
				s.hire()
				return a
			}
			if !g.queued && g.flying == 0 && g.active {
				g.active = false
				s.active--
			}
		}
	}
	return nil
}

// lease takes the next delivery of a tree, which may use so much. A tenant that has nobody
// beside it has all of that.
func (g *tree) lease(s *schedule, most int, now time.Time) *attempt {
	if g.members > 1 {
		most = share(most, g.tenants)
	}
	for range g.turn.len() {
		t := g.turn.pop()
		var a *attempt
		if t.flying < most {
			a = s.leaseOf(t, most, now)
		}
		if t.turn.len() > 0 {
			g.turn.push(t)
		} else {
			t.queued = false
		}
		if a != nil {
			return a
		}
		if !t.queued && t.flying == 0 && t.active {
			t.active = false
			g.tenants--
		}
	}
	return nil
}

// leaseOf takes the next delivery of a tenant, which may use so much.
func (s *schedule) leaseOf(t *tenant, most int, now time.Time) *attempt {
	for range t.turn.len() {
		n := t.turn.pop()
		if n.sending >= share(most, t.lanes) {
			t.turn.push(n)
			continue
		}
		n.queued = false
		a := s.leaseFrom(n, now)
		if a != nil {
			a.lane = n
			n.sending++
			t.flying++
			t.tree.flying++
			s.flying++
		}
		s.place(n, now)
		s.counted(n)
		if a != nil {
			return a
		}
	}
	return nil
}

// leaseFrom takes the next delivery of a lane, with the permit of its breaker; or
// the proof that its endpoint wants deliveries.
func (s *schedule) leaseFrom(n *lane, now time.Time) *attempt {
	target := s.open(n)
	if target == nil {
		return nil
	}
	if target.Pull {
		return n.lapse(now)
	}
	if missing, begun := n.standing.prove(target, now); begun {
		return &attempt{target: target, proves: true}
	} else if missing {
		return nil
	}
	if n.rest.After(now) || n.waits() {
		return nil
	}
	if at := n.pace.at(target.Rate, now); at.After(now) {
		n.rest = at
		return nil
	}
	due, ok := n.next(now)
	if !ok {
		return nil
	}
	permit, ok := n.permit(now)
	if !ok {
		n.window.add(due, true) // to where it was taken from
		return nil
	}
	a := n.leaves(due, now)
	a.permit = permit
	return a
}

// open adopts the target of a lane as it now is; nil: nothing may leave.
func (s *schedule) open(n *lane) *Target {
	if n.gone || n.leaving {
		return nil
	}
	target := s.options.Targets(n.key.Tenant, n.key.Endpoint)
	if target == nil || target.Off || n.standing.shut() {
		n.parked = true
		return nil
	}
	if s.calm.Has(n.slot) && !target.Pull {
		return nil
	}
	n.adopt(target, s)
	return target
}

// leaves begins an attempt of a delivery that was taken from the window, and of those that
// travel with it.
func (n *lane) leaves(due gateway.Due, now time.Time) *attempt {
	n.pace.spend(n.target.Rate, now)
	a := &attempt{due: due, target: n.target, with: n.gather(due, now)}
	a.carried = a.with
	n.flying[due.ID] = a
	for _, d := range a.with {
		n.flying[d.ID] = a
	}
	if n.order != nil {
		n.order.leaves(due)
	}
	return a
}
