package calling

import (
	"context"
	"log/slog"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// promises makes the calls that are answered before they have ended.
type promises struct {
	store   Store
	waits   *waitOf
	seats   *seats
	carrier *carrier
	teller  *teller
	under   *underway
	end     func(*call) // gives a call's memory and place back
	doubt   func(gateway.Slot)
	log     *slog.Logger
}

func newPromises(p promises) *promises {
	p.under = newUnderway()
	return &p
}

// own gives a call a context of ours, for it may go on after its caller has left.
func (p *promises) own(k *call) { k.ctx, k.cancel = context.WithCancel(p.under.ctx) }

// callAsync promises a call and makes it after its answer.
func (p *promises) callAsync(k *call) (*gateway.Call, error) {
	k.each = k.Webhook.Timeout
	if !k.promised {
		if _, err := p.keep(k); err != nil {
			p.under.exit(k)
			p.end(k)
			return nil, err
		}
	}
	shown := p.shown(k)
	go func() {
		p.carrier.carry(k)
		p.finish(k)
	}()
	return shown, nil
}

// callContinuing makes a call while its caller waits, and promises it when its time
// is over: what is under way then may go on, up to the longest that a call takes.
// Where that cannot be promised it has to end as any other does; where nobody knows whether it
// was, it is not answered: if it was, its outcome is told.
func (p *promises) callContinuing(k *call) (*gateway.Call, error) {
	p.own(k)
	k.deadline = k.began.Add(directory.MaxTimeout)
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.carrier.carry(k)
	}()
	if !overdue(k, done) {
		return p.inTime(k), nil
	}
	if perhaps, err := p.goOn(k); err != nil {
		k.cancel()
		<-done
		if perhaps {
			p.end(k)
			return nil, err
		}
		return p.inTime(k), nil
	}
	shown := p.shown(k)
	go func() {
		<-done
		p.finish(k)
	}()
	return shown, nil
}

// goOn promises a call that its caller has waited for. With an error perhaps says that it may be
// promised all the same.
func (p *promises) goOn(k *call) (perhaps bool, err error) {
	if err := p.seats.change(k, p.seats.pending); err != nil {
		return false, err
	}
	if err := p.under.enter(k); err != nil {
		return false, err
	}
	if perhaps, err = p.keep(k); err != nil {
		p.under.exit(k)
	}
	return perhaps, err
}

// overdue waits for the end of a call, or of the time that its caller has.
func overdue(k *call, done <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(k.began.Add(k.Webhook.Timeout)))
	defer timer.Stop()
	select {
	case <-done:
		return false
	case <-timer.C:
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// inTime concludes a call that might have gone on. One that was given up had no
// more time.
func (p *promises) inTime(k *call) *gateway.Call {
	defer p.end(k)
	if k.left {
		k.fail(gateway.CallTimeout)
		p.carrier.guarded(k, func() { p.carrier.answer(k) })
	}
	p.conclude(k)
	p.seats.hand(k)
	return k.result
}

// conclude writes down a call that was not promised to anybody: without a sync, which is
// some microseconds, so that whoever has the answer finds the call in lists.
func (p *promises) conclude(k *call) {
	if k.enter() {
		// Lists and the timeline are the poorer for what cannot be written; the call is not.
		_ = p.store.Commit(ended(k)...)
		k.leave()
	}
	p.teller.count(k)
}

// keep stores the promise of a call, in its term and while its tenant is there. With an error
// perhaps says that it may be stored all the same.
func (p *promises) keep(k *call) (perhaps bool, err error) {
	if !k.enter() {
		if k.term.isOver() {
			return false, errMoved
		}
		return false, errNoWebhook
	}
	defer k.leave()
	err = p.store.Commit(promise(k))
	if perhaps = unknown(err); perhaps {
		p.doubt(k.term.slot) // it may be promised, and would be forgotten
	}
	return perhaps, err
}

// shown is a pending call as its caller is told of it.
func (p *promises) shown(k *call) *gateway.Call {
	r := k.unfinished()
	p.waits.show(k, r)
	return r
}
