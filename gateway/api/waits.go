package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/waiting"
)

// Waits is what the API needs of package waiting.
type Waits interface {
	Open(ctx context.Context, q waiting.OpenRequest) (waiting.Opened, error)
	// Hold gives a wait when it has ended, or as it stands when ctx is done.
	Hold(ctx context.Context, tenant, id string) (*gateway.Wait, error)
	Get(tenant, id string) (*gateway.Wait, error)
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	List(tenant, before string, most int, keep func(*gateway.Wait) bool) ([]*gateway.Wait, error)
	Timeline(tenant, key string, since time.Time, most int) ([]gateway.Trace, error)
}

// maxTurn bounds how long a call stands in line for a conversation.
const maxTurn = 10 * time.Second

func showWait(status int, w *gateway.Wait) (answer, error) {
	return answer{status, jsonType, w.AppendJSON(make([]byte, 0, 512))}, nil
}

// openWait registers a wait and, in mode hold, stays until it has ended.
func openWait(c *call) (answer, error) {
	asked, err := c.readWait()
	if err != nil {
		return answer{}, err
	}
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	opened, err := c.Waits.Open(ctx, asked)
	stop()
	if err != nil {
		return answer{}, busy(err)
	}
	if opened.Replayed {
		c.ctx.Response.Header.Set("Idempotency-Replayed", "true")
	}
	if opened.Wait.Mode != gateway.ModeHold {
		return showWait(http.StatusCreated, opened.Wait)
	}
	return c.hold(opened.Wait, gateway.MaxWaitSeconds*time.Second+maxTurn)
}

// getWait shows a wait, after holding it as long as the query asks.
func getWait(c *call) (answer, error) {
	hold, err := c.number("hold", 0, gateway.MaxWaitSeconds)
	if err != nil {
		return answer{}, err
	}
	w, err := c.Waits.Get(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	return c.hold(w, time.Duration(hold)*time.Second)
}

// hold stays with a wait until it has ended, the time is over, or the client has
// left. What the request occupied is given back before.
func (c *call) hold(w *gateway.Wait, most time.Duration) (answer, error) {
	if w.State != gateway.StateWaiting || most == 0 {
		return showWait(http.StatusOK, w)
	}
	ctx, leave := context.WithTimeout(context.Background(), most)
	defer leave()
	watch := c.Watcher.Watch(c.ctx, leave)
	defer watch.Stop()
	c.ctx.Request.ResetBody()
	w, err := c.Waits.Hold(ctx, w.Tenant, w.ID)
	if err != nil {
		return answer{}, err
	}
	return showWait(http.StatusOK, w)
}

func cancelWait(c *call) (answer, error) {
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	w, err := c.Waits.Cancel(ctx, c.params.tenant, c.params.id, gateway.ReasonCancelled)
	if err != nil {
		return answer{}, busy(err)
	}
	return showWait(http.StatusOK, w)
}

// busy says of a turn that did not come that it may come later.
func busy(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return gateway.Unavailable("the conversation is busy", time.Second)
	}
	return err
}

var waitStates = []gateway.WaitState{gateway.StateWaiting, gateway.StateResumed, gateway.StateTimedOut, gateway.StateCancelled}

// listWaits lists waits, newest first; state, source and conversation_key filter.
func listWaits(c *call) (answer, error) {
	p, err := c.page(isIDOf(gateway.PrefixWait))
	if err != nil {
		return answer{}, err
	}
	args := c.ctx.QueryArgs()
	state, source, key := gateway.WaitState(args.Peek("state")), string(args.Peek("source")), string(args.Peek("conversation_key"))
	if state != "" && !slices.Contains(waitStates, state) {
		return answer{}, invalid("state", "must be waiting, resumed, timed_out or cancelled")
	}
	found, err := c.Waits.List(c.params.tenant, p.after, p.limit+1, func(w *gateway.Wait) bool {
		return (state == "" || w.State == state) && (source == "" || w.Source == source) &&
			(key == "" || w.ConversationKey == key || slices.Contains(w.Aliases, key))
	})
	if err != nil {
		return answer{}, err
	}
	part, next := cut(found, p, func(w *gateway.Wait) string { return w.ID })
	views := make([]gateway.Raw, len(part))
	for i, w := range part {
		views[i] = w.AppendJSON(nil)
	}
	return show(http.StatusOK, list{views, next})
}
