package outbound

import (
	"math/rand/v2"
	"time"

	"hookgate/gateway"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

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
func (c *carrier) decide(a *attempt, d *gateway.Delivery, outcome retry.Outcome, now time.Time) {
	status := 0
	if a.answer != nil {
		status = a.answer.Status
	}
	if outcome == retry.Success {
		if a.target.Relay != nil {
			c.elsewhere(a, status, now)
		}
		a.verdict = breaker.Succeeded
		d.State, d.NextAttemptAt, d.EndedAt = gateway.DeliverySucceeded, time.Time{}, now
		return
	}
	pause, again := a.target.Retry.Next(d.Attempts-d.Base, outcome, status, now.Sub(c.begun(a, d)), 2*rand.Float64()-1)
	if again {
		if a.said != nil && a.said.RetryAfter > 0 {
			pause = min(a.said.RetryAfter, retry.MaxRetryAfter)
		}
		pause = c.haste.pause(c.options.Holder(d.Tenant).Outermost(), pause, now)
	}
	if a.verdict = breaker.Failed; a.delivery.Lent != nil {
		a.verdict = breaker.Ignored // nobody was called
	}
	switch status {
	case statusGone:
		if a.target.Relay == nil {
			a.verdict, again = breaker.Ignored, false
		}
	case statusTooManyRequests, statusUnavailable:
		if asked, ok := retry.RetryAfter(a.answer.RetryAfter, time.Now()); ok {
			a.verdict, a.rest, a.asked = breaker.Ignored, asked, true
		} else if status == statusTooManyRequests {
			a.rest, a.asked = min(pause, maxUnasked), true
		}
	}
	switch {
	case a.target.Relay == nil:
	case a.upstream == "":
		a.verdict = breaker.Ignored // no request was made
	case c.elsewhere(a, status, now):
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
func (c *carrier) begun(a *attempt, d *gateway.Delivery) time.Time {
	if d.Base == 0 || a.target.Retry.MaxAge == 0 {
		return d.CreatedAt
	}
	first, err := c.archive.AttemptedAt(d.Tenant, d.ID, d.Base+1)
	if err != nil {
		return a.at // this one is the first since it was retried by hand
	}
	return first
}
