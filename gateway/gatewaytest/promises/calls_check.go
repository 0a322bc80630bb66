package promises

import (
	"slices"
	"strconv"
	"time"

	"hookgate/gateway/gatewaytest"
)

// Check gives what broke a law since the last Check. At the end (settled), timelines
// and waits have been noted, and every outcome must be known.
func (c *Calls) Check(settled bool) []Violation {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.asks {
		if a.outcome != nil && !a.judged {
			a.judged = true
			c.judge(a)
		}
		if settled {
			c.checkEnd(a)
		}
	}
	found := c.found
	c.found = nil
	return found
}

// Tally gives what happened so far.
func (c *Calls) Tally() CallTally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally
}

// killed counts the kills within which, or between which, a span was under way.
func (c *Calls) killed(begin, end time.Time) (n int) {
	for _, k := range c.kills {
		if !k.End.Before(begin) && !k.Begin.After(end) {
			n++
		}
	}
	return n
}

// judge holds an outcome to what the backend answered.
func (c *Calls) judge(a *CallAsk) {
	o := a.outcome
	if o.EndedAt.Before(o.CreatedAt) || o.ConversationKey != a.Conversation || a.Waits != (o.WaitID != "") {
		c.fault(a, "true", "its outcome is %+v", *o)
	}
	switch {
	case o.Outcome == "success":
		c.tally.Succeeded++
		serial, err := strconv.Atoi(string(o.Variables["serial"]))
		if err != nil || o.Status != 200 || !slices.Contains(a.hits, hit{serial, 200}) {
			c.fault(a, "true", "the backend never answered %s", o.Variables["serial"])
		}
		return
	case o.Outcome != "failure":
		c.fault(a, "true", "its outcome is %q", o.Outcome)
		return
	}
	c.tally.Failed++
	switch o.Reason {
	case "status":
		if o.Status == 200 || !slices.ContainsFunc(a.hits, func(h hit) bool { return h.status == o.Status }) {
			c.fault(a, "true", "the backend never answered with status %d", o.Status)
		}
	case "timeout":
		if time.Duration(o.DurationMS)*time.Millisecond < a.Timeout-time.Millisecond { // whole ones are told
			c.fault(a, "true", "it had no time after %d ms of %s", o.DurationMS, a.Timeout)
		}
	case "interrupted":
		c.tally.Interrupted++
		if kills := c.killed(o.CreatedAt, o.EndedAt); !a.Once && !a.Waits || a.notice == "" || kills == 0 {
			c.fault(a, "interrupted", "%d kills were while it was under way", kills)
		}
	default:
		c.fault(a, "true", "it failed with %q", o.Reason)
	}
}

// checkEnd: all that was seen of a call, once nothing goes on.
func (c *Calls) checkEnd(a *CallAsk) {
	switch {
	case a.outcome != nil && a.span.Lost:
		c.tally.LostAndTold++
	case a.outcome == nil && !a.span.Lost && a.answer != nil:
		c.fault(a, "lost", "it was answered %d and its outcome was never told", a.status)
		return
	}
	if o := a.outcome; o != nil && o.Reason == "interrupted" && a.Waits && !a.Once && !a.waitFailed() {
		c.fault(a, "interrupted", "it does no harm, and its wait had not failed with it")
	}
	c.checkHits(a)
	c.checkLines(a)
	if a.Waits {
		c.checkWait(a)
	}
}

// checkHits: who asks the backend again is a new process.
func (c *Calls) checkHits(a *CallAsk) {
	begin, end := a.span.Begin, endOfTime
	if a.outcome != nil {
		end = a.outcome.EndedAt
	}
	if kills := c.killed(begin, end); len(a.hits) > 1+kills {
		c.fault(a, "again", "it reached the backend %d times within %d kills", len(a.hits), kills)
	}
}

// checkLines: of a call whose answer had its outcome a kill may take the line, for it
// is worth no sync; that of a promised one is as safe as the promise. Of a call with
// a lost answer and no notice nothing is known, but that it is not pending.
func (c *Calls) checkLines(a *CallAsk) {
	least := 0
	if a.notice != "" || a.answer != nil && c.killed(a.span.Begin, endOfTime) == 0 {
		least = 1
	}
	if len(a.lines) < least || len(a.lines) > 1 {
		c.fault(a, "timeline", "%d lines, want one", len(a.lines))
		return
	}
	for _, line := range a.lines {
		switch {
		case a.outcome != nil && (line.Outcome != a.outcome.Outcome || line.Reason != a.outcome.Reason):
			c.fault(a, "timeline", "%+v is not how it ended", line)
		case a.outcome == nil && (line.Outcome == "pending" || !a.Continues):
			c.fault(a, "lost", "%+v was promised, and never told", line)
		}
	}
}

var endOfTime = time.Unix(1<<40, 0)

// checkWait: the wait of a call ended as the call wanted it.
func (c *Calls) checkWait(a *CallAsk) {
	if len(a.waits) > 1 || len(a.waits) == 0 && a.answer != nil {
		c.fault(a, "wait", "%d waits, want one", len(a.waits))
		return
	}
	for _, w := range a.waits {
		withCall := w.State == "cancelled" && w.Reason == "call_failed"
		switch {
		case a.answer != nil && a.answer.WaitID != w.ID:
			c.fault(a, "wait", "it was answered with the wait %s", a.answer.WaitID)
		case !withCall && w.State != "timed_out" && w.State != "resumed":
			c.fault(a, "wait", "it is %s, reason %q", w.State, w.Reason)
		case a.outcome != nil:
			c.checkOutcomeOfWait(a, w, withCall)
		}
		if a.back == "resumed" && w.State != "resumed" {
			c.fault(a, "alias", "a callback resumed the wait, which is %s", w.State)
		}
		if !withCall {
			c.tally.WaitsEnded++
		}
	}
}

// waitFailed says whether the wait of a call was ended because the call failed: then
// no process makes it again.
func (a *CallAsk) waitFailed() bool {
	return slices.ContainsFunc(a.waits, func(w *gatewaytest.Wait) bool { return w.Reason == "call_failed" })
}

func (c *Calls) checkOutcomeOfWait(a *CallAsk, w *gatewaytest.Wait, withCall bool) {
	o := a.outcome
	switch {
	case o.Outcome == "failure" && withCall:
		c.tally.WaitsFailed++
	case o.Outcome == "failure":
		c.tally.FailedAfterAll++
		if w.EndedAt.After(o.EndedAt) {
			c.fault(a, "wait", "it outlived its call, which failed at %s", o.EndedAt.Format(time.RFC3339Nano))
		}
	case withCall:
		c.fault(a, "wait", "it ended with a call that did not fail")
	}
}
