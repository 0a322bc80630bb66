package calling

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"hookgate/gateway"
)

// carrier takes calls from their requests to their outcomes.
type carrier struct {
	seats    *seats
	sender   Sender
	checkURL func(string) error
	agent    string // the User-Agent
	waits    *waitOf
	now      func() time.Time // the clock of what is stored
	log      *slog.Logger
	draining <-chan struct{}
	left     func() time.Time // when a drain ends, once it has begun
}

// done says whether a step was the last of its way.
type done bool

// way is the steps of a call, in order; answer comes after the last of them,
// whichever that is.
var way = []func(*call) done{(*call).compose, (*call).send, (*call).check, (*call).extract}

// carry takes a call to its outcome, or leaves it. It never panics.
func (c *carrier) carry(k *call) {
	c.guarded(k, func() {
		for _, step := range way {
			if step(k) {
				return
			}
		}
		k.result.Outcome = gateway.CallSuccess
	})
	if !k.left {
		c.guarded(k, func() { c.answer(k) })
	}
}

// guarded makes a panic the call's failure, and no more than that.
func (c *carrier) guarded(k *call, do func()) {
	defer func() {
		if p := recover(); p != nil {
			// The value may hold anything; its type and the stack tell the place.
			c.log.Error("a call panicked", "tenant", k.result.Tenant, "webhook", k.result.Webhook, "call_id", k.result.ID, "request_id", k.RequestID,
				"panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			k.fail(gateway.CallInterrupted)
			k.spoilt = true
		}
	}()
	do()
}
