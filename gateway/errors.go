package gateway

import (
	"fmt"
	"log/slog"
	"time"
)

// Code names a failure for programs; a released code keeps its meaning for ever.
type Code string

// The codes that may leave the process.
const (
	CodeInternal               Code = "internal"                // a fault of ours; the log has its text
	CodeUnauthenticated        Code = "unauthenticated"         // no token, or one that is not known
	CodeForbidden              Code = "forbidden"               // the token's scope does not allow this
	CodeNotFound               Code = "not_found"               // no such thing, or none that the caller may see
	CodeMethodNotAllowed       Code = "method_not_allowed"      // the path is there, the method is not
	CodeBadRequest             Code = "bad_request"             // the request is not well-formed HTTP
	CodeInvalidBody            Code = "invalid_body"            // the body is not what its type says
	CodeInvalidField           Code = "invalid_field"           // one or more fields are at fault: errors has them
	CodeUnsupportedMediaType   Code = "unsupported_media_type"  // a content type or coding that is not taken
	CodeTooLarge               Code = "too_large"               // the body is over its limit
	CodeTooManyDeliveries      Code = "too_many_deliveries"     // one publish would make more than bounds.publish
	CodeHeadersTooLarge        Code = "headers_too_large"       // the header fields are over their limit
	CodeTargetTooLong          Code = "target_too_long"         // the request target is over its limit
	CodeRequestTimeout         Code = "request_timeout"         // the request did not arrive in time
	CodeRateLimited            Code = "rate_limited"            // too many: Retry-After says when
	CodeUnavailable            Code = "unavailable"             // the store cannot write now: Retry-After says when
	CodeDraining               Code = "draining"                // this process is stopping: ask the next one
	CodeChangedMeanwhile       Code = "changed_meanwhile"       // it is not the version that If-Match names
	CodeManagedByFile          Code = "managed_by_file"         // the configuration file owns it
	CodeWaitExists             Code = "wait_exists"             // the conversation already waits on this source
	CodeWaitEnded              Code = "wait_ended"              // nothing can be done to it any more
	CodeIdempotencyKeyReused   Code = "idempotency_key_reused"  // same Idempotency-Key, another body
	CodePlatformNotConfigured  Code = "platform_not_configured" // notify needs the tenant's platform url
	CodeAccountKeyTaken        Code = "account_key_taken"       // another tenant holds this account key
	CodeTenantHasChildren      Code = "tenant_has_children"     // tenants that have it as parent must go first
	CodeReloadFailed           Code = "reload_failed"           // the file is faulty; the old configuration stays
	CodeUsePgDump              Code = "use_pg_dump"             // a backup of what is in a database
	CodeExpectationFailed      Code = "expectation_failed"      // an Expect other than 100-continue
	CodeNotImplemented         Code = "not_implemented"         // an HTTP feature that is refused on purpose
	CodeVersionNotSupported    Code = "version_not_supported"   // neither HTTP/1.1 nor HTTP/1.0
	CodeInvalidCursor          Code = "invalid_cursor"          // a cursor that no list gave out
	CodeIdempotencyKeyInvalid  Code = "idempotency_key_invalid" // empty, over 255 bytes, or control characters
	CodeConversationKeyMissing Code = "conversation_key_missing"
	CodeVariablesTooLarge      Code = "variables_too_large"  // what is mapped is together over variables_max
	CodeTooComplex             Code = "too_complex"          // matching and mapping takes too much work on this body
	CodeUnknownAccount         Code = "unknown_account"      // an event of an account that is no tenant's
	CodeNotPulled              Code = "not_pulled"           // the endpoint's deliveries are sent: it has not mode pull
	CodeDeliveryEnded          Code = "delivery_ended"       // it cannot be cancelled any more
	CodeJobEnded               Code = "job_ended"            // it cannot be cancelled any more
	CodeLastNode               Code = "last_node"            // no other node takes slots: it is not drained
	CodeVerificationFailed     Code = "verification_failed"  // a connection's url did not give the challenge back
	CodeUpstreamFailed         Code = "upstream_failed"      // no connection to the upstream, or no answer that is HTTP
	CodeUpstreamTimeout        Code = "upstream_timeout"     // the upstream did not answer in time
	CodeUpstreamUnavailable    Code = "upstream_unavailable" // no healthy upstream: Retry-After says when to ask again
)

// Error has a Code for programs, a Message for a stranger, and Err for our log alone.
type Error struct {
	Code       Code
	Message    string        // safe to show to whoever asked
	Faults     []Fault       // the bad fields, where there are any
	RetryAfter time.Duration // sent as Retry-After when positive
	Extra      []ExtraMember // further members of the problem, such as wait_id
	Allow      string        // the Allow header of a 405
	Err        error         // what happened inside; never leaves the process
}

// ExtraMember is one member that a problem carries beyond those of RFC 9457.
type ExtraMember struct{ Name, Value string }

// Error gives the text for a stranger; Unwrap leads to what happened inside.
func (e *Error) Error() string {
	if len(e.Faults) > 0 {
		return fmt.Sprintf("%s: %s", e.Message, e.Faults[0])
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// LogValue gives what happened inside too, for our log alone.
func (e *Error) LogValue() slog.Value {
	if e.Err == nil {
		return slog.StringValue(e.Error())
	}
	return slog.StringValue(e.Error() + ": " + e.Err.Error())
}

// Errorf makes an Error with a formatted message.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Unavailable is the answer to a write that the store cannot take now.
func Unavailable(reason string, after time.Duration) *Error {
	return &Error{Code: CodeUnavailable, Message: reason, RetryAfter: after}
}

// Fault is one thing wrong with a field that somebody wrote.
type Fault struct {
	Path    string `json:"path"`    // from the resource's root: verify.secrets[1]
	Message string `json:"message"` // the rule it breaks
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// MaxFaults is how many faults of one text that came over the network are looked for
// and told. Of a few bytes that stand there a million times, or below a name of a
// megabyte, the faults would take a multiple of the text, and of its time (SPEC 16).
// A file of the operator's own has no such bound.
const MaxFaults = 100

// Invalid wraps faults as an Error; it is nil where there are none.
func Invalid(faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalidField, Message: "some fields are not valid", Faults: faults}
}

// Under puts faults of a part under the part's own place.
func Under(place string, faults []Fault) []Fault {
	for i := range faults {
		switch {
		case faults[i].Path == "":
			faults[i].Path = place
		case faults[i].Path[0] == '[':
			faults[i].Path = place + faults[i].Path
		default:
			faults[i].Path = place + "." + faults[i].Path
		}
	}
	return faults
}
