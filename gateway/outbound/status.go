package outbound

import (
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

// Status is how an endpoint stands, as a reader sees it.
type Status struct {
	Verified          bool
	VerificationError string
	Paused            bool
	DisabledReason    string
	Breaker           string // closed, open, half_open
	OpenUntil         time.Time
	ProbedAt          time.Time // when the breaker's last probe was done; zero: there was none
	Probed            string    // how that went
	Depth             int       // unfinished deliveries
}

// Status tells how an endpoint stands.
func (s *Steering) Status(tenant, endpoint string) (Status, error) {
	key := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	target, depth := s.options.Targets(tenant, endpoint), 0
	s.schedule.mu.Lock()
	if n := s.schedule.lanes[key]; n != nil && n.primed {
		defer s.schedule.mu.Unlock()
		return s.live(n, target), nil
	} else if n != nil {
		depth = n.unfinished()
	}
	s.schedule.mu.Unlock()
	known, err := s.statuses.store.Status(key)
	is := s.statusOf(&known, target)
	is.Depth = depth
	return is, err
}

// Rests tells until when nothing of an endpoint is sent: its breaker is open, or it asked
// for a rest; the zero Time: it does not rest, or its lane is not here.
func (s *Steering) Rests(tenant, endpoint string) (until time.Time) {
	s.schedule.mu.Lock()
	defer s.schedule.mu.Unlock()
	n := s.schedule.lanes[gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}]
	if n == nil {
		return until
	}
	now := s.schedule.now()
	until = n.rest
	if n.circuit != nil {
		if _, open := n.circuit.State(); !open.IsZero() {
			until = later(until, now.Add(time.Until(open)).Round(0)) // the breaker has another clock
		}
	}
	if !until.After(now) {
		return time.Time{}
	}
	return until
}

// live gives how an endpoint stands whose lane is here and knows it.
func (s *Steering) live(n *lane, t *Target) Status {
	known := n.standing.get()
	is := s.statusOf(&known, t)
	is.Depth = n.unfinished()
	if n.circuit != nil {
		state, until := n.circuit.State()
		if is.Breaker = state.String(); !until.IsZero() {
			until = s.schedule.now().Add(time.Until(until)) // the breaker has another clock
		}
		is.OpenUntil = until
	}
	return is
}

func (s *Steering) statusOf(known *gateway.EndpointStatus, t *Target) Status {
	is := Status{
		Verified: true, VerificationError: known.VerificationError, Paused: known.Paused,
		DisabledReason: known.DisabledReason, Breaker: breaker.Closed.String(), ProbedAt: known.ProbedAt, Probed: known.Probed,
	}
	if t == nil || !t.proves() {
		is.VerificationError = ""
	} else {
		is.Verified = known.ProvedFor == t.Proof
	}
	if known.OpenUntil.After(s.schedule.now()) {
		is.Breaker, is.OpenUntil = breaker.Open.String(), known.OpenUntil
	}
	return is
}
