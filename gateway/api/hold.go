package api

import (
	"context"
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// Ends tells how waits end.
type Ends interface {
	// Watch gives a wait that has ended; else it tells done how it ends, until stop.
	Watch(ctx context.Context, tenant, id string, done func(*gateway.Wait, error)) (w *gateway.Wait, stop func() bool, err error)
}

// holder keeps requests open until a wait has ended. The texts that it answers with
// are shared among those who hold one wait.
type holder struct {
	waits    Ends
	watcher  *edge.Watcher
	accounts accounts
	ends     ends
}

func newHolder(o Options) *holder {
	return &holder{waits: o.Ends, watcher: o.Watcher, accounts: accounts{o.Answers, o.Directory}}
}

// ending is how a held request is answered: with the wait as it then stands, or
// with why nobody can stay for its end. It runs after the handler, and keeps
// nothing of its request.
type ending func(*gateway.Wait, error) said

// said is the answer to a held request.
type said struct {
	err    error // nil: it is what follows
	status int
	fields []edge.Field
	body   []byte
	sent   func() // is told when the memory of the body is free; may be nil
}

// endWith answers a held wait with the wait. Where its text has no memory the holder is
// told to come again: the wait can be read then.
func (h *holder) endWith(fields []edge.Field) ending {
	return func(w *gateway.Wait, err error) said {
		if err != nil {
			return problem(err)
		}
		body, sent, err := h.endOf(w)
		if err != nil {
			return problem(err)
		}
		return said{nil, http.StatusOK, fields, body, sent}
	}
}

// problem says why there is another answer.
func problem(err error) said { return said{err: err} }

// of is what is said to a request, by its id.
func (s said) of(requestID string) said {
	if s.err != nil {
		s.status, s.fields, s.body = edge.Problem(s.err, requestID)
	}
	return s
}

// hold answers when the wait has ended, or after most as it then stands (0: with
// its end alone). Nothing of the request stays behind but its connection, and its seat. at is
// where the wait stands in the answer.
func (h *holder) hold(c *call, w *gateway.Wait, most time.Duration, say ending, at string) (answer, error) {
	if w.State != gateway.StateWaiting {
		return c.atOnce(say(w, nil)), nil
	}
	if edge.FromNode(c.ctx) != nil {
		return letHold(c, w, most, say, at), nil
	}
	held, seat, kept := h.watcher.Hold(c.ctx), c.seat, c.kept
	ctx, cancel := context.WithTimeout(context.Background(), maxTurn)
	defer cancel()
	may := stillMay(c)
	tell := func(w *gateway.Wait, err error) {
		seat.leave()
		if err == nil { // a wait is long: whoever may not ask any more is told nothing
			err = may()
		}
		s := say(w, err).of(held.RequestID())
		held.Answer(s.status, s.fields, s.body, s.sent)
	}
	now, stop, err := h.waits.Watch(ctx, w.Tenant, w.ID, tell)
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
	h.watcher.Detach(c.ctx, held, func() {
		if stop() {
			seat.leave()
			if kept != nil {
				kept()
			}
		}
	})
	c.kept = nil
	return answer{later: true}, nil
}

// atOnce is what would have been the end of a hold, and needs none.
func (c *call) atOnce(s said) answer {
	if s.err != nil {
		s = s.of(string(edge.RequestID(c.ctx)))
	}
	a := answer{status: s.status, body: s.body, sent: s.sent}
	c.kept = nil // sent has it
	for _, f := range s.fields {
		if f.Name == "Content-Type" {
			a.contentType = f.Value
		} else {
			c.ctx.Response.Header.Set(f.Name, f.Value)
		}
	}
	return a
}
