package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/calling"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
	"hookgate/gateway/waiting"
)

// Calls is what the API needs of package calling.
type Calls interface {
	// Call makes a call, after it has opened the wait that goes with it; an error says
	// that there was none.
	Call(ctx context.Context, q calling.Request) (*gateway.Call, error)
	// Run is Call, always sync, with everything that was sent and found.
	Run(ctx context.Context, q calling.Request) (*calling.Run, error)
	// Breaker tells how a webhook's circuit breaker stands.
	Breaker(tenant, webhook string) calling.BreakerStatus
	// Challenge asks the url of a connection to prove that it knows its token.
	Challenge(ctx context.Context, tenant *directory.Tenant, w *gateway.Webhook) error
}

// appender appends a call as it now stands, in the words of the path that made it.
type appender func(as *gateway.Call, dst []byte) []byte

// showing is how a call is told, in about so many bytes.
type showing struct {
	append appender
	size   int
}

// calls runs the webhooks of tenants.
type calls struct {
	calls    Calls
	sessions Waits // opens the waits that go with calls
	holder   *holder
	webhooks *resources.Webhooks // to run one before it is written
}

// call makes a call, after it has opened the wait that goes with it.
func (h *calls) call(c *call) (answer, error) {
	q, err := readCall(c)
	if err != nil {
		return answer{}, err
	}
	if q.Edited != nil {
		return answer{}, invalid("webhook", "is for run: a call is made by the webhook as it is written")
	}
	return h.make(c, q, func(ctx context.Context, q calling.Request) (*gateway.Call, showing, error) {
		made, err := h.calls.Call(ctx, q)
		if err != nil {
			return nil, showing{}, err
		}
		return made, showing{(*gateway.Call).AppendJSON, 1<<10 + len(made.Body) + len(made.Variables)}, nil
	})
}

// run is call for the person who sets a webhook up.
func (h *calls) run(c *call) (answer, error) {
	q, err := readCall(c)
	if err != nil {
		return answer{}, err
	}
	if q.Edited != nil {
		if err := h.edit(c, &q); err != nil {
			return answer{}, err
		}
	}
	return h.make(c, q, func(ctx context.Context, q calling.Request) (*gateway.Call, showing, error) {
		run, err := h.calls.Run(ctx, q)
		if err != nil {
			return nil, showing{}, err
		}
		return run.Call, showing{func(as *gateway.Call, dst []byte) []byte {
			shown := *run
			shown.Call = as
			return shown.AppendJSON(dst)
		}, run.SizeJSON()}, nil
	})
}

// edit has q run the webhook as somebody writes it: it is a request to wherever they say, so
// they must be such as may write it.
func (h *calls) edit(c *call, q *calling.Request) error {
	if !c.by.Allows(auth.ManageResources) {
		return gateway.Errorf(gateway.CodeForbidden, "a token of scope %s may not write the webhook: it runs as it is written", c.by.Scope)
	}
	if q.Wait != nil {
		return invalid("wait", "goes with a webhook that is written, and webhook is there")
	}
	tree, err := fields.Parse(q.Edited)
	if err != nil {
		return invalid("webhook", "%v", err)
	}
	q.Trial = true
	q.Webhook, err = h.webhooks.Edited(c.by, c.params.tenant, c.params.id, tree)
	return faultsUnder("webhook", err)
}

// make makes a call, and stays for the end of its wait where that is held.
func (h *calls) make(c *call, q calling.Request, do func(context.Context, calling.Request) (*gateway.Call, showing, error)) (answer, error) {
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	if !h.holder.accounts.of(c.tenant.ID).has() {
		return answer{}, errNoAnswers // what a call was answered is told in any case, and theirs are not read
	}
	if len(q.Wait) > 0 {
		q.Open = h.openWait(c, q)
	}
	q.Free = &c.kept
	made, show, err := do(context.Background(), q) // bounded by the webhook's timeout
	if err != nil {
		return answer{}, err
	}
	say := h.end(made, show, c.kept)
	if w := made.Wait; w == nil || w.Mode != gateway.ModeHold || w.State != gateway.StateWaiting {
		return c.atOnce(say(w, nil)), nil
	}
	a, err := h.holder.hold(c, made.Wait, 0, say, atWait)
	if err != nil { // the call was made all the same
		return c.atOnce(say(nil, err)), nil
	}
	return a, nil
}

