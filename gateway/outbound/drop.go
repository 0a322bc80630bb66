package outbound

import "hookgate/gateway"

// Dropped tells that an endpoint was deleted: its deliveries are cancelled, and
// its status is forgotten. Its target must be gone before.
func (s *Steering) Dropped(tenant, endpoint string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	s.schedule.drop(key)
	return s.statuses.drop(key)
}

// DropOrphan is Dropped for a lane that was found in the store, and has no endpoint any
// more. It does nothing, and says so, where another owns the lane's slot: that one will
// find it too, or has made a delivery for an endpoint that is not known here yet.
func (s *Steering) DropOrphan(key gateway.LaneKey) (here bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slots := owned(s.schedule); !slots.Has(key.Slot()) {
		return false, nil
	}
	s.schedule.drop(key)
	return true, s.statuses.drop(key)
}

// awaitDrops waits for drops that are under way: they know the slots as they were.
func (s *Steering) awaitDrops() {
	s.mu.Lock()
	defer s.mu.Unlock()
}

// drop takes the lane of an endpoint that was deleted out. It returns when nothing of
// it is written any more.
func (s *schedule) drop(key gateway.LaneKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lanes[key]
	if n == nil {
		return
	}
	s.forget(n)
	for n.writes() {
		s.ended.Wait()
	}
}

// forgetTenant drops what memory holds of a tenant that was deleted.
func (s *schedule) forgetTenant(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[tenant]; t != nil {
		for len(t.all) > 0 {
			s.forget(t.all[0])
		}
		if t.tree.members--; t.tree.members == 0 {
			delete(s.trees, t.tree.name)
		}
		delete(s.tenants, tenant)
	}
}

// forgetLeft drops lanes that another owns now.
func (s *schedule) forgetLeft(left []*lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range left {
		s.forget(n)
	}
}

// forget takes a lane out. What is on its way comes back to nowhere, unwritten.
func (s *schedule) forget(n *lane) {
	if n.gone {
		return
	}
	n.gone = true
	s.loans.dismiss(n, gateway.ErrNotFound)
	n.standing.end()
	n.window.grant.close()
	delete(s.lanes, n.key)
	n.tenant.remove(n)
	s.sleep.remove(n)
	n.abandon()
	if n.sending == 0 {
		n.giveUp()
	}
	if n.circuit != nil {
		n.watched.breaker(0)
	}
}

// remove takes a lane out of those of its tenant.
func (t *tenant) remove(n *lane) {
	last := len(t.all) - 1
	t.all[n.among] = t.all[last]
	t.all[n.among].among = n.among
	t.all[last] = nil
	t.all = t.all[:last]
}
