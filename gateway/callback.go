package gateway

// Outcome is what became of a callback: the word in the answer, in the header
// Hookgate-Outcome and in the metrics (SPEC 5, the table).
type Outcome string

// The outcomes of a callback.
const (
	Resumed          Outcome = "resumed"
	Parked           Outcome = "parked"
	Duplicate        Outcome = "duplicate"
	AlreadyResumed   Outcome = "already_resumed"
	Late             Outcome = "late"
	NoWaitingSession Outcome = "no_waiting_session"
	Ignored          Outcome = "ignored"
	KeyMissing       Outcome = "conversation_key_missing"
	InvalidBody      Outcome = "invalid_body"
	VariableMissing  Outcome = "variable_missing"
	Unauthenticated  Outcome = "unauthenticated"
	NotFound         Outcome = "not_found"
	TooLarge         Outcome = "too_large"
	RateLimited      Outcome = "rate_limited"
	UnavailableNow   Outcome = "unavailable"
	NotAllowed       Outcome = "method_not_allowed"
	Unsupported      Outcome = "unsupported_media_type"
	HandshakeDone    Outcome = "handshake"
)

// Outcomes lists every outcome, for metrics made ahead of time.
var Outcomes = []Outcome{
	Resumed, Parked, Duplicate, AlreadyResumed, Late, NoWaitingSession, Ignored, KeyMissing, InvalidBody,
	VariableMissing, Unauthenticated, NotFound, TooLarge, RateLimited, UnavailableNow, NotAllowed, Unsupported, HandshakeDone,
}

// Status gives the HTTP status that goes with an outcome.
func (o Outcome) Status() int {
	switch o {
	case Resumed, Duplicate, Ignored, HandshakeDone:
		return 200
	case Parked:
		return 202
	case InvalidBody:
		return 400
	case Unauthenticated:
		return 401
	case NoWaitingSession, NotFound:
		return 404
	case NotAllowed:
		return 405
	case AlreadyResumed:
		return 409
	case Late:
		return 410
	case TooLarge:
		return 413
	case Unsupported:
		return 415
	case KeyMissing, VariableMissing:
		return 422
	case RateLimited:
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
	return o != NotFound && o != NotAllowed && o != HandshakeDone
}
