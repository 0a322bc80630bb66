package gateway

import "time"

// codeUnknown is told to nobody: see Unknown.
const codeUnknown Code = "unknown"

// Unknown is of a write of which nobody knows what came. It is not CodeUnavailable, by which
// nothing was written, for who wrote; who asked is told that, for he may ask again: see Told.
func Unknown(err error) *Error {
	return &Error{Code: codeUnknown, Message: "it is not known whether it was written", Err: err}
}

// Told gives what a stranger is told in place of the error.
func (e *Error) Told() *Error {
	if e.Code != codeUnknown {
		return e
	}
	told := Unavailable("it is not known whether this was taken: ask again", 5*time.Second)
	told.Extra = e.Extra
	return told
}
