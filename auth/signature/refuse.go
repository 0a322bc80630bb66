package signature

import "errors"

// Reason says why a request was refused: for our log and metrics. The sender
// learns only that it was (SPEC 3).
type Reason string

// The closed list of reasons.
const (
	MissingHeader      Reason = "missing_header"
	DuplicateHeader    Reason = "duplicate_header"
	MissingParameter   Reason = "missing_parameter"
	DuplicateParameter Reason = "duplicate_parameter"
	Malformed          Reason = "malformed"         // a field is not of the scheme's form
	Version            Reason = "version"           // signatures only of versions not known here
	Stale              Reason = "stale"             // the timestamp is older than the tolerance
	Future             Reason = "future"            // the timestamp is newer than the tolerance
	Mismatch           Reason = "signature"         // no secret gives this signature
	Certificate        Reason = "certificate"       // it is not one that is trusted, or there is none
	Unavailable        Reason = "unavailable"       // what is needed to judge the request cannot be had now
	Credential         Reason = "credential"        // token, or user and password, are not the right ones
	SourceUnverified   Reason = "source_unverified" // the provider could not verify who it passes on
)

// Error is a refused request. It says which field was looked at, never its value.
type Error struct {
	Reason Reason
	Field  string // the header's or parameter's name
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Field }

// IsUnavailable tells whether a request could not be judged, though it may be good: the
// same one may pass later.
func IsUnavailable(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Reason == Unavailable
}

func refuse(reason Reason, field string) error { return &Error{Reason: reason, Field: field} }
