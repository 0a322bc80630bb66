package outbound

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// send makes the attempt.
func (l *Lanes) send(ctx context.Context, a *attempt) bool {
	if a.sent != nil {
		return true // there is nothing to send
	}
	answer, err := l.options.Sender.Do(ctx, &a.request)
	if ctx.Err() != nil && err != nil {
		a.again = ptr(placeOf(a.delivery)) // given up by a drain: no attempt of the endpoint's
		return false
	}
	a.answer = answer
	if err != nil && !errors.As(err, &a.sent) {
		a.sent = &transport.Error{Word: transport.WordProtocol, Text: "no answer"}
	}
	return true
}

// settle writes down how the attempt went and what follows.
func (l *Lanes) settle(ctx context.Context, a *attempt) bool {
	now := l.now().Round(0)
	was := placeOf(a.delivery)
	d := *a.delivery
	d.Attempts++
	made := gateway.Attempt{Number: d.Attempts, At: a.at.Round(0), Duration: l.now().Sub(a.at)}
	outcome := outcomeOf(a, &made)
	l.decide(a, &d, outcome, now)
	disabled := l.judge(a, outcome, now)
	a.lane.watched.attempt(outcome, made.Duration)
	l.tell(a, &d, &made)
	if !l.write(a) {
		l.endHold(a.lane, &d) // it was cancelled while it was sent
		return false
	}
	defer l.written(a)
	l.keepHold(a, &d)

	// What the endpoint was told must not be told again because our disk is full:
	// the outcome is held on to until it is written.
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		err := l.queue.Settle(&d, was, &made)
		if err == nil {
			break
		}
		l.written(a) // whoever cancels it need not wait for the disk
		if !background.Sleep(ctx, pause) {
			l.log.Error("the outcome of a delivery was not written: it will be sent again", "tenant", d.Tenant,
				"endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
			return false
		}
		if !l.write(a) {
			l.endHold(a.lane, &d)
			return false
		}
	}
	a.delivery = nil // it is written: nothing may move it any more
	l.endHold(a.lane, &d)
	if d.State.Ended() {
		a.lane.watched.ended(d.State, now.Sub(d.CreatedAt))
	} else {
		a.again = ptr(placeOf(&d))
	}
	if disabled != "" {
		l.disable(ctx, a.lane, disabled)
	}
	return true
}

// write begins to write what an attempt carries; false when it was cancelled.
func (l *Lanes) write(a *attempt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.writing = !a.cancelled
	return a.writing
}

func (l *Lanes) written(a *attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.writing = false
	l.ended.Broadcast()
}

// outcomeOf reads the attempt, and what of it is kept.
func outcomeOf(a *attempt, made *gateway.Attempt) retry.Outcome {
	if a.sent != nil {
		made.Error = a.sent.Word
		return retry.Outcome(a.sent.Word)
	}
	outcome := retry.OfStatus(a.answer.Status)
	made.Status, made.ResponseBody = a.answer.Status, a.answer.Body
	if outcome != retry.Success {
		made.Error = string(outcome)
	}
	return outcome
}

// Statuses with a meaning of their own here.
const (
	statusGone            = 410 // the endpoint wants nothing any more
	statusTooManyRequests = 429
	statusUnavailable     = 503
)

// maxUnasked bounds how long a lane sleeps after a 429 that does not say for how
// long.
const maxUnasked = time.Minute

// decide says what becomes of the delivery, and what the attempt tells of the
// endpoint (SPEC 7, SPEC 14 "Events and endpoints").
func (l *Lanes) decide(a *attempt, d *gateway.Delivery, outcome retry.Outcome, now time.Time) {
	status := 0
	if a.answer != nil {
		status = a.answer.Status
	}
	if outcome == retry.Success {
		if a.target.Relay != nil {
			l.elsewhere(a, status, now)
		}
		a.verdict = breaker.Succeeded
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, now
		return
	}
	pause, again := a.target.Retry.Next(d.Attempts-d.Base, outcome, status, now.Sub(l.begun(a, d)), 2*rand.Float64()-1)
	if again {
		pause = l.haste.pause(l.options.Holder(d.Tenant).Outermost(), pause, now)
	}
	a.verdict = breaker.Failed
	switch status {
	case statusGone:
		if a.target.Relay == nil {
			a.verdict, again = breaker.Ignored, false
		}
	case statusTooManyRequests, statusUnavailable:
		if asked, ok := retry.RetryAfter(a.answer.RetryAfter, time.Now()); ok {
			a.verdict, a.rest = breaker.Ignored, asked
		} else if status == statusTooManyRequests {
			a.rest = min(pause, maxUnasked)
		}
	}
	switch {
	case a.target.Relay == nil:
	case a.upstream == "":
		a.verdict = breaker.Ignored // no request was made
	case l.elsewhere(a, status, now):
		a.verdict, a.rest = breaker.Ignored, 0
		if d.Attempts-d.Base < len(a.target.Relay.Upstreams) {
			pause = 0 // each is tried at once before the schedule begins
		}
	}
	if !again {
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliveryDead, time.Time{}, now
		return
	}
	// The sooner of the two would be earlier than somebody wished.
	d.State, d.NextAttemptAt = gateway.DeliveryRetrying, now.Add(max(pause, a.rest))
}

// begun is when the first attempt of a schedule was due.
func (l *Lanes) begun(a *attempt, d *gateway.Delivery) time.Time {
	if d.Base == 0 || a.target.Retry.MaxAge == 0 {
		return d.CreatedAt
	}
	first, err := l.queue.AttemptedAt(d.Tenant, d.ID, d.Base+1)
	if err != nil {
		return a.at // this one is the first since it was retried by hand
	}
	return first
}

// tell writes the one line of an attempt. Successes are for who looks closely:
// they are counted anyway.
func (l *Lanes) tell(a *attempt, d *gateway.Delivery, made *gateway.Attempt) {
	level := slog.LevelDebug
	switch d.State {
	case gateway.DeliveryRetrying:
		level = slog.LevelInfo
	case gateway.DeliveryDead:
		level = slog.LevelWarn
	}
	if !l.log.Enabled(l.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("tenant", d.Tenant), slog.String("endpoint", d.Endpoint), slog.String("delivery_id", d.ID),
		slog.String("event_id", a.events[0].ID), slog.Int("attempt", made.Number), slog.Int("status", made.Status),
		slog.Int64("duration_ms", made.Duration.Milliseconds()), slog.String("state", string(d.State)),
	}
	if made.Error != "" {
		attrs = append(attrs, slog.String("error", made.Error))
	}
	if a.sent != nil {
		attrs = append(attrs, slog.String("detail", a.sent.Text))
	}
	if d.State == gateway.DeliveryRetrying {
		attrs = append(attrs, slog.String("next_attempt_at", gateway.At(d.NextAttemptAt).Format(gateway.TimeFormat)))
	}
	l.log.LogAttrs(l.ctx, level, "delivery attempt", attrs...)
}
