package outbound

import (
	"hookgate/gateway"
	"hookgate/gateway/tracing"
)

// trace begins the span of an attempt, in the trace of whoever published its event, and
// linked with each publish that is in it.
func trace(t *tracing.Tracer, a *attempt) {
	if !a.lends { // that of what is lent begins when it is over: traceLent
		beginSpan(t, tracing.Asks, a)
	}
}

// traceLent is trace of what was lent, once its lease has ended: until then who has it may
// outlive this process, and a span that is under way cannot. Nobody is asked, and who pulls
// is given the place of the publish itself. Who says what became of it reads no events: they
// are read here, for a good lease and a collector.
func (c *carrier) traceLent(a *attempt) {
	t := c.options.Tracer
	if t == nil {
		return
	}
	if a.said != nil {
		if _, events, err := c.backlog.Load(a.delivery.Tenant, a.delivery.ID); err == nil && len(events) > 0 {
			a.events = events
		}
	}
	beginSpan(t, tracing.Works, a)
}

func beginSpan(t *tracing.Tracer, kind tracing.Kind, a *attempt) {
	if t == nil {
		return
	}
	name := "attempt"
	if a.events[0].IsNotice() {
		name = "notice"
	}
	links := make([]*gateway.SpanContext, 0, 2*len(a.events))
	for i := range a.events {
		if of := a.events[i].Span; of != nil {
			links = append(links, of, of.Link)
		}
	}
	a.span = t.Start(kind, name, a.events[0].Span, a.at, links...)
	a.span.Text("tenant", a.delivery.Tenant)
	a.span.Text("endpoint", a.delivery.Endpoint)
	a.span.Text("delivery_id", a.delivery.ID)
	a.span.Text("event_id", a.events[0].ID)
	a.span.Text("event_type", a.delivery.EventType)
	if n := len(a.events); n > 1 {
		a.span.Number("events", n)
	}
}

// endSpan tells how an attempt went, and how its delivery stands after it.
func (a *attempt) endSpan(d *gateway.Delivery, made *gateway.Attempt) {
	a.span.Number("attempt", made.Number)
	a.span.Number("http.response.status_code", made.Status)
	a.span.Text("state", string(d.State))
	a.span.End(made.At.Add(made.Duration), made.Error)
}
