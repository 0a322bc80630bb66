package outbound

import (
	"time"

	"hookgate/gateway"
)

// pace keeps a lane's attempts to a rate: the generic cell rate algorithm, which
// remembers one moment (ITU-T I.371). The moment outlives a change of the rate.
type pace struct{ next time.Time } // when the next would be due if all came evenly

// at is when an attempt may be made: now, or later.
func (p *pace) at(r *gateway.Rate, now time.Time) time.Time {
	if r == nil {
		return now
	}
	if at := p.next.Add(-time.Duration(r.Burst-1) * interval(r)); at.After(now) {
		return at
	}
	return now
}

// spend counts an attempt.
func (p *pace) spend(r *gateway.Rate, now time.Time) {
	if r == nil {
		return
	}
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(interval(r))
}

func interval(r *gateway.Rate) time.Duration {
	return time.Duration(float64(time.Second) / r.PerSecond)
}
