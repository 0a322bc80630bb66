package outbound

import (
	"time"
)

// enqueue gives a lane its turn, and its tenant one among the tenants.
func (l *Lanes) enqueue(n *lane) {
	n.queued = true
	n.tenant.turn.push(n)
	if !n.tenant.queued {
		n.tenant.queued = true
		l.turn.push(n.tenant)
	}
	l.counted(n)
}

// counted keeps the numbers of active lanes and tenants, by which shares are made.
func (l *Lanes) counted(n *lane) {
	if is := n.queued || n.sending > 0; is != n.active {
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
	if looking := l.workers - l.flying; l.stopped || l.turn.len() == 0 || looking > 0 || l.flying >= l.options.Limit {
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
	now := l.now()
	if !l.stopped && l.flying < l.options.Limit {
		for range l.turn.len() {
			t := l.turn.pop()
			var a *attempt
			if most := share(l.options.Limit, l.active); t.flying < most {
				a = l.leaseOf(t, most, now)
			}
			if t.turn.len() > 0 {
				l.turn.push(t)
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
	for range t.turn.len() {
		n := t.turn.pop()
		if n.sending >= share(most, t.lanes) {
			t.turn.push(n)
			continue
		}
		n.queued = false
		a := l.leaseFrom(n, now)
		if a != nil {
			a.lane = n
			n.sending++
			t.flying++
			l.flying++
		}
		l.place(n, now)
		l.counted(n)
		if a != nil {
			return a
		}
	}
	return nil
}

// leaseFrom takes the next delivery of a lane, with the permit of its breaker; or
// the proof that its endpoint wants deliveries.
func (l *Lanes) leaseFrom(n *lane, now time.Time) *attempt {
	if n.gone {
		return nil
	}
	target := l.options.Targets(n.key.Tenant, n.key.Endpoint)
	if target == nil || target.Off || n.status.Paused || n.status.DisabledReason != "" {
		n.parked = true
		return nil
	}
	n.adopt(target, l)
	if n.proof.missing(target, &n.status) {
		if n.proof.under || n.proof.at.After(now) {
			return nil
		}
		n.proof.under = true
		return &attempt{target: target, proves: true}
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
	n.pace.spend(target.Rate, now)
	a := &attempt{due: due, target: target, permit: permit, with: n.gather(due, now)}
	a.carried = a.with
	n.flying[due.ID] = a
	for _, d := range a.with {
		n.flying[d.ID] = a
	}
	if n.order != nil && due.Conversation != 0 {
		n.order.busy[due.Conversation] = struct{}{}
	}
	return a
}

// release gives an attempt's place back.
func (l *Lanes) release(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	n := a.lane
	n.sending--
	n.tenant.flying--
	l.flying--
	if a.proves {
		n.proof.under = false
	} else {
		l.land(n, a, now)
	}
	l.ended.Broadcast()
	l.place(n, now)
	l.counted(n)
}

// land puts what an attempt carried where it now belongs.
func (l *Lanes) land(n *lane, a *attempt, now time.Time) {
	a.permit.Done(a.verdict)
	n.shy = false
	delete(n.flying, a.due.ID)
	for _, d := range a.carried {
		delete(n.flying, d.ID)
	}
	if a.rest > 0 && now.Add(a.rest).After(n.rest) {
		n.rest = now.Add(a.rest)
	}
	n.depth -= a.spent
	if a.again != nil {
		n.window.add(*a.again, false)
	} else {
		n.depth--
	}
	for _, d := range a.back {
		n.window.add(d, false)
	}
	if n.order != nil {
		n.order.release(a.due.Conversation, a.target.batches())
	}
}
