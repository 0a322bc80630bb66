package node

import (
	"context"
	"time"

	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
)

func (n *Node) openCalls() error {
	bounds := &n.config.Bounds
	n.calls = calling.New(calling.Options{
		Pending: n.budget("calls", int64(bounds.Calls)), Waited: n.budget("waited_calls", int64(bounds.WaitedCalls)),
		Requests: n.budget("call_requests", int64(bounds.CallRequests)), Holder: n.holder, Above: n.directory.Above, Now: n.clock.Now,
		Sender: n.transport, Store: n.store, Waits: n.sessions, Webhook: n.webhook,
		// By its form alone: the egress rules have their word when it is dialled.
		CheckURL: func(url string) error { return n.transport.CheckURL(url, true) },
		Observer: calling.Observer{Ended: n.callEnded(), Failed: n.callFailed, Noticed: n.lanes.Wake}, Version: n.Version, Log: n.Log,
	})
	n.onStop(n.leaveCalls)
	return nil
}

// leaveCalls leaves the pending calls that are still under way to the next start:
// nothing of them may go on when the store is closed. Drain has told of them.
func (n *Node) leaveCalls() error {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_ = n.calls.Drain(ctx)
	return nil
}

// webhook gives a webhook as it now stands.
func (n *Node) webhook(tenant, id string) *directory.Webhook {
	if t := n.directory.Current().Tenant(tenant); t != nil {
		return t.Webhook(id)
	}
	return nil
}

// callEnded gives what counts how long calls took.
func (n *Node) callEnded() func(time.Duration) {
	duration := n.metrics.CallDuration()
	return func(took time.Duration) { duration.Observe(took.Seconds()) }
}

// callFailed keeps how the last call of a chatbot's webhook failed, "" for one that
// went well.
func (n *Node) callFailed(tenant, webhook, text string) {
	if err := n.resources.Webhooks.SetError(tenant, webhook, text); err != nil {
		n.Log.Error("the error of a webhook was not kept", "tenant", tenant, "webhook", webhook, "error", err)
	}
}

// dropWebhook drops what is kept of a webhook that was deleted.
func (n *Node) dropWebhook(tenant, webhook string) { n.calls.Dropped(tenant, webhook) }
