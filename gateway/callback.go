package gateway

import "time"

// Outcome is what became of a callback: the word in the answer, in the header
// Hookgate-Outcome and in the metrics (SPEC 5, the table).
type Outcome string

// The outcomes of a callback.
const (
	OutcomeResumed          Outcome = "resumed"
	OutcomeParked           Outcome = "parked"
	OutcomeDuplicate        Outcome = "duplicate"
	OutcomeAlreadyResumed   Outcome = "already_resumed"
	OutcomeLate             Outcome = "late"
	OutcomeNoWaitingSession Outcome = "no_waiting_session"
	OutcomeIgnored          Outcome = "ignored"
	OutcomeKeyMissing       Outcome = "conversation_key_missing"
	OutcomeInvalidBody      Outcome = "invalid_body"
	OutcomeVariableMissing  Outcome = "variable_missing"
	// SPEC 16: what is refused so is not remembered, and the wait goes on waiting.
	OutcomeVariablesTooLarge Outcome = "variables_too_large"
	OutcomeTooComplex        Outcome = "too_complex"
	OutcomeUnauthenticated   Outcome = "unauthenticated"
	OutcomeNotFound          Outcome = "not_found"
	OutcomeTooLarge          Outcome = "too_large"
	OutcomeRateLimited       Outcome = "rate_limited"
	OutcomeUnavailable       Outcome = "unavailable"
	OutcomeNotAllowed        Outcome = "method_not_allowed"
	OutcomeUnsupported       Outcome = "unsupported_media_type"
	OutcomeHandshake         Outcome = "handshake"
)

// Outcomes lists every outcome, for metrics made ahead of time.
var Outcomes = []Outcome{
	OutcomeResumed, OutcomeParked, OutcomeDuplicate, OutcomeAlreadyResumed, OutcomeLate, OutcomeNoWaitingSession, OutcomeIgnored, OutcomeKeyMissing, OutcomeInvalidBody,
	OutcomeVariableMissing, OutcomeVariablesTooLarge, OutcomeTooComplex, OutcomeUnauthenticated, OutcomeNotFound, OutcomeTooLarge, OutcomeRateLimited, OutcomeUnavailable, OutcomeNotAllowed, OutcomeUnsupported, OutcomeHandshake,
}

// Status gives the HTTP status that goes with an outcome.
func (o Outcome) Status() int {
	switch o {
	case OutcomeResumed, OutcomeDuplicate, OutcomeIgnored, OutcomeHandshake:
		return 200
	case OutcomeParked:
		return 202
	case OutcomeInvalidBody:
		return 400
	case OutcomeUnauthenticated:
		return 401
	case OutcomeNoWaitingSession, OutcomeNotFound:
		return 404
	case OutcomeNotAllowed:
		return 405
	case OutcomeAlreadyResumed:
		return 409
	case OutcomeLate:
		return 410
	case OutcomeTooLarge:
		return 413
	case OutcomeUnsupported:
		return 415
	case OutcomeKeyMissing, OutcomeVariableMissing, OutcomeVariablesTooLarge, OutcomeTooComplex:
		return 422
	case OutcomeRateLimited:
		return 429
	}
	return 503
}

// Pinnable says whether respond.status may stand in for the outcome's own
// status. What the sender must act on never is (SPEC 5).
func (o Outcome) Pinnable() bool {
	switch o.Status() {
	case 401, 413, 429, 503:
		return false
	}
	return o != OutcomeNotFound && o != OutcomeNotAllowed && o != OutcomeHandshake
}

// Callback is what is kept of a callback that lists show (SPEC-operations O10 O2).
type Callback struct {
	ID              string
	Tenant          string
	Source          string
	Outcome         Outcome
	ConversationKey string
	WaitID          string // "" where none is known
	ReceivedAt      time.Time
	End             WaitEnd // of that wait, where the callback tells of it (Ends)
}

// WaitEnd is what a callback tells of the wait that it ended: the wait leaves no line of its
// end beside it. Its zero value tells of none.
type WaitEnd struct {
	Branch                        Branch
	Match                         string
	CreatedAt, ExpiresAt, EndedAt time.Time
}

// EndSlack is how far from a wait's life a callback that tells of its end may have been
// received: it may have had to wait for its turn.
const EndSlack = time.Minute

// Ends has the callback tell of the end of the wait that it resumed; false: the wait needs
// a line of its own. The line of a wait stands where it was opened, and who reads it there
// finds the callback under the same name, received within MaxWaitSeconds and EndSlack. It is
// not to be gone before the wait's first line is, and days go as a whole.
func (c *Callback) Ends(w *Wait) bool {
	if c.ConversationKey != w.ConversationKey || c.Source != w.Source || w.Callback == nil || w.Callback.ID != c.ID ||
		w.ExpiresAt.Sub(w.CreatedAt) > MaxWaitSeconds*time.Second ||
		c.ReceivedAt.Before(w.CreatedAt.Add(-EndSlack)) || c.ReceivedAt.After(w.ExpiresAt.Add(EndSlack)) ||
		c.ReceivedAt.UTC().Truncate(24*time.Hour).Before(w.CreatedAt.UTC().Truncate(24*time.Hour)) {
		return false
	}
	c.End = WaitEnd{Branch: w.Branch, Match: w.Match, CreatedAt: w.CreatedAt, ExpiresAt: w.ExpiresAt, EndedAt: w.EndedAt}
	return true
}

// WaitLine is the line of the wait whose end the callback tells of.
func (c *Callback) WaitLine() Trace {
	w := Wait{
		ID: c.WaitID, Tenant: c.Tenant, Source: c.Source, ConversationKey: c.ConversationKey, State: StateResumed,
		Branch: c.End.Branch, Match: c.End.Match, Callback: &TakenCallback{ID: c.ID},
		CreatedAt: c.End.CreatedAt, ExpiresAt: c.End.ExpiresAt, EndedAt: c.End.EndedAt,
	}
	return w.Line()
}

// Listed are the outcomes of callbacks that lists show.
var Listed = []Outcome{OutcomeResumed, OutcomeParked, OutcomeLate, OutcomeIgnored}

// Listed says whether lists show a callback with this outcome, where it has a key. The
// others are refusals, which the requests of their source tell of (O1).
func (o Outcome) Listed() bool {
	switch o {
	case OutcomeResumed, OutcomeParked, OutcomeLate, OutcomeIgnored:
		return true
	}
	return false
}

// Line is the callback as its line in the timeline of its conversation.
func (c *Callback) Line() Trace {
	return Trace{
		Tenant: c.Tenant, Key: c.ConversationKey, At: c.ReceivedAt, Kind: "callback", ID: c.ID,
		Data: append(AppendCallbackLine([]byte{'{'}, c.Source, c.Outcome, c.WaitID), '}'),
	}
}

// AppendOpen appends the callback as lists show it, without the closing brace.
func (c *Callback) AppendOpen(dst []byte) []byte {
	dst = AppendString(append(dst, `{"id":`...), c.ID)
	dst = AppendMember(dst, "tenant", c.Tenant)
	dst = AppendMember(dst, "source", c.Source)
	dst = AppendMember(dst, "outcome", string(c.Outcome))
	dst = AppendMember(dst, "conversation_key", c.ConversationKey)
	dst = AppendOptional(dst, "wait_id", c.WaitID)
	return Time{c.ReceivedAt}.AppendJSON(append(dst, `,"received_at":`...))
}