// readCall reads the request for a call of the path's webhook.
func readCall(c *call) (q calling.Request, err error) {
	w, err := webhookOf(c)
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
	q, err = calling.Read(w, bytes.Clone(body))
	q.Span, q.RequestID = edge.SpanOf(c.ctx), string(edge.RequestID(c.ctx))
	return q, err
}

// end answers with a call and its wait. Where nobody can stay for the wait's
// end it is shown open, and so where the memory for its end is not to be had: a
// problem would say that no call was made, and have it made again. kept gives back what
// the call's answer has; nil: nothing.
func (h *calls) end(made *gateway.Call, show showing, kept func()) ending {
	return func(w *gateway.Wait, err error) said {
		s, as := said{status: http.StatusOK, fields: jsonFields}, *made
		if made.Outcome == gateway.CallPending {
			s.status = http.StatusAccepted
		}
		var m *memory
		if err == nil && w != nil && counted(w.SizeJSON()) > 0 {
			m = h.holder.accounts.of(made.Tenant)
			err = m.take(w.SizeJSON())
		}
		if err != nil {
			s.fields = goingFields
		} else {
			as.Wait = w
		}
		s.body = show.append(&as, make([]byte, 0, show.size))
		if s.sent = kept; kept == nil { // else it is counted with what the backend answered
			s.sent = h.holder.accounts.force(m, made.Tenant, counted(cap(s.body)))
		} else if m != nil {
			s.sent = func() { m.free(); kept() }
		}
		return s
	}
}

// goingFields are those of an answer that this process gives because it stops.
var goingFields = append([]edge.Field{{Name: "Connection", Value: "close"}}, jsonFields...)

// callWait is the body of a call's wait: alias_path, which it has besides, is for
// the call.
var callWait = fields.ReadOnly("alias_path")

// openWait gives what opens the wait that a call asks for.
func (h *calls) openWait(c *call, q calling.Request) func(context.Context, func(string) *gateway.Change) (*gateway.Wait, error) {
	return func(ctx context.Context, promise func(waitID string) *gateway.Change) (*gateway.Wait, error) {
		asked, err := readWaitOf(c, &q)
		if err != nil {
			return nil, err
		}
		asked.With, asked.Span = promise, q.Span
		ctx, stop := context.WithTimeout(ctx, maxTurn)
		defer stop()
		opened, err := h.sessions.Open(ctx, asked)
		if err != nil {
			return nil, underWait(busy(err))
		}
		return opened.Wait, nil
	}
}

// readWaitOf reads and checks what a call asks for as its wait. Its members are those of
// the body that opens any wait (SPEC 6), its key the call's.
func readWaitOf(c *call, q *calling.Request) (asked waiting.OpenRequest, err error) {
	tree, err := fields.Parse(q.Wait)
	if err != nil {
		return asked, err
	}
	if q.Key == "" {
		return asked, invalid("conversation_key", "is missing: a wait needs it")
	}
	key := q.Key
	b := waitBody{ConversationKey: &key}
	faults := b.read(tree, q.Wait, &asked, gateway.ModePoll, callWait)
	if len(faults) == 0 && asked.Key != q.Key {
		faults = append(faults, gateway.Fault{Path: "conversation_key", Message: "is not that of the call: leave it out"})
	}
	if err := gateway.Invalid(gateway.Under("wait", faults)); err != nil {
		return asked, err
	}
	return asked, b.settle(c.tenant, &asked)
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
