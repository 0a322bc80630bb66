package inbound

import (
	"time"

	"hookgate/gateway/edge"
	"hookgate/gateway/tracing"
)

// span is a request as the collector is told of it, where there is one.
type span struct {
	tracing.Span
	last time.Time // when the step before had ended
}

// steps are the names of what a callback goes through, by the places in way.
var steps = [...]string{"edge", "verify", "limit", "parse", "extract", "take"}

// trace begins the span of a request: in the trace that a trusted proxy says, and else in one
// of its own, linked with what a stranger says (SPEC-operations O10).
func (in *Inbound) trace(r *request) {
	t := in.options.Tracer
	if t == nil {
		return
	}
	said := edge.SpanOf(r.ctx)
	if in.options.Trusts(edge.ClientIP(r.ctx)) {
		r.span.Span = t.Start(tracing.Serves, "callback", said, r.at)
	} else {
		r.span.Span = t.Start(tracing.Serves, "callback", nil, r.at, said)
	}
	r.span.last = r.at
}

// did tells of a step that has ended.
func (s *span) did(step int) {
	if s.Records() {
		now := time.Now()
		s.Part(steps[step], s.last, now)
		s.last = now
	}
}

// endSpan tells what became of the request.
func (r telling) endSpan() {
	s, why := &r.span, ""
	if !s.Records() {
		return
	}
	status := r.ctx.Response.StatusCode()
	if status >= 500 {
		why = string(r.taken.Outcome)
	}
	s.Text("request_id", string(edge.RequestID(r.ctx)))
	if r.src != nil { // what is not there was named by a stranger
		s.Text("tenant", r.src.Tenant.ID)
		s.Text("source", r.src.ID)
	}
	s.Text("outcome", string(r.taken.Outcome))
	s.Text("callback_id", r.taken.CallbackID)
	s.Text("wait_id", r.taken.WaitID)
	s.Text("http.request.method", r.caller.Method())
	s.Number("http.response.status_code", status)
	s.End(time.Now(), why)
}
