package outbound

import (
	"time"
)

// enqueue gives a lane its turn, and its tenant one among the tenants.
func (l *Lanes) enqueue(n *lane) {
	n.queued = true
	n.tenant.turn = append(n.tenant.turn, n)
	if !n.tenant.queued {
		n.tenant.queued = true
		l.turn = append(l.turn, n.tenant)
	}
	l.counted(n)
}

// counted keeps the numbers of active lanes and tenants, by which shares are made.
func (l *Lanes) counted(n *lane) {
	if is := n.queued || len(n.flying) > 0; is != n.active {
		n.active = is
		n.tenant.lanes += delta(is)
	}
	if is := n.tenant.queued || n.tenant.flying > 0; is != n.tenant.active {
		n.tenant.active = is
		l.active += delta(is)
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

// hire starts a worker when there is a turn to take and nobody who looks for one.
func (l *Lanes) hire() {
	if looking := l.workers - l.flying; l.stopped || len(l.turn) == 0 || looking > 0 || l.flying >= l.options.Limit {
		return
	}
	l.workers++
	l.running.Go(l.work)
}

// work carries attempts until there is none to make.
func (l *Lanes) work() {
	for {
		a := l.lease()
		if a == nil {
			return
		}
		l.carry(a)
	}
}

// lease takes the next delivery in turn: of the tenants that are below their
// share the first, and of its lanes likewise. nil ends the worker.
func (l *Lanes) lease() *attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.stopped && l.flying < l.options.Limit {
		for range len(l.turn) {
			t := l.turn[0]
			l.turn[0] = nil
			l.turn = l.turn[1:]
			var a *attempt
			if most := share(l.options.Limit, l.active); t.flying < most {
				a = l.leaseOf(t, most, now)
			}
			if len(t.turn) > 0 {
				l.turn = append(l.turn, t)
			} else {
				t.queued = false
			}
			if a != nil {
				l.counted(a.lane)
				l.hire()
				return a
			}
			if !t.queued && t.flying == 0 && t.active {
				t.active = false
				l.active--
			}
		}
	}
	l.workers--
	return nil
}

// leaseOf takes the next delivery of a tenant, which may use so much.
func (l *Lanes) leaseOf(t *tenant, most int, now time.Time) *attempt {
	for range len(t.turn) {
		n := t.turn[0]
		t.turn[0] = nil
		t.turn = t.turn[1:]
		if len(n.flying) >= share(most, t.lanes) {
			t.turn = append(t.turn, n)
			continue
		}
		n.queued = false
		a := l.leaseFrom(n, now)
		l.place(n, now)
		l.counted(n)
		if a != nil {
			return a
		}
	}
	return nil
}

// leaseFrom takes the next delivery of a lane, with the permit of its breaker.
func (l *Lanes) leaseFrom(n *lane, now time.Time) *attempt {
	target := l.options.Targets(n.key.Tenant, n.key.Endpoint)
	if target == nil {
		n.parked = true
		return nil
	}
	n.adopt(target, l.changed(n))
	if n.rest.After(now) || len(n.flying) >= n.concurrency {
		return nil
	}
	due, ok := n.next(now)
	if !ok {
		return nil
	}
	permit, ok := n.permit()
	if !ok {
		n.window.add(due, true) // to where it was taken from
		return nil
	}
	n.flying = append(n.flying, due.ID)
	n.tenant.flying++
	l.flying++
	return &attempt{lane: n, due: due, target: target, permit: permit}
}

// release gives an attempt's place back.
func (l *Lanes) release(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	n := a.lane
	a.permit.Done(a.verdict)
	n.held = false
	for i, id := range n.flying {
		if id == a.due.ID {
			last := len(n.flying) - 1
			n.flying[i] = n.flying[last]
			n.flying = n.flying[:last]
			break
		}
	}
	n.tenant.flying--
	l.flying--
	if a.rest > 0 && now.Add(a.rest).After(n.rest) {
		n.rest = now.Add(a.rest)
	}
	if a.again != nil {
		n.window.add(*a.again, false)
	} else {
		n.depth--
	}
	l.place(n, now)
	l.counted(n)
}
