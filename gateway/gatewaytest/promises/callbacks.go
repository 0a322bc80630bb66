package promises

import (
	"time"

	"hookgate/gateway"
)

const ms = time.Millisecond

// callbacks judges what became of the callbacks of a case.
type callbacks struct{ *kase }

func (k callbacks) check() {
	k.checkSends()
	k.checkMessages()
	k.checkParked()
}

// checkSends: each answer to a callback is true.
func (k callbacks) checkSends() {
	for _, s := range k.Sends {
		if s.Lost {
			continue
		}
		if s.CallbackID == "" {
			k.fault("answer", "%s was answered %d %s", s.Message.N, s.Status, s.Outcome)
			continue
		}
		w := k.byID[s.WaitID]
		if s.WaitID != "" && (w == nil || w.first == nil) {
			k.fault("kept", "%s was answered with %s, which is not there", s.Message.N, s.WaitID)
			continue
		}
		k.checkOutcome(s, w)
		k.checkPassedBy(s)
	}
}

// statuses are those that the table of SPEC 5 gives the outcomes that may come.
var statuses = map[string]int{
	"resumed": 200, "parked": 202, "duplicate": 200, "already_resumed": 409, "late": 410, "ignored": 200,
}

func (k callbacks) checkOutcome(s *Send, w *wait) {
	if statuses[s.Outcome] != s.Status {
		k.fault("answer", "%s was answered %d %s", s.CallbackID, s.Status, s.Outcome)
		return
	}
	switch s.Outcome {
	case "resumed":
		if w == nil || w.ended == nil && w.openUntil.After(s.End) || w.ended != nil && !w.resumedBy(s.CallbackID) {
			k.fault("kept", "%s resumed %s, it was said, and did not", s.CallbackID, s.WaitID)
		}
	case "duplicate":
		if !k.sentBefore(s) {
			k.fault("duplicate", "%s is one, it was said, and was never sent before", s.Message.N)
		}
		if w != nil && w.ended != nil && k.ask(w).fits(s.Message) && !w.resumedBy(s.CallbackID) {
			k.fault("duplicate", "%s resumed %s, it was said, and did not", s.CallbackID, s.WaitID)
		}
	case "already_resumed", "late":
		ended := w != nil && w.ended != nil && !w.ended.EndedAt.After(s.End)
		if !ended || (w.ended.State == "resumed") != (s.Outcome == "already_resumed") {
			k.fault("refused", "%s was answered %s of %s, which had not so ended", s.CallbackID, s.Outcome, s.WaitID)
		}
		k.checkNoEffect(s)
	case "ignored":
		if w == nil && s.Message.Type != Noise || w != nil && k.ask(w).fits(s.Message) {
			k.fault("refused", "%s was ignored, and fits", s.CallbackID)
		}
		k.checkNoEffect(s)
	case "parked":
		k.checkForgotten(s)
	}
}

// checkNoEffect: what was refused resumes nothing.
func (k callbacks) checkNoEffect(s *Send) {
	for _, w := range k.waits {
		if w.resumedBy(s.CallbackID) {
			k.fault("refused", "%s was answered %s and resumed %s", s.CallbackID, s.Outcome, w.id)
		}
	}
}

// checkForgotten: nothing is parked after a wait that ended.
func (k callbacks) checkForgotten(s *Send) {
	if !k.knows(s.Message.Key, s.Begin) {
		return
	}
	for _, w := range k.waits {
		if w.ended != nil && w.endKnown.Before(s.Begin) {
			k.fault("remembered", "%s was parked after %s had been %s", s.CallbackID, w.id, w.ended.State)
			return
		}
	}
}

// checkPassedBy: a wait that was open before the callback came and after it was
// answered should have taken it.
func (k callbacks) checkPassedBy(s *Send) {
	if !k.knows(s.Message.Key, s.Begin) {
		return
	}
	for _, w := range k.waits {
		if !w.known.Before(s.Begin) || !w.openUntil.After(s.End) {
			continue
		}
		again := s.Outcome == "duplicate" && s.Message.ID != ""
		ignored := s.Outcome == "ignored" && !k.ask(w).fits(s.Message)
		if !again && !ignored {
			k.fault("passed by", "%s was answered %s while %s was open", s.CallbackID, s.Outcome, w.id)
		}
	}
}

