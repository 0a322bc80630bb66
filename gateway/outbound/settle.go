package outbound

import (
	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/transport"
	"hookgate/retry"
)

// settle writes down how the attempt went and what follows.
func (c *carrier) settle(a *attempt) bool {
	now := c.schedule.now().Round(0)
	d := *a.delivery
	d.Attempts++
	made := gateway.Attempt{Number: d.Attempts, At: a.at.Round(0), Duration: c.schedule.now().Sub(a.at)}
	outcome := outcomeOf(a, &made)
	if lent := d.Lent; lent != nil {
		c.traceLent(a)
		made.RequestHeaders = lent.RequestHeaders
		if d.Lent = nil; a.said == nil {
			made.Duration = d.NextAttemptAt.Sub(a.at) // it may have been looked at much later
		}
	}
	c.decide(a, &d, outcome, now)
	disabled := c.judge(a, outcome, now)
	a.lane.watched.attempt(outcome, made.Duration, a.span.Trace())
	a.endSpan(&d, &made)
	c.tell(a, &d, &made)
	if !c.record(a, &d, &made) {
		return false
	}
	a.lane.watched.settled(&d, &made)
	if d.State.Ended() {
		a.lane.watched.ended(d.State, now.Sub(d.CreatedAt))
	} else {
		a.again = ptr(d.Due())
	}
	if disabled != "" {
		c.disable(a.lane, disabled)
	}
	return true
}

// record writes an attempt and how its delivery stands after it; false where it was
// cancelled while it was sent, or cannot be written. What the endpoint was told must
// not be told again because our disk is full: it is held on to until it is written.
//
// Who says of what he pulled what became of it is told so, and does not wait.
func (c *carrier) record(a *attempt, d *gateway.Delivery, made *gateway.Attempt) bool {
	if !c.schedule.write(a) {
		c.schedule.holds.endHold(a.lane, d)
		return false
	}
	defer c.schedule.written(a)
	c.schedule.holds.keepHold(a, d)
	for pause := storeRest; ; pause = min(2*pause, 10*storeRest) {
		err := c.backlog.Settle(d, made)
		if err == nil {
			break
		}
		if a.said != nil {
			a.said.failed = err
			return false
		}
		c.schedule.written(a) // whoever cancels it need not wait for the disk
		if !background.Sleep(a.lane.ctx, pause) {
			c.log.Error("the outcome of a delivery was not written: it will be sent again", "tenant", d.Tenant,
				"endpoint", d.Endpoint, "delivery_id", d.ID, "error", err)
			return false
		}
		if !c.schedule.write(a) {
			c.schedule.holds.endHold(a.lane, d)
			return false
		}
	}
	a.delivery = nil // it is written: nothing may move it any more
	c.schedule.holds.endHold(a.lane, d)
	return true
}

// outcomeOf reads the attempt, and what of it is kept.
func outcomeOf(a *attempt, made *gateway.Attempt) retry.Outcome {
	if a.said != nil {
		return a.said.outcome(made)
	}
	if a.sent != nil {
		made.Error, made.Address, made.Detail = a.sent.Word, a.sent.Address, gateway.KeptDetail(a.sent.Text)
		if a.sent.Word != transport.WordBlocked {
			made.RequestHeaders = a.shownHeader()
		}
		return retry.Outcome(a.sent.Word)
	}
	made.Address, made.Detail = a.answer.Address, gateway.KeptDetail(a.answer.Detail)
	made.RequestHeaders, made.ResponseHeaders = a.shownHeader(), gateway.KeptFields(a.answer.Header)
	outcome := retry.OfStatus(a.answer.Status)
	made.Status, made.ResponseBody = a.answer.Status, a.answer.Body
	if outcome != retry.Success {
		made.Error = string(outcome)
	}
	return outcome
}
