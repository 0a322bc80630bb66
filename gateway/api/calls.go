package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/waiting"
)

// Calls is what the API needs of package calling.
type Calls interface {
	// Call makes a call. How the backend took it is its outcome; an error says that
	// there was no call at all.
	Call(ctx context.Context, q calling.Request) (*gateway.Call, error)
	// Run is Call, always sync, with everything that was sent and found.
	Run(ctx context.Context, q calling.Request) (*calling.Run, error)
	// Breaker tells how a webhook's circuit breaker stands.
	Breaker(tenant, webhook string) (state string, until time.Time)
	// Challenge asks a url to prove that it knows the token of its connection.
	Challenge(ctx context.Context, tenant *directory.Tenant, url, token string) error
}

// appender appends a call as it now stands, in the words of the path that made it.
type appender func(as *gateway.Call, dst []byte) []byte

// callWebhook makes a call, after it has opened the wait that goes with it.
func callWebhook(c *call) (answer, error) {
	return c.makeCall(func(ctx context.Context, q calling.Request) (*gateway.Call, appender, error) {
		made, err := c.Calls.Call(ctx, q)
		return made, (*gateway.Call).AppendJSON, err
	})
}

// runWebhook is callWebhook for the person who sets a webhook up.
func runWebhook(c *call) (answer, error) {
	return c.makeCall(func(ctx context.Context, q calling.Request) (*gateway.Call, appender, error) {
		run, err := c.Calls.Run(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		return run.Call, func(as *gateway.Call, dst []byte) []byte {
			shown := *run
			shown.Call = as
			return shown.AppendJSON(dst)
		}, nil
	})
}

// makeCall opens the wait first: a callback that is quicker than the backend's
// answer finds it.
func (c *call) makeCall(do func(context.Context, calling.Request) (*gateway.Call, appender, error)) (answer, error) {
	q, err := c.readCall()
	if err != nil {
		return answer{}, err
	}
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	opened, err := c.openWaitOf(&q)
	if err != nil {
		return answer{}, err
	}
	made, show, err := do(context.Background(), q) // bounded by the webhook's timeout
	if err != nil {
		c.dropWait(opened)
		return answer{}, err
	}
	if made.Wait == nil {
		made.Wait = opened // how it now stands could not be read
	}
	say := endOfCall(made, show)
	if w := made.Wait; w == nil || w.Mode != gateway.ModeHold || w.State != gateway.StateWaiting {
		return atOnce(say(w, nil)), nil
	}
	a, err := c.hold(made.Wait, 0, say)
	if err != nil { // the call was made all the same
		return atOnce(say(nil, err)), nil
	}
	return a, nil
}

// readCall reads the request for a call of the path's webhook.
func (c *call) readCall() (q calling.Request, err error) {
	w, err := c.webhook()
	if err != nil {
		return q, err
	}
	if c.tenant.Disabled {
		return q, errTenantDisabled
	}
	body, err := edge.ReadBody(c.ctx, maxBody)
	if err != nil {
		return q, err
	}
	// A call that goes on after its answer needs its request longer than the
	// connection keeps it.
	return calling.Read(w, bytes.Clone(body))
}

// endOfCall answers with a call and its wait. Where nobody can stay for the wait's
// end it is shown open: a problem would say that no call was made, and have it made
// again.
func endOfCall(made *gateway.Call, show appender) ending {
	return func(w *gateway.Wait, err error) (int, []edge.Field, []byte) {
		status, fields, as := http.StatusOK, jsonFields, *made
		if made.Outcome == gateway.CallPending {
			status = http.StatusAccepted
		}
		if err != nil {
			fields = goingFields
		} else {
			as.Wait = w
		}
		return status, fields, show(&as, make([]byte, 0, 1<<10))
	}
}

// goingFields are those of an answer that this process gives because it stops.
var goingFields = append([]edge.Field{{Name: "Connection", Value: "close"}}, jsonFields...)

// callWait is the body of a call's wait: alias_path, which it has besides, is for
// the call.
var callWait = fields.ReadOnly("alias_path")

// openWaitOf opens the wait that a call asks for; nil where it asks for none. Its
// members are those of the body that opens any wait (SPEC 6), its key the call's.
func (c *call) openWaitOf(q *calling.Request) (*gateway.Wait, error) {
	if len(q.Wait) == 0 {
		return nil, nil
	}
	tree, err := fields.Parse(q.Wait)
	if err != nil {
		return nil, err
	}
	if q.Key == "" {
		return nil, invalid("conversation_key", "is missing: a wait needs it")
	}
	key, asked := q.Key, waiting.OpenRequest{}
	b := waitBody{ConversationKey: &key}
	faults := b.read(tree, q.Wait, &asked, gateway.ModePoll, callWait)
	if len(faults) == 0 && asked.Key != q.Key {
		faults = append(faults, gateway.Fault{Path: "conversation_key", Message: "is not that of the call: leave it out"})
	}
	if err := gateway.Invalid(gateway.Under("wait", faults)); err != nil {
		return nil, err
	}
	if err := c.settleWait(&b, &asked); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	opened, err := c.Waits.Open(ctx, asked)
	if err != nil {
		return nil, underWait(busy(err))
	}
	q.WaitID = opened.Wait.ID
	return opened.Wait, nil
}

// underWait puts faults of a wait's rules where the body of a call has them.
func underWait(err error) error {
	var known *gateway.Error
	if !errors.As(err, &known) || len(known.Faults) == 0 {
		return err
	}
	placed := *known
	placed.Faults = gateway.Under("wait", slices.Clone(known.Faults))
	return &placed
}

// dropWait ends the wait of a call that was not made, so that the conversation can
// ask again.
func (c *call) dropWait(w *gateway.Wait) {
	if w == nil || w.State != gateway.StateWaiting {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	var known *gateway.Error
	if _, err := c.Waits.Cancel(ctx, w.Tenant, w.ID, gateway.ReasonCallFailed); err != nil &&
		!(errors.As(err, &known) && known.Code == gateway.CodeWaitEnded) {
		c.Log.Error("a wait stays open whose call was not made", "tenant", w.Tenant, "wait_id", w.ID, "error", err)
	}
}
