package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// Waits is what the API needs of waiting sessions.
type Waits interface {
	Open(ctx context.Context, q waiting.OpenRequest) (waiting.Opened, error)
	Get(tenant, id string) (*gateway.Wait, error)
	Cancel(ctx context.Context, tenant, id, reason string) (*gateway.Wait, error)
	Resolve(ctx context.Context, tenant, id string, as waiting.Resolution, by waiting.Doer) (*gateway.Wait, error)
	Extend(ctx context.Context, tenant, id string, by time.Duration, who waiting.Doer) (*gateway.Wait, error)
	List(q store.Query, visit func(*gateway.Wait) (more bool)) (next string, err error)
	// Holders counts the requests that are held until a wait has ended.
	Holders(id string) int
}

// waits are the waiting sessions of tenants.
type waits struct {
	sessions Waits
	holder   *holder
}

// maxTurn bounds how long a call stands in line for a conversation.
const maxTurn = 10 * time.Second

// showWait answers with a wait as it stands.
func showWait(c *call, status int, w *gateway.Wait) (answer, error) {
	size := w.SizeJSON()
	if counted(size) == 0 {
		return answer{status: status, contentType: jsonType, body: w.AppendJSON(make([]byte, 0, min(size, 512)))}, nil
	}
	t := c.wholeItem()
	t.append(size, w.AppendJSON)
	return t.answer(status)
}

// open registers a wait and, in mode hold, stays until it has ended.
func (h *waits) open(c *call) (answer, error) {
	asked, err := readWait(c)
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
	opened, err := h.sessions.Open(ctx, asked)
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
		return showWait(c, http.StatusCreated, opened.Wait)
	}
	if err := c.stay(); err != nil { // the first request with this key may have said so
		return answer{}, err
	}
	return h.holder.hold(c, opened.Wait, 0, h.holder.endWith(fields), atRoot)
}

// get shows a wait, after holding it as long as the query asks.
func (h *waits) get(c *call) (answer, error) {
	q := c.query()
	hold := q.number("hold", 0, gateway.MaxWaitSeconds)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	w, err := h.sessions.Get(c.params.tenant, c.params.id)
	if err != nil {
		return answer{}, err
	}
	if hold == 0 {
		t := c.wholeItem()
		t.wait(w, full, h.sessions)
		return t.answer(http.StatusOK)
	}
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	return h.holder.hold(c, w, time.Duration(hold)*time.Second, h.holder.endWith(jsonFields), atRoot)
}

func (h *waits) cancel(c *call) (answer, error) {
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	w, err := h.sessions.Cancel(ctx, c.params.tenant, c.params.id, gateway.ReasonCancelled)
	if err != nil {
		return answer{}, busy(err)
	}
	return showWait(c, http.StatusOK, w)
}

// busy says of a turn that did not come that it may come later.
func busy(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return gateway.Unavailable("the conversation is busy", time.Second)
	}
	return err
}

var waitStates = []string{
	string(gateway.StateWaiting), string(gateway.StateResumed), string(gateway.StateTimedOut), string(gateway.StateCancelled),
}

// list lists waits, newest first.
func (h *waits) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixWait, filterWaits)
	if err != nil {
		return answer{}, err
	}
	l, err := c.list(a.page(), a.extent)
	if err != nil {
		return answer{}, err
	}
	err = eachWait(h.sessions, &a.Query, c.turn, func(w *gateway.Wait) bool {
		return l.add(w.ID, func(t *text, much extent) { t.wait(w, much, h.sessions) })
	})
	if err != nil {
		return answer{}, err
	}
	return l.answer()
}

// filterWaits reads what waits can be asked for. A wait knows the names of its
// conversation by itself.
func filterWaits(q *query, to *store.Query) error {
	to.State = q.oneOf("state", waitStates, "must be waiting, resumed, timed_out or cancelled")
	to.Source = q.one("source", gateway.IsName, "must be the id of a source")
	if key := q.text("conversation_key"); key != "" {
		to.Conversation = []string{key}
	}
	to.Since, to.Until = q.moment("since"), q.moment("until")
	return nil
}

// wait appends a wait as it is shown to who reads it, with how many hold it while it is open.
func (t *text) wait(w *gateway.Wait, much extent, held Waits) {
	size, write := w.SizeJSON(), w.AppendJSON
	if much != full {
		if write = w.AppendListed; w.Callback != nil {
			size -= len(w.Callback.Body)
		}
	}
	if w.State != gateway.StateWaiting {
		t.append(size, write)
		return
	}
	const room = len(`,"holders":}`) + 20
	t.append(size+room, func(dst []byte) []byte {
		dst = write(dst)
		dst = append(dst[:len(dst)-1], `,"holders":`...)
		return append(strconv.AppendInt(dst, int64(held.Holders(w.ID)), 10), '}')
	})
}
