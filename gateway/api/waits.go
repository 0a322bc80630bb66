package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/waiting"
)

// Waits is what the API needs of package waiting.
type Waits interface {
	Open(ctx context.Context, q waiting.OpenRequest) (waiting.Opened, error)
	// Watch gives a wait that has ended; else it tells done how it ends, until stop.
	Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (w *gateway.Wait, stop func() bool, err error)
	Get(tenant, id string) (*gateway.Wait, error)
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	List(tenant, before string, most int, keep func(*gateway.Wait) bool) ([]*gateway.Wait, error)
	Timeline(tenant, key string, since time.Time, most int) ([]gateway.Trace, error)
}

// maxTurn bounds how long a call stands in line for a conversation.
const maxTurn = 10 * time.Second

func showWait(status int, w *gateway.Wait) (answer, error) {
	return answer{status: status, contentType: jsonType, body: w.AppendJSON(make([]byte, 0, 512))}, nil
}

// openWait registers a wait and, in mode hold, stays until it has ended.
func openWait(c *call) (answer, error) {
	asked, err := c.readWait()
	if err != nil {
		return answer{}, err
	}
	if asked.Mode == gateway.ModeHold {
		if err := c.stay(); err != nil { // before anything is opened that nobody would hold
			return answer{}, err
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	opened, err := c.Waits.Open(ctx, asked)
	stop()
	if err != nil {
		return answer{}, busy(err)
	}
	end := endOfWait
	if opened.Replayed {
		c.ctx.Response.Header.Set("Idempotency-Replayed", "true")
		end = endOfReplayed
	}
	if opened.Wait.Mode != gateway.ModeHold {
		return showWait(http.StatusCreated, opened.Wait)
	}
	if err := c.stay(); err != nil { // the first request with this key may have said so
		return answer{}, err
	}
	return c.hold(opened.Wait, 0, end)
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
	if hold == 0 {
		return showWait(http.StatusOK, w)
	}
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	return c.hold(w, time.Duration(hold)*time.Second, endOfWait)
}

// ending is how a held request is answered: with the wait as it then stands, or
// with why nobody can stay for its end. It runs after the handler, and keeps
// nothing of its request.
type ending func(*gateway.Wait, error) (status int, fields []edge.Field, body []byte)

// hold answers when the wait has ended, or after most as it then stands (0: with
// its end alone). Nothing of the request stays behind but its connection, and its seat.
func (c *call) hold(w *gateway.Wait, most time.Duration, say ending) (answer, error) {
	if w.State != gateway.StateWaiting {
		return atOnce(say(w, nil)), nil
	}
	held, seat := c.Watcher.Hold(c.ctx), c.seat
	ctx, cancel := context.WithTimeout(context.Background(), maxTurn)
	defer cancel()
	now, stop, err := c.Waits.Watch(ctx, w.Tenant, w.ID, func(w *gateway.Wait, err error) {
		seat.leave()
		held.Answer(say(w, err))
	})
	if err != nil {
		return answer{}, busy(err)
	}
	if stop == nil {
		return atOnce(say(now, nil)), nil
	}
	if most > 0 {
		time.AfterFunc(most, func() {
			if stop() {
				seat.leave()
				held.Answer(say(now, nil))
			}
		})
	}
	c.Watcher.Detach(c.ctx, held, func() {
		if stop() {
			seat.leave()
		}
	})
	return answer{later: true}, nil
}

// atOnce is what would have been the end of a hold, and needs none.
func atOnce(status int, _ []edge.Field, body []byte) answer {
	return answer{status: status, contentType: jsonType, body: body}
}

// endWith answers a held wait with the wait.
func endWith(fields []edge.Field) ending {
	return func(w *gateway.Wait, err error) (int, []edge.Field, []byte) {
		if err != nil {
			return edge.Problem(err)
		}
		return http.StatusOK, fields, w.AppendJSON(make([]byte, 0, 512))
	}
}

var (
	jsonFields     = []edge.Field{{Name: "Content-Type", Value: jsonType}}
	replayedFields = append([]edge.Field{{Name: "Idempotency-Replayed", Value: "true"}}, jsonFields...)
	endOfWait      = endWith(jsonFields)
	endOfReplayed  = endWith(replayedFields)
)

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
		c.turn.row()
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
