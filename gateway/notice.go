package gateway

import "time"

// Types of the notices that go to the platform endpoint (SPEC 8).
const (
	NoticeWaitResumed   = "wait.resumed"
	NoticeWaitTimedOut  = "wait.timed_out"
	NoticeWaitCancelled = "wait.cancelled"
	NoticeCallbackLate  = "callback.late"
	NoticeDisabled      = "endpoint.disabled"
)

// Notice is an event of our own with its delivery to the platform endpoint.
type Notice struct {
	Event    Event
	Delivery Delivery
}

// WaitNotice tells the platform how a wait ended.
func WaitNotice(w *Wait, at time.Time) *Notice {
	return newNotice("wait."+string(w.State), w, at, w.AppendJSON)
}

// LateNotice tells the platform of a callback that came after its wait had
// ended without one; variables are mapped as if it had been in time.
func LateNotice(w *Wait, c *TakenCallback, variables Raw, at time.Time) *Notice {
	return newNotice(NoticeCallbackLate, w, at, func(dst []byte) []byte {
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
	})
}

// newNotice builds {"id","type","timestamp","data"} and its delivery, due at once.
func newNotice(kind string, w *Wait, at time.Time, data func([]byte) []byte) *Notice {
	id := NewID(PrefixEvent, at)
	body := make([]byte, 0, 1024+len(w.Context)+len(w.Variables))
	body = append(body, `{"id":`...)
	body = AppendString(body, id)
	body = appendMember(body, "type", kind)
	body = append(body, `,"timestamp":`...)
	body = Time{at}.AppendJSON(body)
	body = append(body, `,"data":`...)
	body = append(data(body), '}')
	return &Notice{
		Event: Event{ID: id, Tenant: w.Tenant, Type: kind, ConversationKey: w.ConversationKey, AcceptedAt: at, Body: body},
		Delivery: Delivery{
			ID: NewID(PrefixDelivery, at), Tenant: w.Tenant, Endpoint: PlatformEndpoint,
			EventIDs: []string{id}, EventType: kind, ConversationKey: w.ConversationKey,
			State: DeliveryPending, NextAttemptAt: at, CreatedAt: at,
		},
	}
}
