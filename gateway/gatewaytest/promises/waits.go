package promises

import (
	"encoding/json"
	"fmt"
	"time"

	"hookgate/gateway/gatewaytest"
)

// wait is what is known of one wait.
type wait struct {
	id        string
	views     []*View           // by the moment they were there
	first     *gatewaytest.Wait // as first seen; nil: it never was
	ended     *gatewaytest.Wait // as first seen ended; nil: it was not
	known     time.Time         // when it was first seen
	endKnown  time.Time         // when its end was first seen
	openUntil time.Time         // it was open at least until then
}

const waiting = "waiting"

// settle reads off the views when the wait was there and when it ended.
func (k *kase) settle(w *wait) {
	for _, v := range w.views {
		switch {
		case v.Wait == nil:
			continue
		case w.first == nil:
			w.first, w.known = v.Wait, v.End
		}
		if v.Wait.State != waiting {
			if w.ended == nil {
				w.ended, w.endKnown = v.Wait, v.End
			}
		} else if v.Begin.After(w.openUntil) {
			w.openUntil = v.Begin
		}
	}
	if w.ended != nil {
		w.openUntil = w.ended.EndedAt
	}
}

// checkViews: what never changes did not, and what changes did so once.
func (k *kase) checkViews(w *wait) {
	for _, v := range w.views {
		switch {
		case v.Wait == nil:
			if v.Begin.After(w.known) {
				k.fault("kept", "%s is gone", w.id)
			}
		case constant(v.Wait) != constant(w.first):
			k.fault("one outcome", "%s changed:\n%s\n%s", w.id, constant(w.first), constant(v.Wait))
		case v.Wait.State == waiting && w.ended != nil && v.Begin.After(w.endKnown):
			k.fault("kept", "%s waits again after it was %s", w.id, w.ended.State)
		case v.Wait.State != waiting && outcome(v.Wait) != outcome(w.ended):
			k.fault("one outcome", "%s has two:\n%s\n%s", w.id, outcome(w.ended), outcome(v.Wait))
		}
	}
}

// constant is what a wait keeps for life.
func constant(w *gatewaytest.Wait) string {
	return fmt.Sprint(w.ID, w.Tenant, w.Source, w.ConversationKey, w.CreatedAt.UnixMilli(), w.ExpiresAt.UnixMilli(), string(w.Context))
}

// outcome is what a wait has from its end on.
func outcome(w *gatewaytest.Wait) string {
	variables, _ := json.Marshal(w.Variables) // raw JSON that was parsed before
	text := fmt.Sprint(w.State, " ", w.Branch, " ", w.Match, " ", w.Reason, " ", w.EndedAt.UnixMilli(), " ", string(variables))
	if w.Callback != nil {
		text += fmt.Sprint(" ", w.Callback.ID, w.Callback.ReceivedAt.UnixMilli(), w.Callback.ContentType, string(w.Callback.Body))
	}
	return text
}

// checkShape: an outcome is what SPEC 6 says it is.
func (k *kase) checkShape(w *wait) {
	e := w.ended
	if e == nil {
		return
	}
	whole := e.Branch == "FAILURE" && e.Callback == nil && !e.EndedAt.IsZero()
	switch e.State {
	case "timed_out":
		whole = whole && e.Reason == "timeout"
	case "cancelled":
		whole = whole && e.Reason == "cancelled"
	case "resumed":
		whole = e.Reason == "" && e.Callback != nil && !e.EndedAt.IsZero() && k.mapped(e)
	default:
		whole = false
	}
	if !whole {
		k.fault("one outcome", "%s has no outcome that could be: %s", w.id, outcome(e))
	}
}

// mapped says whether a wait has the match, the branch and the variables of the
// message that resumed it.
func (k *kase) mapped(e *gatewaytest.Wait) bool {
	m := k.message(messageOf(e.Callback))
	if m == nil {
		return true // checkExplained has it
	}
	branch := map[string]string{Paid: "SUCCESS", Declined: "FAILURE"}[m.Type]
	return e.Match == m.Type && e.Branch == branch && string(e.Variables["amount"]) == fmt.Sprint(m.Amount)
}

