package requests

import "hookgate/gateway"

// Step is one step of the way of a callback, in the order of SPEC 5.
type Step uint8

// The steps.
const (
	None Step = iota
	Method
	Size
	AllowIPs
	Handshake
	Verify
	Rate
	Body
	Each
	Dedupe
	Key
	Match
	Variables
	Claim
)

var stepNames = [...]string{
	"", "method", "size", "allow_ips", "handshake", "verify", "rate", "body", "each", "dedupe", "key", "match", "variables", "claim",
}

func (s Step) String() string { return stepNames[s] }

// stepOf is the step that decides an outcome, where nothing else is known.
func stepOf(o gateway.Outcome) Step {
	switch o {
	case gateway.OutcomeNotAllowed:
		return Method
	case gateway.OutcomeTooLarge:
		return Size
	case gateway.OutcomeHandshake:
		return Handshake
	case gateway.OutcomeUnauthenticated:
		return Verify
	case gateway.OutcomeRateLimited:
		return Rate
	case gateway.OutcomeInvalidBody, gateway.OutcomeUnsupported:
		return Body
	case gateway.OutcomeDuplicate:
		return Dedupe
	case gateway.OutcomeKeyMissing:
		return Key
	case gateway.OutcomeIgnored, gateway.OutcomeTooComplex:
		return Match
	case gateway.OutcomeVariableMissing, gateway.OutcomeVariablesTooLarge:
		return Variables
	case gateway.OutcomeNotFound:
		return None
	}
	return Claim
}

// Refused says whether an outcome is of a request that came to nothing: neither taken for what
// it is nor a handshake.
func Refused(o gateway.Outcome) bool { return !Accepted(o) && o != gateway.OutcomeHandshake }

// Accepted says whether an outcome is of a callback that was taken for what it is: such
// ones have a share that no flood of refused ones touches.
func Accepted(o gateway.Outcome) bool {
	switch o {
	case gateway.OutcomeResumed, gateway.OutcomeParked, gateway.OutcomeDuplicate, gateway.OutcomeIgnored, gateway.OutcomeAlreadyResumed, gateway.OutcomeLate:
		return true
	}
	return false
}
