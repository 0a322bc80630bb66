package gateway

import (
	"bytes"
	"time"
)

// Types of the notices that go to the platform endpoint (SPEC 8).
const (
	NoticeWaitResumed   = "wait.resumed"
	NoticeWaitTimedOut  = "wait.timed_out"
	NoticeWaitCancelled = "wait.cancelled"
	NoticeCallbackLate  = "callback.late"
	NoticeDisabled      = "endpoint.disabled"
	NoticeCallFinished  = "call.finished"
)

// IsNotice says whether the event is a notice: its body tells the id under which it
// is kept, which nobody who publishes knows before.
func (e *Event) IsNotice() bool {
	return e.Relay == nil && bytes.HasPrefix(e.Body, append([]byte(`{"id":"`+e.ID), '"'))
}

// Notice is an event of our own with its delivery to the platform endpoint.
type Notice struct {
	Event    Event
	Delivery Delivery
}

// NoticeOfBody says whether an event is a notice that has the body of a callback or
// of an answer in its own: lists leave that out (SPEC 16). A platform may publish
// under the types of notices too.
func (e *Event) NoticeOfBody() bool {
	switch e.Type {
	case NoticeWaitResumed, NoticeCallbackLate, NoticeCallFinished:
		return e.IsNotice()
	}
	return false
}

// WaitNotice tells the platform how a wait ended.
func WaitNotice(w *Wait, at time.Time) *Notice {
	return newNotice("wait."+string(w.State), w.Tenant, w.ConversationKey, at, sizeOf(w), w.AppendJSON).of(w.Span)
}

// LateNotice tells the platform of a callback that came after its wait had
// ended without one; variables are mapped as if it had been in time.
func LateNotice(w *Wait, c *TakenCallback, variables Raw, at time.Time) *Notice {
	return newNotice(NoticeCallbackLate, w.Tenant, w.ConversationKey, at, sizeOf(w), func(dst []byte) []byte {
		dst = append(dst, `{"wait":`...)
		dst = w.AppendJSON(dst)
		dst = append(dst, `,"callback":`...)
		dst = c.appendJSON(dst)
		dst = append(dst, `,"variables":`...)
		if len(variables) == 0 {
			variables = Raw("{}")
		}
		dst = append(dst, variables...)
		return append(dst, '}')
	}).of(w.Span)
}

// CallNotice tells the platform how an async call ended.
func CallNotice(c *Call, at time.Time) *Notice {
	size := 1024 + len(c.Body) + len(c.Variables) + len(c.Responses) + len(c.Attributes) + len(c.Context)
	return newNotice(NoticeCallFinished, c.Tenant, c.ConversationKey, at, size, c.AppendJSON).of(c.Span)
}

func sizeOf(w *Wait) int { return 1024 + len(w.Context) + len(w.Variables) }

// of says whose trace a notice belongs to: that of who opened the wait, or asked for the
// call.
func (n *Notice) of(span *SpanContext) *Notice {
	n.Event.Span = span
	return n
}

// Led says what brought a notice about: the callback's span. It is the notice's own trace
// where who waits has none, and else linked with it. A nil notice stays one.
func (n *Notice) Led(by *SpanContext) *Notice {
	if n != nil {
		n.Event.Span = n.Event.Span.Linked(by)
	}
	return n
}

// newNotice builds {"id","type","timestamp","data"} and its delivery, due at once.
func newNotice(kind, tenant, conversation string, at time.Time, size int, data func([]byte) []byte) *Notice {
	id := NewEventID(at)
	body := make([]byte, 0, 256+size)
	body = append(body, `{"id":`...)
	body = AppendString(body, id)
	body = AppendMember(body, "type", kind)
	body = append(body, `,"timestamp":`...)
	body = Time{at}.AppendJSON(body)
	body = append(body, `,"data":`...)
	body = append(data(body), '}')
	return &Notice{
		Event: Event{ID: id, Tenant: tenant, Type: kind, ConversationKey: conversation, AcceptedAt: at, Body: body},
		Delivery: Delivery{
			ID: DeliveryBeside(id, 1), Tenant: tenant, Endpoint: PlatformEndpoint,
			EventIDs: []string{id}, EventType: kind, ConversationKey: conversation,
			State: DeliveryPending, NextAttemptAt: at, CreatedAt: at,
		},
	}
}
