package retry

import "strconv"

// Outcome is one word for how an attempt went (SPEC 12, delivery_attempts_total;
// SPEC 14 adds 3xx and protocol, SPEC-operations O3 nack and lease). The list is closed:
// it labels metrics.
type Outcome string

// The outcomes. Where an answer came, its class; else what kept it away.
const (
	Success     Outcome = "2xx"
	Redirect    Outcome = "3xx"
	ClientError Outcome = "4xx"
	ServerError Outcome = "5xx"
	Timeout     Outcome = "timeout"
	Connect     Outcome = "connect"
	TLS         Outcome = "tls"
	DNS         Outcome = "dns"
	Blocked     Outcome = "blocked"
	Protocol    Outcome = "protocol"

	// Of a delivery that was pulled; one that was acknowledged is a Success.
	Nack  Outcome = "nack"  // whoever pulled it gave it back as failed
	Lease Outcome = "lease" // nobody said within the lease what became of it
)

// Outcomes lists all of them.
var Outcomes = []Outcome{
	Success, Redirect, ClientError, ServerError, Timeout, Connect, TLS, DNS, Blocked, Protocol, Nack, Lease,
}

// OfStatus gives the outcome of an answer. What is no final status of HTTP is a
// fault of the protocol.
func OfStatus(status int) Outcome {
	switch status / 100 {
	case 2:
		return Success
	case 3:
		return Redirect
	case 4:
		return ClientError
	case 5:
		return ServerError
	}
	return Protocol
}

// parseNever reads one entry of Policy.Never: a status, a class of them, or the
// word of an outcome.
func parseNever(s string) (status int, outcome Outcome, ok bool) {
	for _, o := range Outcomes {
		if s == string(o) {
			return 0, o, true
		}
	}
	status, err := strconv.Atoi(s)
	return status, "", err == nil && len(s) == 3 && status >= 300 && status <= 599
}
