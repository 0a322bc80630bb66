package outbound

import "time"

// write begins to write what an attempt carries; false when it was cancelled.
func (s *schedule) write(a *attempt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.writing = !a.cancelled
	return a.writing
}

// written ends it: whoever waited for that may go on. What is written first is which
// deliveries travel with it.
func (s *schedule) written(a *attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.merged, a.writing = true, false
	s.ended.Broadcast()
}

// land gives an attempt's place back.
func (s *schedule) land(a *attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	n := a.lane
	if !a.lends { // else it has no place among those that are sent
		n.sending--
		n.tenant.flying--
		n.tenant.tree.flying--
		s.flying--
	}
	if a.proves {
		n.standing.proofEnds()
	} else {
		n.land(a, now)
	}
	if n.gone && !a.lends && n.sending == 0 {
		n.giveUp() // nobody is left: its context is freed
	}
	s.ended.Broadcast()
	s.place(n, now)
	s.counted(n)
}

// land puts what an attempt carried where it now belongs.
func (n *lane) land(a *attempt, now time.Time) {
	if a.permit.Done(a.verdict) {
		n.standing.probed(now, a.verdict.String())
	}
	n.shy = false
	delete(n.flying, a.due.ID)
	for _, d := range a.carried {
		delete(n.flying, d.ID)
	}
	n.restFor(a, now)
	n.depth -= a.spent
	if a.again != nil {
		n.window.add(*a.again, false)
	} else {
		n.depth--
	}
	for _, d := range a.back {
		n.window.add(d, false)
	}
	if n.order != nil && !a.ends {
		n.order.release(a.due, a.target.batches())
	}
}

// restFor lets a lane sleep as long as an attempt says.
func (n *lane) restFor(a *attempt, now time.Time) {
	if a.rest > 0 && now.Add(a.rest).After(n.rest) {
		n.rest = now.Add(a.rest)
		if a.asked {
			n.standing.rests(n.rest)
		}
	}
}
