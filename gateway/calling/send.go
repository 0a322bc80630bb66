package calling

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/transport"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// send makes attempts until one has an answer that is good enough, or there is no
// other to make. The breaker is asked before each: the first that it refuses ends
// the call, a later one is spent, so that the call rests on.
func (k *call) send() done {
	for n := 1; ; n++ {
		permit, ok := k.standing.permit(k.Webhook)
		if !ok && n == 1 {
			return k.fail(gateway.CallBreakerOpen)
		}
		if ok && bool(k.carrier.attempt(k, permit)) {
			return true
		}
		pause, again := k.again(n)
		if !again {
			break
		}
		if !k.carrier.pause(k, pause) {
			k.left = k.cancel != nil
			break
		}
	}
	if k.sent == nil {
		return false
	}
	if k.answered != nil && k.sent.Word == transport.WordProtocol { // it is there, and its body is not what its head says
		k.result.Status = k.answered.Status
		return k.fail(gateway.CallInvalidResponse, gateway.Fault{Message: k.sent.Text})
	}
	return k.fail(reasonOf(k.sent), gateway.Fault{Path: "url", Message: k.sent.Text})
}

// attempt makes one request, if there is time for one.
func (c *carrier) attempt(k *call, permit breaker.Permit) done {
	defer permit.Done(breaker.Ignored) // of a panic; else it is done already
	k.answered, k.sent, k.rested = nil, nil, false
	c.seats.lighten(k)
	now := time.Now()
	k.request.Timeout = k.each
	if !k.deadline.IsZero() {
		if k.request.Timeout = k.deadline.Sub(now); k.request.Timeout <= 0 {
			return k.fail(gateway.CallTimeout)
		}
	}
	span := traced{k}.attemptSpan(now)
	defer func() { traced{k}.endAttempt(span) }()
	k.request.Header = k.sign(signature.Message{ID: k.result.ID, At: now, Body: k.body})
	k.attempts.Add(1)
	k.until = now.Add(k.request.Timeout)
	answer, err := c.sender.Do(k.ctx, &k.request)
	if err != nil && !errors.As(err, &k.sent) {
		k.sent = &transport.Error{Word: transport.WordProtocol, Text: "no answer"}
	}
	if k.answered = answer; answer != nil && answer.Status/100 != 2 {
		k.sent = nil // what it says is no success, whole or not
	}
	switch {
	case k.sent == nil:
	case k.ctx.Err() != nil:
		k.left = k.cancel != nil
	case k.sent.Word == transport.WordBlocked:
		k.attempts.Add(-1) // nothing was sent
	}
	permit.Done(k.verdict(now))
	return false
}

// verdict is what an attempt tells of the backend's health: whatever it answers, it
// is there, but for its own failures. A target that is not allowed, a call that was
// given up or ran out of time because there was no room for the answer, and a backend
// that asks for a rest tell nothing.
func (k *call) verdict(now time.Time) breaker.Verdict {
	if k.sent != nil {
		if k.sent.Word == transport.WordBlocked || k.ctx.Err() != nil || k.rested {
			return breaker.Ignored
		}
		return breaker.Failed
	}
	switch status := k.answered.Status; {
	case status == http.StatusTooManyRequests:
		return breaker.Ignored
	case status == http.StatusServiceUnavailable:
		if _, asked := retry.RetryAfter(k.answered.RetryAfter, now); asked {
			return breaker.Ignored
		}
		return breaker.Failed
	case status >= 500:
		return breaker.Failed
	}
	return breaker.Succeeded
}

// again says whether another attempt follows the n-th, and after what pause: no
// less than the backend asked for, and within the deadline.
func (k *call) again(n int) (time.Duration, bool) {
	outcome, status := retry.Outcome(""), 0
	switch {
	case k.sent == nil:
		status = k.answered.Status
		outcome = retry.OfStatus(status)
	case k.sent.Word == transport.WordBlocked || k.ctx.Err() != nil:
		return 0, false
	default:
		outcome = retry.Outcome(k.sent.Word)
	}
	now := time.Now()
	pause, again := k.Webhook.Retry.Next(n, outcome, status, now.Sub(k.began), 2*rand.Float64()-1)
	if !again {
		return 0, false
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		asked, _ := retry.RetryAfter(k.answered.RetryAfter, now)
		pause = max(pause, asked)
	}
	return pause, k.deadline.IsZero() || now.Add(pause).Before(k.deadline)
}

// pause rests between two attempts. It is false when the call is given up, or would rest
// for longer than a drain lasts, or its slot is given up: who owns that then goes on.
func (c *carrier) pause(k *call, pause time.Duration) bool {
	until := time.Now().Add(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	over := k.term.over
	if k.each == 0 {
		over = nil // its caller waits, wherever the slot is by then
	}
	select {
	case <-timer.C:
		return true
	case <-k.ctx.Done():
		return false
	case <-over:
		return false
	case <-c.draining:
		if until.After(c.left()) {
			return false
		}
	}
	select {
	case <-timer.C:
		return true
	case <-k.ctx.Done():
		return false
	case <-over:
		return false
	}
}

// reasonOf gives a transport's word as a reason of a call.
func reasonOf(e *transport.Error) string {
	switch e.Word {
	case transport.WordTimeout:
		return gateway.CallTimeout
	case transport.WordBlocked:
		return gateway.CallBlockedTarget
	}
	return gateway.CallConnect
}
