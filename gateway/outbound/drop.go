package outbound

import (
	"hookgate/gateway"
)

// Dropped tells that an endpoint was deleted: its deliveries are cancelled, and
// its status is forgotten. Its target must be gone before.
func (l *Lanes) Dropped(tenant, endpoint string) error {
	l.byHand.Lock()
	defer l.byHand.Unlock()
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	l.mu.Lock()
	if n := l.lanes[key]; n != nil {
		l.forget(n)
		for n.writes() {
			l.ended.Wait()
		}
	}
	l.mu.Unlock()
	l.writing.Lock() // a status that is being written would come back
	defer l.writing.Unlock()
	return l.queue.DropLane(key)
}

// Forget drops what memory holds of a tenant that was deleted.
func (l *Lanes) Forget(tenant string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, n := range l.lanes {
		if key.Tenant == tenant {
			l.forget(n)
		}
	}
	delete(l.tenants, tenant)
}

// forget takes a lane out. What is on its way comes back to nowhere, unwritten.
func (l *Lanes) forget(n *lane) {
	n.gone = true
	n.window.grant.close()
	delete(l.lanes, n.key)
	l.sleep.remove(n)
	for _, a := range n.flying {
		if a != nil && !a.writing {
			a.cancelled = true
		}
	}
	if n.circuit != nil {
		n.watched.breaker(0)
	}
}

// writes says whether an attempt's outcome is being written.
func (n *lane) writes() bool {
	for _, a := range n.flying {
		if a != nil && a.writing {
			return true
		}
	}
	return false
}