func (w *wait) resumedBy(callback string) bool {
	return w.ended != nil && w.ended.Callback != nil && w.ended.Callback.ID == callback
}

// sentBefore says whether the message was under way before this answer was.
func (k callbacks) sentBefore(s *Send) bool {
	for _, other := range k.Sends {
		if other != s && other.Message == s.Message && other.Begin.Before(s.End) {
			return true
		}
	}
	return false
}

// taken says that an answer tells of a callback that will be known again.
func (s *Send) taken() bool {
	return !s.Lost && (s.Outcome == "resumed" || s.Outcome == "parked" || s.Outcome == "ignored")
}

// checkMessages: one delivery id is one callback, however often it is sent.
func (k callbacks) checkMessages() {
	for _, a := range k.Sends {
		if a.Message.ID == "" || !a.taken() {
			continue
		}
		for _, b := range k.Sends {
			if b == a || b.Message != a.Message || b.Lost {
				continue
			}
			if b.taken() && !k.forgotten(a, b.End) && !k.forgotten(b, a.End) {
				k.fault("taken once", "%s was taken as %s and as %s", a.Message.ID, a.CallbackID, b.CallbackID)
			}
			if b.Begin.After(a.End) && !b.taken() && !k.forgotten(a, b.End) && (b.Outcome != "duplicate" || b.CallbackID != a.CallbackID) {
				k.fault("duplicate", "%s was taken as %s, and then answered %s of %s", a.Message.ID, a.CallbackID, b.Outcome, b.CallbackID)
			}
		}
	}
	resumed := map[string]string{}
	for _, w := range k.waits {
		if w.ended == nil || w.ended.Callback == nil {
			continue
		}
		if m := k.message(messageOf(w.ended.Callback)); m != nil && m.ID != "" {
			if other := resumed[m.ID]; other != "" {
				k.fault("taken once", "%s resumed %s and %s", m.ID, other, w.id)
			}
			resumed[m.ID] = w.id
		}
	}
}

// forgotten says whether a parked callback could be forgotten at a moment: nobody
// took it, and its parking was over.
func (k callbacks) forgotten(s *Send, at time.Time) bool {
	return s.Outcome == "parked" && k.taker(s.CallbackID) == nil && !at.Before(received(s.CallbackID).Add(k.Parking))
}

// taker gives the wait that a callback resumed; nil is none.
func (k callbacks) taker(callback string) *wait {
	for _, w := range k.waits {
		if w.resumedBy(callback) {
			return w
		}
	}
	return nil
}

// received reads off a callback's id when it came.
func received(callback string) time.Time { return gateway.IDTime(gateway.PrefixCallback, callback) }

// checkParked: the next wait that fits takes what was parked, the oldest first,
// and none takes it when its time is over.
func (k callbacks) checkParked() {
	for _, s := range k.Sends {
		if s.Lost || s.Outcome != "parked" {
			continue
		}
		taker := k.taker(s.CallbackID)
		if taker != nil && taker.first.CreatedAt.After(received(s.CallbackID).Add(k.Parking)) {
			k.fault("parked", "%s was taken by %s after its time", s.CallbackID, taker.id)
		}
		for _, w := range k.waits {
			free := taker == nil || w.first.CreatedAt.Before(taker.first.CreatedAt)
			if free && k.overlooks(w, s) {
				k.fault("parked", "%s was parked, and %s, which fits, did not take it", s.CallbackID, w.id)
			}
		}
	}
}

// overlooks says whether a wait was opened while the callback was parked and took
// neither it nor one that may be as old: of those that came at once their owner gives
// the order, so only one that came after this one was answered is surely younger.
func (k callbacks) overlooks(w *wait, s *Send) bool {
	opened := w.first.CreatedAt
	if !k.knows(s.Message.Key, opened) {
		return false // checkMet has it, if it is learned later
	}
	if !s.End.Before(opened) || !w.known.Before(received(s.CallbackID).Add(k.Parking)) || !k.ask(w).fits(s.Message) {
		return false
	}
	older := w.ended != nil && w.ended.Callback != nil && !received(w.ended.Callback.ID).After(s.End)
	return !older
}
