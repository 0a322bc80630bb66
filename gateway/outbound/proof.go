package outbound

import (
	"time"

	"hookgate/gateway"
)

// proof is where the handshake of a lane stands: the endpoint proves with its
// token that it wants what is sent to its url (SPEC 7). What is proved is in the
// status, by a digest of both, so that neither a restart nor any other change of
// the endpoint asks again.
type proof struct {
	under bool      // one is under way
	at    time.Time // not before
	tries int       // that failed in a row
}

// missing says whether a handshake must come before deliveries.
func missing(t *Target, s *gateway.EndpointStatus) bool { return t.proves() && s.ProvedFor != t.Proof }

// proves says whether there is a handshake to make.
func (t *Target) proves() bool { return t.Proof != (gateway.MarkKey{}) }

// proofDue is when a handshake that is missing may be made, and whether it is under way.
func (s *standing) proofDue(t *Target) (at time.Time, under, is bool) {
	if !t.proves() {
		return at, false, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proof.at, s.proof.under, missing(t, &s.status)
}

// prove begins a handshake, if it is missing and may be made now.
func (s *standing) prove(t *Target, now time.Time) (is, begun bool) {
	if !t.proves() {
		return false, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	is = missing(t, &s.status)
	begun = is && !s.proof.under && !s.proof.at.After(now)
	s.proof.under = s.proof.under || begun
	return is, begun
}

// proveNow begins one that is missing, whenever the last was: the background waits for
// this one.
func (s *standing) proveNow(t *Target) (begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if begun = missing(t, &s.status); begun {
		s.proof = proof{under: true}
	}
	return begun
}

func (s *standing) proofEnds() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proof.under = false
}

// proved takes in how a handshake went, and gives the status after it, and whether it
// is another one.
func (s *standing) proved(t *Target, failed error, now time.Time) (_ gateway.EndpointStatus, other bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.status
	if failed == nil {
		s.status.ProvedFor, s.status.VerificationError = t.Proof, ""
		s.proof.at, s.proof.tries = time.Time{}, 0
		return s.status, s.status != was
	}
	s.status.VerificationError = failed.Error()
	if s.status.ProvedFor == t.Proof {
		s.status.ProvedFor = gateway.MarkKey{} // asked again, it does not want it any more
	}
	s.proof.at = now.Add(min(firstProofRest<<min(s.proof.tries, 20), lastProofRest))
	s.proof.tries++
	return s.status, s.status != was
}

// Pauses between handshakes in the background, doubling from the first to the last.
const (
	firstProofRest = 5 * time.Second
	lastProofRest  = 10 * time.Minute
)
