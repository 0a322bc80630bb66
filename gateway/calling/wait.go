package calling

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"hookgate/gateway"
)

// waitOf has what happens to the wait of a call: it is opened before the call is made,
// with what the call promises; it ends when the call fails, and learns the alias of a
// good one.
type waitOf struct {
	waits Waits
	log   *slog.Logger
	doubt func(gateway.Slot)
	owed  *owed
}

// open opens the wait that a call asks for. A call that is answered before it is made
// has its promise stored with it, in one commit.
func (w *waitOf) open(ctx context.Context, k *call) (err error) {
	if k.Open == nil {
		return nil
	}
	if k.ctx != nil {
		ctx = k.ctx // it can be given up
	}
	k.opened, err = k.Open(ctx, func(id string) *gateway.Change {
		k.waitID, k.result.WaitID = id, id
		if !k.async() {
			return nil
		}
		k.promised = true
		return promise(k)
	})
	switch {
	case k.ctx != nil && k.ctx.Err() != nil && errors.Is(err, context.Canceled): // it was given up as it stood in line
		if k.gone.Load() {
			return errNoWebhook
		}
		return errMoved
	case k.promised && unknown(err):
		w.doubt(k.term.slot)
	}
	return err
}

// concludeTime is how long an answer waits for a wait to end whose slot is moving.
const concludeTime = 500 * time.Millisecond

// conclude ends the wait of a call that failed, and gives that of a good one the
// alias by which its callback will come. What cannot be written now keeps no answer: the
// call was made all the same.
func (w *waitOf) conclude(k *call) {
	if !k.live() {
		return
	}
	defer k.rest()
	r := k.result
	ctx := context.WithoutCancel(k.ctx) // the wait is there, whoever has left
	if r.Outcome == gateway.CallFailure {
		within, stop := context.WithTimeout(ctx, concludeTime)
		ended, err := w.waits.Cancel(within, r.Tenant, r.WaitID, gateway.ReasonCallFailed)
		stop()
		if r.Wait = ended; err == nil {
			return
		}
		if !isOver(err) {
			w.owed.add(r, err)
		}
	} else if k.learn != "" {
		if err := w.waits.Alias(ctx, r.Tenant, r.ConversationKey, k.learn); err != nil {
			r.Errors = append(r.Errors, gateway.Fault{Path: placeOfAlias, Message: "the alias could not be stored"})
			w.log.Warn("an alias was not stored", "tenant", r.Tenant, "wait_id", r.WaitID, "call_id", r.ID, "error", err)
		}
	}
	w.show(k, r)
}

// show sets the wait of a call as it now stands, or else as it was opened.
func (w *waitOf) show(k *call, r *gateway.Call) {
	if r.WaitID == "" {
		return
	}
	if r.Wait, _ = w.waits.Get(r.Tenant, r.WaitID); r.Wait == nil {
		r.Wait = k.opened // nil for who has taken it over: the answer still names it
	}
}

// hasFailed says whether a former owner had ended the wait of a call because the call
// failed, and no more: then it cannot succeed any more.
func (w *waitOf) hasFailed(p *gateway.PendingCall) bool {
	if p.WaitID == "" {
		return false
	}
	found, err := w.waits.Get(p.Tenant, p.WaitID)
	return err == nil && found.Reason == gateway.ReasonCallFailed
}

// unknown says whether a commit with this error may have been made: see Store.
func unknown(err error) bool {
	var known *gateway.Error
	return err != nil && !(errors.As(err, &known) && known.Code == gateway.CodeUnavailable)
}
