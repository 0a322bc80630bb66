package calling

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/tracing"
)

// trace begins the span of a call, in the trace of who asked for it. Its notice, and what a
// later process does of it, come below that.
func (a *admission) trace(k *call) {
	if a.tracer == nil {
		return
	}
	k.span = a.tracer.Start(tracing.Works, "call", k.Span, k.began)
	k.result.Span = k.span.Context()
}

// traced is a call that tells of itself.
type traced struct{ *call }

// attemptSpan begins the span of one request, which tells the backend its place.
func (k traced) attemptSpan(at time.Time) tracing.Span {
	span := k.span.Child(tracing.Asks, "attempt", at)
	if place := span.Context(); place != nil && k.spanAt < len(k.fields) {
		k.fields = k.fields[:k.spanAt]
		place.Fields(k.add)
	}
	return span
}

// endAttempt tells how a request went.
func (k traced) endAttempt(span tracing.Span) {
	why := ""
	if k.sent != nil {
		why = k.sent.Word
	}
	if a := k.answered; a != nil {
		if span.Number("http.response.status_code", a.Status); why == "" && a.Status/100 != 2 {
			why = gateway.CallStatus
		}
	}
	span.End(time.Now(), why)
}

// endSpan tells how a call has ended.
func (k traced) endSpan() {
	r := k.result
	k.span.Text("tenant", r.Tenant)
	k.span.Text("webhook", r.Webhook)
	k.span.Text("call_id", r.ID)
	k.span.Text("wait_id", r.WaitID)
	k.span.Text("request_id", k.RequestID)
	k.span.Text("outcome", string(r.Outcome))
	k.span.Number("attempts", r.Attempts)
	k.span.End(time.Now(), r.Reason)
}
