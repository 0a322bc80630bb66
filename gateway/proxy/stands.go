package proxy

import (
	"time"

	"hookgate/retry/breaker"
)

// Upstream is how one upstream of a route stands.
type Upstream struct {
	URL      string
	Healthy  *bool  // what its checks say; nil: it is not asked
	Breaker  string // closed, half_open, open; "": there is none
	Until    time.Time
	Probe    breaker.Probe
	InFlight int64
	Latency  Latency
}

// Upstreams gives how the upstreams of a route of mode proxy stand.
func (p *Proxy) Upstreams(id string) (all []Upstream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for key, u := range p.upstreams {
		if key.route != id {
			continue
		}
		one := Upstream{URL: u.url, InFlight: u.flying.Load(), Latency: u.latency.lately(now)}
		if u.health != nil {
			well := !u.sick.Load()
			one.Healthy = &well
		}
		if u.breaker != nil {
			state, until := u.breaker.State()
			one.Breaker, one.Probe = state.String(), u.breaker.Probe()
			if state == breaker.Open {
				one.Until = until
			}
		}
		all = append(all, one)
	}
	return all
}
