package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// Waits is what the API needs of package waiting.
type Waits interface {
	Open(ctx context.Context, q waiting.OpenRequest) (waiting.Opened, error)
	// Watch gives a wait that has ended; else it tells done how it ends, until stop.
	Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (w *gateway.Wait, stop func() bool, err error)
	Get(tenant, id string) (*gateway.Wait, error)
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	List(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error)
	Timeline(tenant, key string, since time.Time, most int) ([]gateway.Trace, error)
}

// maxTurn bounds how long a call stands in line for a conversation.
const maxTurn = 10 * time.Second

// showWait answers with a wait as it stands.
func (c *call) showWait(status int, w *gateway.Wait) (answer, error) {
	size := w.SizeJSON()
	if counted(size) == 0 {
		return answer{status: status, contentType: jsonType, body: w.AppendJSON(make([]byte, 0, min(size, 512)))}, nil
	}
	t := c.wholeItem()
	t.append(size, w.AppendJSON)
	return t.answer(status)
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
	asked.Answers = true
	opened, err := c.Waits.Open(ctx, asked)
	stop()
	if err != nil {
		return answer{}, busy(err)
	}
	if opened.Answered != nil {
		edge.AfterAnswer(c.ctx, opened.Answered)
	}
	fields := jsonFields
	if opened.Replayed {
		c.ctx.Response.Header.Set("Idempotency-Replayed", "true")
		fields = replayedFields
	}
	if opened.Wait.Mode != gateway.ModeHold {
		return c.showWait(http.StatusCreated, opened.Wait)
	}
	if err := c.stay(); err != nil { // the first request with this key may have said so
		return answer{}, err
	}
	return c.hold(opened.Wait, 0, c.endWith(fields))
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
		return c.showWait(http.StatusOK, w)
	}
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	return c.hold(w, time.Duration(hold)*time.Second, c.endWith(jsonFields))
}

// ending is how a held request is answered: with the wait as it then stands, or
// with why nobody can stay for its end. It runs after the handler, and keeps
// nothing of its request.
type ending func(*gateway.Wait, error) said

// said is the answer to a held request.
type said struct {
	status int
	fields []edge.Field
	body   []byte
	sent   func() // is told when the memory of the body is free; may be nil
}

// problem says why there is another answer.
func problem(err error) (s said) {
	s.status, s.fields, s.body = edge.Problem(err)
	return s
}

// hold answers when the wait has ended, or after most as it then stands (0: with
// its end alone). Nothing of the request stays behind but its connection, and its seat.
func (c *call) hold(w *gateway.Wait, most time.Duration, say ending) (answer, error) {
	if w.State != gateway.StateWaiting {
		return c.atOnce(say(w, nil)), nil
	}
	held, seat := c.Watcher.Hold(c.ctx), c.seat
	ctx, cancel := context.WithTimeout(context.Background(), maxTurn)
	defer cancel()
	tell := func(w *gateway.Wait, err error) {
		seat.leave()
		s := say(w, err)
		held.Answer(s.status, s.fields, s.body, s.sent)
	}
	now, stop, err := c.Waits.Watch(ctx, w.Tenant, w.ID, tell)
	if err != nil {
		return answer{}, busy(err)
	}
	if stop == nil {
		return c.atOnce(say(now, nil)), nil
	}
	if most > 0 {
		time.AfterFunc(most, func() {
			if stop() {
				tell(now, nil)
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
func (c *call) atOnce(s said) answer {
	a := answer{status: s.status, body: s.body, sent: s.sent}
	for _, f := range s.fields {
		if f.Name == "Content-Type" {
			a.contentType = f.Value
		} else {
			c.ctx.Response.Header.Set(f.Name, f.Value)
		}
	}
	return a
}

func cancelWait(c *call) (answer, error) {
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	w, err := c.Waits.Cancel(ctx, c.params.tenant, c.params.id, gateway.ReasonCancelled)
	if err != nil {
		return answer{}, busy(err)
	}
	return c.showWait(http.StatusOK, w)
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
	asked, err := c.include()
	if err != nil {
		return answer{}, err
	}
	args := c.ctx.QueryArgs()
	state, source, key := gateway.WaitState(args.Peek("state")), string(args.Peek("source")), string(args.Peek("conversation_key"))
	if state != "" && !slices.Contains(waitStates, state) {
		return answer{}, invalid("state", "must be waiting, resumed, timed_out or cancelled")
	}
	l, err := c.list(p, asked)
	if err != nil {
		return answer{}, err
	}
	_, err = c.Waits.List(store.Query{Tenant: c.params.tenant, Before: p.after, Bodies: asked == full, Rows: math.MaxInt}, func(w *gateway.Wait) bool {
		c.turn.row()
		fits := (state == "" || w.State == state) && (source == "" || w.Source == source) &&
			(key == "" || w.ConversationKey == key || slices.Contains(w.Aliases, key))
		return !fits || l.add(w.ID, func(t *text, much extent) { t.wait(w, much) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

// wait appends a wait as a list shows it.
func (t *text) wait(w *gateway.Wait, much extent) {
	size, write := w.SizeJSON(), w.AppendJSON
	if much != full {
		if write = w.AppendListed; w.Callback != nil {
			size -= len(w.Callback.Body)
		}
	}
	t.append(size, write)
}
