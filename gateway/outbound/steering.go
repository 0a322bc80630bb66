package outbound

import (
	"context"
	"sync"
	"time"

	"hookgate/gateway"
)

// Steering is what is done to endpoints and to their deliveries by hand. What lanes
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
func (s *Steering) Pause(tenant, endpoint string) error {
	return s.change(tenant, endpoint, func(s *gateway.EndpointStatus) { s.Paused = true })
}

// Resume ends a pause, and a disablement too.
func (s *Steering) Resume(tenant, endpoint string) error {
	return s.change(tenant, endpoint, func(s *gateway.EndpointStatus) {
		s.Paused = false
		enable(s)
	})
}

// enable lifts a disablement: the endpoint has all its time again.
func enable(s *gateway.EndpointStatus) { s.DisabledReason, s.FailingSince = "", time.Time{} }

// change changes a status and makes it durable; its deliveries follow at once.
func (s *Steering) change(tenant, endpoint string, change func(*gateway.EndpointStatus)) error {
	n, err := s.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	if err := s.statuses.change(n, change); err != nil {
		return err
	}
	s.statuses.flush(n)
	s.attend(n)
	return nil
}

// primed gives the lane of an endpoint whose standing is known.
func (s *Steering) primed(tenant, endpoint string) (*lane, error) {
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	for {
		n := s.schedule.lane(key)
		if n == nil {
			return nil, errElsewhere
		}
		if n.primed {
			return n, nil
		}
		if err := s.schedule.reading.prime(n); err != nil {
			return nil, err
		}
	}
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
// background, though nothing waits for it: for those that the file names.
func (s *Steering) Watch(tenant, endpoint string) {
	s.schedule.mu.Lock()
	n := s.schedule.lane(gateway.LaneKey{Tenant: tenant, Endpoint: endpoint})
	s.schedule.mu.Unlock()
	if n != nil {
		s.attend(n)
	}
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
