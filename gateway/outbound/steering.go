package outbound

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
)

// Steering is what is done to endpoints and to their deliveries by hand; the lines of the
// audit that are given are in one commit with it. What lanes
// do meanwhile is kept apart by the schedule. An endpoint whose slot is another's is
// answered with gateway.CodeUnavailable, but for what the store alone can tell.
type Steering struct {
	options  *Options
	backlog  Backlog
	archive  Archive
	schedule *schedule
	statuses *statuses
	carrier  *carrier
	prover   *prover
	mu       sync.Mutex // an ended delivery changes by hand alone, one after the other
}

// Pause keeps an endpoint's deliveries waiting until Resume, over restarts.
func (s *Steering) Pause(tenant, endpoint string, told ...gateway.AuditLine) error {
	return s.change(tenant, endpoint, func(s *gateway.EndpointStatus) { s.Paused = true }, told...)
}

// Resume ends a pause, and a disablement too.
func (s *Steering) Resume(tenant, endpoint string, told ...gateway.AuditLine) error {
	return s.change(tenant, endpoint, func(s *gateway.EndpointStatus) {
		s.Paused = false
		enable(s)
	}, told...)
}

// CloseBreaker closes an endpoint's circuit breaker, open or half-open: its deliveries go
// on, one at first. A rest that the endpoint asked for stays.
func (s *Steering) CloseBreaker(tenant, endpoint string, told ...gateway.AuditLine) error {
	forget := func(s *gateway.EndpointStatus) { s.OpenUntil, s.Trips = time.Time{}, 0 }
	n, err := s.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	if err := s.statuses.change(n, forget, told...); err != nil {
		return err
	}
	s.schedule.mu.Lock()
	if n.circuit != nil {
		n.circuit.Close()
	}
	n.rest = restOf(n.standing.get(), s.schedule.now())
	s.schedule.mu.Unlock()
	s.statuses.flush(n)
	s.attend(n)
	return nil
}

// enable lifts a disablement: the endpoint has all its time again.
func enable(s *gateway.EndpointStatus) { s.DisabledReason, s.FailingSince = "", time.Time{} }

// change changes a status and makes it durable; its deliveries follow at once.
func (s *Steering) change(tenant, endpoint string, change func(*gateway.EndpointStatus), told ...gateway.AuditLine) error {
	n, err := s.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	if err := s.statuses.change(n, change, told...); err != nil {
		return err
	}
	s.statuses.flush(n)
	s.attend(n)
	return nil
}

// primed gives the lane of an endpoint whose standing is known.
func (s *Steering) primed(tenant, endpoint string) (*lane, error) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	return s.schedule.reading.primed(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint})
}

// Changed tells that an endpoint was written. A disablement is lifted, and where
// its url or token must be proved, that is done before Changed returns if it takes
// no more than five seconds, else in the background; Status tells how it went.
func (s *Steering) Changed(ctx context.Context, tenant, endpoint string) error {
	if err := s.change(tenant, endpoint, enable); err != nil {
		return err
	}
	target := s.options.Targets(tenant, endpoint)
	if target == nil || target.Off {
		return nil
	}
	n, err := s.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	if n.standing.proveNow(target) {
		ctx, cancel := context.WithTimeout(ctx, handshakeInPut)
		defer cancel()
		_ = s.prover.prove(ctx, n, target) // the status tells
		n.standing.proofEnds()
	}
	s.attend(n)
	return nil
}

// handshakeInPut is how long the writer of an endpoint waits for a handshake.
const handshakeInPut = 5 * time.Second

// Verify makes the handshake at once, whatever is known. The error says why it
// failed; gateway.ErrNotFound that there is no such endpoint.
func (s *Steering) Verify(ctx context.Context, tenant, endpoint string) error {
	target := s.options.Targets(tenant, endpoint)
	if target == nil {
		return gateway.ErrNotFound
	}
	if target.Off || !target.proves() {
		return nil
	}
	n, err := s.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	err = s.prover.prove(ctx, n, target)
	s.attend(n)
	return err
}

// Watch sees to it that an endpoint which nobody has proved yet is proved in the
// background, though nothing waits for it: for those that the file names. One that has no
// lane and needs no proof gets none: it costs nothing until its first delivery.
func (s *Steering) Watch(tenant, endpoint string) {
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	s.schedule.mu.Lock()
	_, has := s.schedule.lanes[key]
	s.schedule.mu.Unlock()
	if !has && !s.unproved(key) {
		return
	}
	s.schedule.mu.Lock()
	n := s.schedule.lane(key)
	s.schedule.mu.Unlock()
	if n != nil {
		s.attend(n)
	}
}

// unproved says whether an endpoint has yet to prove itself, as far as can be told: the
// lane reads it again.
func (s *Steering) unproved(key gateway.LaneKey) bool {
	target := s.options.Targets(key.Tenant, key.Endpoint)
	if target == nil || !target.proves() {
		return false
	}
	status, err := s.statuses.store.Status(key)
	return err != nil || missing(target, &status)
}

// attend gives a lane its turn, for its target or its status has changed.
func (s *Steering) attend(n *lane) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	n.parked, n.target = false, nil
	if n.primed && !s.schedule.stopped && !n.queued && !n.gone && !n.leaving {
		s.schedule.sleep.remove(n)
		s.schedule.enqueue(n) // its turn finds what there is to do
	} else {
		s.schedule.place(n, s.schedule.now())
	}
	s.schedule.hire()
}