// checkDeadline: timeout, callback and cancel all keep to the deadline.
func (k *kase) checkDeadline(w *wait) {
	f, e := w.first, w.ended
	if a := k.ask(w); a != nil && f.ExpiresAt.Sub(f.CreatedAt).Round(2*time.Millisecond) != a.Timeout {
		k.fault("deadline", "%s expires %s after it was opened, want %s", w.id, f.ExpiresAt.Sub(f.CreatedAt), a.Timeout)
	}
	switch {
	case e == nil:
		if over := k.history.ran(f.ExpiresAt, w.openUntil); over > k.history.late {
			k.fault("deadline", "%s still waits after %s in which the gateway ran", w.id, over)
		}
	case e.State == "timed_out":
		if e.EndedAt.Before(f.ExpiresAt) {
			k.fault("deadline", "%s timed out %s too early", w.id, f.ExpiresAt.Sub(e.EndedAt))
		}
		if over := k.history.ran(f.ExpiresAt, e.EndedAt); over > k.history.late {
			k.fault("deadline", "%s timed out after %s more in which the gateway ran", w.id, over)
		}
	case e.EndedAt.After(f.ExpiresAt.Add(resumeSlack)):
		k.fault("deadline", "%s was %s %s after its deadline", w.id, e.State, e.EndedAt.Sub(f.ExpiresAt))
	}
}

// checkExplained: somebody asked for the wait, and for its end.
func (k *kase) checkExplained(w *wait) {
	if !k.opened(w) {
		k.fault("explained", "nobody opened %s", w.id)
	}
	e := w.ended
	switch {
	case e == nil:
	case e.State == "cancelled" && !k.cancelled(w):
		k.fault("explained", "nobody cancelled %s", w.id)
	case e.State == "resumed" && e.Callback != nil && !k.sent(w):
		k.fault("explained", "nobody sent what resumed %s", w.id)
	}
}

func (k *kase) opened(w *wait) bool {
	for _, o := range k.Opens {
		if o.Ask.ID == askOf(w.first) && k.history.covers(o.Span, w.first.CreatedAt) {
			return true
		}
	}
	return false
}

func (k *kase) cancelled(w *wait) bool {
	for _, x := range k.Cancels {
		if x.ID == w.id && (x.Lost || x.Status == 200) && k.history.covers(x.Span, w.ended.EndedAt) {
			return true
		}
	}
	return false
}

func (k *kase) sent(w *wait) bool {
	c := w.ended.Callback
	for _, s := range k.Sends {
		answered := s.CallbackID == c.ID && (s.Outcome == "resumed" || s.Outcome == "parked")
		if s.Message.N == messageOf(c) && (s.Lost || answered) && k.history.covers(s.Span, c.ReceivedAt) && k.ask(w).fits(s.Message) {
			return true
		}
	}
	return false
}

// covers says whether a moment of the gateway, in whole milliseconds, lies in the
// span: until its answer, or where that was lost until the process was gone.
func (h *History) covers(s Span, at time.Time) bool {
	end := s.End
	if s.Lost {
		end = h.gone(s.Begin)
		if h.behind > 0 {
			end = s.End.Add(h.behind)
		}
	}
	return !at.Before(s.Begin.Truncate(time.Millisecond)) && !at.After(end)
}

// gone gives when the process of a moment was gone; one that still runs is never.
func (h *History) gone(at time.Time) time.Time {
	for _, l := range h.lives {
		if !l.Down.IsZero() && !l.Down.Before(at) {
			return l.Down
		}
	}
	return time.Now().Add(time.Hour)
}

// checkKept: a wait that an answer named was seen.
func (k *kase) checkKept() {
	for id, w := range k.byID {
		if w.first == nil {
			k.fault("kept", "%s was named in an answer and is not there", id)
		}
	}
}

// checkOneWait: waits of one conversation do not overlap.
func (k *kase) checkOneWait() {
	var before *wait // of those opened so far, the one that was open longest
	for _, w := range k.waits {
		if before != nil && before.openUntil.After(w.first.CreatedAt) {
			k.fault("one wait", "%s was still open when %s was opened", before.id, w.id)
		}
		if before == nil || w.openUntil.After(before.openUntil) {
			before = w
		}
	}
}
