package outbound

import (
	"context"
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// Status tells how an endpoint stands.
func (l *Lanes) Status(tenant, endpoint string) (Status, error) {
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	target := l.options.Targets(tenant, endpoint)
	l.mu.Lock()
	n := l.lanes[key]
	if n == nil || !n.primed {
		depth := 0
		if n != nil {
			depth = n.unfinished()
		}
		l.mu.Unlock()
		known, err := l.queue.Status(key)
		s := l.statusOf(&known, target)
		s.Depth = depth
		return s, err
	}
	defer l.mu.Unlock()
	s := l.statusOf(&n.status, target)
	s.Depth = n.unfinished()
	if n.circuit != nil {
		state, until := n.circuit.State()
		if s.Breaker = state.String(); !until.IsZero() {
			until = l.now().Add(time.Until(until)) // the breaker has another clock
		}
		s.OpenUntil = until
	}
	return s, nil
}

func (l *Lanes) statusOf(known *gateway.EndpointStatus, t *Target) Status {
	s := Status{
		Verified: true, VerificationError: known.VerificationError, Paused: known.Paused,
		DisabledReason: known.DisabledReason, Breaker: breaker.Closed.String(),
	}
	if t == nil || t.Proof == (gateway.MarkKey{}) {
		s.VerificationError = ""
	} else {
		s.Verified = known.ProvedFor == t.Proof
	}
	if known.OpenUntil.After(l.now()) {
		s.Breaker, s.OpenUntil = breaker.Open.String(), known.OpenUntil
	}
	return s
}

// Pause keeps an endpoint's deliveries waiting until Resume, over restarts.
func (l *Lanes) Pause(tenant, endpoint string) error {
	return l.change(tenant, endpoint, func(s *gateway.EndpointStatus) { s.Paused = true })
}

// Resume ends a pause, and a disablement too.
func (l *Lanes) Resume(tenant, endpoint string) error {
	return l.change(tenant, endpoint, func(s *gateway.EndpointStatus) {
		s.Paused = false
		enable(s)
	})
}

// enable lifts a disablement: the endpoint has all its time again.
func enable(s *gateway.EndpointStatus) { s.DisabledReason, s.FailingSince = "", time.Time{} }

// Changed tells that an endpoint was written. A disablement is lifted, and where
// its url or token must be proved, that is done before Changed returns if it takes
// no more than five seconds, else in the background; Status tells how it went.
func (l *Lanes) Changed(ctx context.Context, tenant, endpoint string) error {
	if err := l.change(tenant, endpoint, enable); err != nil {
		return err
	}
	target := l.options.Targets(tenant, endpoint)
	if target == nil || target.Off {
		return nil
	}
	n, err := l.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	l.mu.Lock()
	missing := n.proof.missing(target, &n.status)
	if missing {
		n.proof = proof{under: true} // the background waits for this one
	}
	l.mu.Unlock()
	if missing {
		ctx, cancel := context.WithTimeout(ctx, handshakeInPut)
		defer cancel()
		l.prove(ctx, n, target)
		l.mu.Lock()
		n.proof.under = false
		l.mu.Unlock()
	}
	l.attend(n)
	return nil
}

// Watch sees to it that an endpoint which nobody has proved yet is proved in the
// background, though nothing waits for it: for those that the file names.
func (l *Lanes) Watch(tenant, endpoint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch(l.lane(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}))
}

// attend gives a lane its turn, for its target or its status has changed.
func (l *Lanes) attend(n *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watch(n)
}

// watch is attend for those who have the lock.
func (l *Lanes) watch(n *lane) {
	n.parked, n.target = false, nil
	if n.primed && !l.stopped && !n.queued && !n.gone {
		l.sleep.remove(n)
		l.enqueue(n) // its turn finds what there is to do
	} else {
		l.place(n, l.now())
	}
	l.hire()
}

// change changes a status and makes it durable; its deliveries follow at once.
func (l *Lanes) change(tenant, endpoint string, change func(*gateway.EndpointStatus)) error {
	n, err := l.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	l.writing.Lock()
	l.mu.Lock()
	next := n.status
	change(&next)
	same := next == n.status
	l.mu.Unlock()
	if !same {
		if err = l.queue.PutStatus(n.key, next, true); err == nil {
			l.mu.Lock()
			change(&n.status)
			n.dirty = true // what changed meanwhile is not written yet
			l.mu.Unlock()
		}
	}
	l.writing.Unlock()
	if err != nil {
		return err
	}
	l.flush(n)
	l.attend(n)
	return nil
}

// primed gives the lane of an endpoint whose status is known.
func (l *Lanes) primed(tenant, endpoint string) (*lane, error) {
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		n := l.lane(key)
		if n.primed || n.gone {
			return n, nil
		}
		if err := l.prime(n); err != nil {
			return nil, err
		}
	}
}

// flush writes a status that changed, unsynced: what it says is found out again.
func (l *Lanes) flush(n *lane) {
	l.mu.Lock()
	dirty := n.dirty
	l.mu.Unlock()
	if !dirty {
		return
	}
	if err := l.writeStatus(n, false); err != nil {
		l.log.Warn("the status of an endpoint was not written", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
	}
}

// writeStatus writes the status as it is now.
func (l *Lanes) writeStatus(n *lane, sync bool) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	status, gone := n.status, n.gone
	n.dirty = false
	l.mu.Unlock()
	if gone {
		return nil
	}
	return l.queue.PutStatus(n.key, status, sync)
}
