package signature

import "strconv"

// Words says what was wrong, for whoever set the scheme up: which field, and by how much.
// They hold neither a secret nor a value that came.
func (e *Error) Words() string {
	switch e.Reason {
	case MissingHeader:
		return "no header " + e.Field
	case DuplicateHeader:
		return "the header " + e.Field + " is there more than once"
	case MissingParameter:
		return "no query parameter " + e.Field
	case DuplicateParameter:
		return "the query parameter " + e.Field + " is there more than once"
	case MissingField:
		return "no field " + e.Field
	case Malformed:
		return e.Field + " is not written as this scheme writes it"
	case Version:
		return e.Field + " has signatures only of versions that are not known here"
	case Stale, Future:
		return e.time()
	case Mismatch:
		return "the signature in " + e.Field + " is none that the secrets give"
	case Certificate:
		return e.Field + " brings no certificate that is trusted"
	case Unavailable:
		return "what is needed to judge " + e.Field + " cannot be had now: the same request may pass later"
	case Credential:
		return e.Field + " is not the right one"
	case SourceUnverified:
		return "the provider could not verify whom it passes on, as " + e.Field + " says"
	case Algorithm:
		return e.Field + " is signed with an algorithm that is not allowed"
	case UnknownKey:
		return "nobody knows the key that " + e.Field + " names"
	case MissingClaim:
		return "the token has no claim " + e.Field
	case Claim:
		return "the token's claim " + e.Field + " is another one than was configured"
	}
	return string(e.Reason) + " " + e.Field
}

// time tells how far a moment is from the clock.
func (e *Error) time() string {
	switch {
	case e.Window == 0 && e.Reason == Stale:
		return e.Field + " is over: its time has passed"
	case e.Window == 0:
		return e.Field + " is ahead of the clock: its time has not come"
	case e.Reason == Stale:
		return "timestamp is " + inSeconds(e.Age.Seconds()) + " old, tolerance is " + inSeconds(e.Window.Seconds())
	}
	return "timestamp is " + inSeconds(-e.Age.Seconds()) + " ahead of the clock, tolerance is " + inSeconds(e.Window.Seconds())
}

// inSeconds writes whole seconds: what is measured against a tolerance needs no more.
func inSeconds(s float64) string { return strconv.FormatInt(int64(s+0.5), 10) + " s" }
