package calling

import (
	"net/http"
	"time"

	"hookgate/gateway"
)

// promise is what is stored of a call before it is answered as pending.
func promise(k *call) *gateway.Change {
	pending := k.unfinished().Kept(nil)
	return &gateway.Change{Pending: pendingCall(k), Traces: traces(&pending), Call: &pending}
}

func pendingCall(k *call) *gateway.PendingCall {
	r := k.result
	return &gateway.PendingCall{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, Request: k.Body, WaitID: k.waitID, Span: r.Span,
		Sent: k.Webhook != nil && !isIdempotent(k.Webhook.Method), CreatedAt: r.CreatedAt,
	}
}

// isIdempotent says whether a request may be made twice (RFC 9110, 9.2.2).
func isIdempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// unfinished is the call as it stands while somebody else works on its result.
func (k *call) unfinished() *gateway.Call {
	r := k.result
	return &gateway.Call{
		ID: r.ID, Tenant: r.Tenant, Webhook: r.Webhook, ConversationKey: k.Key, Outcome: gateway.CallPending,
		Duration: time.Since(k.began), Attempts: int(k.attempts.Load()), Context: k.Context, WaitID: k.waitID, CreatedAt: r.CreatedAt,
	}
}
