package gateway

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
