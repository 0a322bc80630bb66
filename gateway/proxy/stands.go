package proxy

import (
	"slices"
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
		if key.route == id {
			all = append(all, u.stands(now))
		}
	}
	return all
}

// AllUpstreams gives how those of all routes stand, by route.
func (p *Proxy) AllUpstreams() map[string][]Upstream {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, all := time.Now(), map[string][]Upstream{}
	for key, u := range p.upstreams {
		all[key.route] = append(all[key.route], u.stands(now))
	}
	return all
}

func (u *upstream) stands(now time.Time) Upstream {
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
	return one
}

// Together makes one of what several nodes say of the same upstream: the worst of its health
// and of its breakers, the last probe of any, and the sum of what is under way and was counted.
func Together(all []Upstream) (one []Upstream) {
	at := map[string]int{}
	for i := range all {
		place, known := at[all[i].URL]
		if !known {
			at[all[i].URL] = len(one)
			one = append(one, all[i])
			continue
		}
		one[place].add(&all[i])
	}
	return one
}

func (u *Upstream) add(other *Upstream) {
	if u.Healthy == nil || other.Healthy != nil && !*other.Healthy {
		u.Healthy = other.Healthy
	}
	if worse := slices.Index(worsening, other.Breaker) - slices.Index(worsening, u.Breaker); worse > 0 || worse == 0 && other.Until.After(u.Until) {
		u.Breaker, u.Until = other.Breaker, other.Until
	}
	if other.Probe.At.After(u.Probe.At) {
		u.Probe = other.Probe
	}
	u.InFlight += other.InFlight
	u.Latency.add(other.Latency)
}

// worsening are the states of a breaker, the best first; "" is of none.
var worsening = []string{"", breaker.Closed.String(), breaker.HalfOpen.String(), breaker.Open.String()}
