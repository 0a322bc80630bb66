package signature

import (
	"errors"
	"time"
)

// Reason says why a request was refused: for our log and metrics. The sender
// learns only that it was (SPEC 3).
type Reason string

// The closed list of reasons.
const (
	MissingHeader      Reason = "missing_header"
	DuplicateHeader    Reason = "duplicate_header"
	MissingParameter   Reason = "missing_parameter"
	DuplicateParameter Reason = "duplicate_parameter"
	MissingField       Reason = "missing_field"     // of the body
	Malformed          Reason = "malformed"         // a field is not of the scheme's form
	Version            Reason = "version"           // signatures only of versions not known here
	Stale              Reason = "stale"             // the timestamp is older than the tolerance
	Future             Reason = "future"            // the timestamp is newer than the tolerance
	Mismatch           Reason = "signature"         // no secret gives this signature
	Certificate        Reason = "certificate"       // it is not one that is trusted, or there is none
	Unavailable        Reason = "unavailable"       // what is needed to judge the request cannot be had now
	Credential         Reason = "credential"        // token, or user and password, are not the right ones
	SourceUnverified   Reason = "source_unverified" // the provider could not verify who it passes on

	Algorithm    Reason = "algorithm"     // the token is signed with one that is not allowed
	UnknownKey   Reason = "unknown_key"   // nobody has the key that the request names
	MissingClaim Reason = "missing_claim" // the token does not say what it must
	Claim        Reason = "claim"         // the token says it of another
)

// Error is a refused request. It says which field was looked at, never its value.
type Error struct {
	Reason Reason
	Field  string // the header's, parameter's or claim's name
	// Age is how old the timestamp is, below 0 for one that is ahead, and Window how far
	// from the clock it may be; both are set where a timestamp was measured.
	Age, Window time.Duration
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Field }

// IsUnavailable tells whether a request could not be judged, though it may be good: the
// same one may pass later.
func IsUnavailable(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Reason == Unavailable
}

func refuse(reason Reason, field string) error { return &Error{Reason: reason, Field: field} }
