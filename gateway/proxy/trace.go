package proxy

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/requests"
	"hookgate/gateway/tracing"
)

// trace begins the span of a request to a route: in the trace that a trusted proxy says, and
// else in one of its own, linked with what a stranger says (SPEC-operations O10). The
// upstream is told that place.
func (x *exchange) trace() {
	t := x.p.options.Tracer
	if t == nil {
		return
	}
	name := "proxy"
	if x.route.Relay {
		name = "relay"
	}
	said := edge.SpanOf(x.ctx)
	if x.p.Trusts(edge.ClientIP(x.ctx)) {
		x.span = t.Start(tracing.Serves, name, said, x.at)
	} else {
		x.span = t.Start(tracing.Serves, name, nil, x.at, said)
	}
	x.request.place = x.span.Context()
}

// place is where what is stored of a request stands in a trace.
func (x *exchange) place() *gateway.SpanContext {
	if x.span.On() {
		return x.request.place
	}
	if x.p.Trusts(edge.ClientIP(x.ctx)) {
		return edge.SpanOf(x.ctx)
	}
	return nil
}

// endSpan tells what became of a request, and how long its parts took.
func (x telling) endSpan() {
	if !x.span.Records() {
		return
	}
	m, why := &x.moments, ""
	x.span.Part("verify", x.at, m.proved)
	x.span.Part("connect", m.asked, m.connected)
	x.span.Part("first_byte", m.connected, m.heard)
	if x.reply.status >= 500 {
		why = "status"
	}
	if step := m.cause.Step; step != requests.None {
		x.span.Text("refused_by", step.String())
	}
	x.span.Text("request_id", string(edge.RequestID(x.ctx)))
	x.span.Text("route", x.route.ID)
	x.span.Text("tenant", x.route.Spec.Tenant)
	x.span.Text("http.request.method", x.caller.Method())
	x.span.Number("http.response.status_code", x.reply.status)
	x.span.Number("upstream_status", m.status)
	x.span.End(time.Now(), why)
}
