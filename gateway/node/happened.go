package node

import (
	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/stats"
	"hookgate/retry/breaker"
)

// happened tells those who count and those who look on that something happened. It is on
// the way of every callback, event and attempt, and must cost next to nothing.
func (p *parts) happened(h gateway.Happening) {
	p.stats.Count(h)
	p.stream.Tell(h)
	if h.Kind >= gateway.HappenedBreaker {
		p.changes.Happened(&h)
	}
}

func (p *parts) accepted(e *gateway.Event) { p.happened(gateway.EventHappened(e)) }

// standings tells how each lane stands, and which webhooks' breakers are open. A route's
// breaker is nobody's of the tenants.
func (b between) standings(visit func(stats.Lane)) {
	if b.lanes == nil || b.calls == nil {
		return // they are still to come
	}
	b.lanes.Stats(func(s outbound.Stat) {
		visit(stats.Lane{Tenant: s.Lane.Tenant, Endpoint: s.Lane.Endpoint, Depth: s.Depth, Oldest: s.Oldest, Open: s.Breaker == breaker.Open})
	})
	b.calls.OpenBreakers(func(tenant, _ string) { visit(stats.Lane{Tenant: tenant, Open: true}) })
}
