package outbound

import (
	"time"

	"hookgate/gateway"
	"hookgate/retry/breaker"
)

func (n *lane) adoptBreaker(t *Target, s *schedule) {
	if t.Breaker == nil {
		if n.circuit != nil {
			n.circuit = nil
			n.circuits++
			n.standing.closed()
			n.watched.breaker(breaker.Closed)
		}
		return
	}
	if n.circuit != nil && n.circuit.Settings() == *t.Breaker {
		return
	}
	n.circuits++
	changed := s.changed(n, n.circuits)
	until, trips := n.standing.tripped()
	if fresh := n.circuit == nil; trips > 0 {
		n.circuit = breaker.Restored(*t.Breaker, changed, time.Now().Add(until.Sub(s.now())), trips)
		n.standing.setTripped(until, trips) // as it was: this was no trip
	} else if n.circuit = breaker.New(*t.Breaker, changed); fresh && n.known {
		n.circuit.Ramp()
	}
}

// permit asks the breaker.
func (n *lane) permit(now time.Time) (p breaker.Permit, ok bool) {
	if n.circuit == nil {
		return p, true
	}
	p, until, ok := n.circuit.Allow(n.concurrency)
	if !ok {
		n.shy = until.IsZero()
		if until := now.Add(time.Until(until)); !n.shy && until.After(n.rest) { // the breaker has another clock
			n.rest = until
		}
	}
	return p, ok
}

// changed tells of a change of a lane's breaker, with the lock held.
func (s *schedule) changed(n *lane, circuit int) func(breaker.State, time.Time) {
	return func(state breaker.State, until time.Time) {
		if n.gone || n.circuits != circuit {
			return
		}
		n.watched.breaker(state)
		args := []any{"tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "state", state.String()}
		switch state {
		case breaker.Open:
			until = s.now().Add(time.Until(until)).Round(0) // the breaker has another clock
			n.standing.opened(until)
			args = append(args, "until", gateway.At(until).Format(gateway.TimeFormat))
		case breaker.Closed:
			n.standing.closed()
		}
		n.watched.turned(state, until)
		s.log.Info("circuit breaker changed", args...)
	}
}
