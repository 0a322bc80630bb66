package gateway

import (
	"strconv"
	"time"
)

// CallOutcome is how a call ended, or that it goes on (SPEC 8).
type CallOutcome string

// The outcomes of a call.
const (
	CallSuccess CallOutcome = "success"
	CallFailure CallOutcome = "failure"
	CallPending CallOutcome = "pending" // it goes on; its end is told by a notice
)

// Reasons why a call failed (SPEC 8).
const (
	CallTimeout         = "timeout"          // no whole answer within its time
	CallConnect         = "connect"          // no answer at all: name, connection, TLS or protocol
	CallStatus          = "status"           // an answer, and none of 2xx
	CallInvalidResponse = "invalid_response" // no JSON, or not what the profile or the variables want
	CallTooLarge        = "too_large"        // the answer is over MaxCallAnswer
	CallBreakerOpen     = "breaker_open"     // nothing was sent: the backend rests
	CallBlockedTarget   = "blocked_target"   // nothing was sent: the egress rules forbid the target
	CallTemplate        = "template"         // nothing was sent: a template does not render
	CallInterrupted     = "interrupted"      // this process ended while it was under way: whether the backend took it is not known
)

// CallReasons lists them.
var CallReasons = []string{
	CallTimeout, CallConnect, CallStatus, CallInvalidResponse, CallTooLarge, CallBreakerOpen, CallBlockedTarget, CallTemplate, CallInterrupted,
}

// MaxCallAnswer is the most that a backend may answer, in bytes (SPEC 14).
const MaxCallAnswer = 1 << 20

// Call is one run of a webhook, as every answer shows it.
type Call struct {
	ID              string
	Tenant          string
	Webhook         string
	ConversationKey string // "" for none
	Outcome         CallOutcome
	Reason          string // why it failed, or ""
	Status          int    // of the answer; 0: there was none
	Duration        time.Duration
	Attempts        int
	Variables       Raw          // a JSON object; nil: none
	Responses       Raw          // a JSON array, of the profile chatbot; nil: none
	Attributes      Raw          // a JSON object, of the profile chatbot; nil: none
	Body            Raw          // the answer: JSON as it came, anything else as a string; nil: none
	Errors          []Fault      // what is wrong with an answer, or with a template, by its place
	Context         Raw          // as it was given
	Span            *SpanContext // of who asked for it; nil: nobody said
	WaitID          string       // of the wait that was opened with the call, or ""
	Wait            *Wait        // the same as it now stands; nil: none
	CreatedAt       time.Time
	EndedAt         time.Time // zero while pending

	// Of a call that is kept (SPEC-console C5): what was sent, nil where nothing was rendered,
	// and the members that were too large to keep.
	Sent    *CallRequest
	LeftOut []string
}

// CallRequest is the form of a request as it was sent, the last one where there were
// several. It has no value that an operator set: not those of the query, nor of the header
// fields but our own, nor the body.
type CallRequest struct {
	Method    string
	URL       string // the values of its query masked
	Header    [][2]string
	BodyBytes int
}

// MaxKeptMember is the most that is kept of a member of a call, in bytes: as much as of the
// answer to an attempt.
const MaxKeptMember = 16 << 10

// Kept gives the call as it is kept: without the members that are too large for that, and
// without its wait, which is kept by itself.
func (c *Call) Kept(sent *CallRequest) (kept Call) {
	kept = *c
	kept.Wait, kept.Sent, kept.LeftOut = nil, sent, nil
	for _, member := range []struct {
		name string
		of   *Raw
	}{
		{"variables", &kept.Variables}, {"responses", &kept.Responses}, {"attributes", &kept.Attributes},
		{"body", &kept.Body}, {"context", &kept.Context},
	} {
		if len(*member.of) > MaxKeptMember {
			*member.of, kept.LeftOut = nil, append(kept.LeftOut, member.name)
		}
	}
	kept.Errors = c.Errors[:min(len(c.Errors), MaxFaults)]
	return kept
}

// Size is about how large the call is, in bytes.
func (c *Call) Size() int {
	size := len(c.Variables) + len(c.Responses) + len(c.Attributes) + len(c.Body) + len(c.Context) + 128*len(c.Errors)
	if c.Sent != nil {
		size += len(c.Sent.URL) + 48*len(c.Sent.Header)
	}
	return size
}

// AppendKept appends a kept call whole.
func (c *Call) AppendKept(dst []byte) []byte {
	dst = append(c.AppendOpen(dst), `,"request":`...)
	if c.Sent == nil {
		dst = append(dst, "null"...)
	} else {
		dst = AppendString(append(dst, `{"method":`...), c.Sent.Method)
		dst = AppendMember(dst, "url", c.Sent.URL)
		dst = AppendFields(append(dst, `,"headers":`...), c.Sent.Header)
		dst = append(strconv.AppendInt(append(dst, `,"body_bytes":`...), int64(c.Sent.BodyBytes), 10), '}')
	}
	dst = append(dst, `,"left_out":[`...)
	for i, name := range c.LeftOut {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, name)
	}
	return append(dst, "]}"...)
}

// AppendListed appends a call as a list shows it, without what it gave.
func (c *Call) AppendListed(dst []byte) []byte {
	dst = AppendString(append(dst, `{"id":`...), c.ID)
	dst = AppendMember(dst, "tenant", c.Tenant)
	dst = AppendMember(dst, "webhook", c.Webhook)
	dst = AppendOptional(dst, "conversation_key", c.ConversationKey)
	dst = AppendMember(dst, "outcome", string(c.Outcome))
	dst = AppendOptional(dst, "reason", c.Reason)
	dst = appendStatus(append(dst, `,"status":`...), c.Status)
	dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), c.Duration.Milliseconds(), 10)
	dst = strconv.AppendInt(append(dst, `,"attempts":`...), int64(c.Attempts), 10)
	dst = AppendOptional(dst, "wait_id", c.WaitID)
	dst = Time{c.CreatedAt}.AppendJSON(append(dst, `,"created_at":`...))
	dst = Time{c.EndedAt}.AppendJSON(append(dst, `,"ended_at":`...))
	return append(dst, '}')
}

// AppendJSON appends the call as every answer and its notice show it (SPEC 8).
func (c *Call) AppendJSON(dst []byte) []byte { return append(c.AppendOpen(dst), '}') }

// AppendOpen is AppendJSON without the closing brace, for answers that have more
// members.
func (c *Call) AppendOpen(dst []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = AppendString(dst, c.ID)
	dst = AppendMember(dst, "tenant", c.Tenant)
	dst = AppendMember(dst, "webhook", c.Webhook)
	dst = AppendOptional(dst, "conversation_key", c.ConversationKey)
	dst = AppendMember(dst, "outcome", string(c.Outcome))
	dst = AppendOptional(dst, "reason", c.Reason)
	dst = append(dst, `,"status":`...)
	if c.Status == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = strconv.AppendInt(dst, int64(c.Status), 10)
	}
	dst = append(dst, `,"duration_ms":`...)
	dst = strconv.AppendInt(dst, c.Duration.Milliseconds(), 10)
	dst = append(dst, `,"attempts":`...)
	dst = strconv.AppendInt(dst, int64(c.Attempts), 10)
	dst = appendOr(append(dst, `,"variables":`...), c.Variables, "{}")
	dst = appendOr(append(dst, `,"responses":`...), c.Responses, "[]")
	dst = appendOr(append(dst, `,"attributes":`...), c.Attributes, "{}")
	dst = appendOr(append(dst, `,"body":`...), c.Body, "null")
	if len(c.Errors) > 0 {
		dst = appendFaults(append(dst, `,"errors":`...), c.Errors)
	}
	dst = appendOr(append(dst, `,"context":`...), c.Context, "null")
	if c.WaitID != "" {
		dst = AppendMember(dst, "wait_id", c.WaitID)
	}
	if c.Wait != nil {
		dst = c.Wait.AppendJSON(append(dst, `,"wait":`...))
	}
	dst = append(dst, `,"created_at":`...)
	dst = Time{c.CreatedAt}.AppendJSON(dst)
	dst = append(dst, `,"ended_at":`...)
	return Time{c.EndedAt}.AppendJSON(dst)
}

func appendFaults(dst []byte, faults []Fault) []byte {
	for i, f := range faults {
		dst = append(dst, "[,"[min(i, 1)])
		dst = append(dst, `{"path":`...)
		dst = AppendString(dst, f.Path)
		dst = AppendMember(dst, "message", f.Message)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// PendingCall is an async call whose outcome is promised: it is stored before the
// answer that says pending, and goes in the commit that stores the notice of its
// outcome.
type PendingCall struct {
	ID        string
	Tenant    string
	Webhook   string
	Request   Raw          // the body with which it was asked for
	WaitID    string       // of the wait that was opened with it, or ""
	Span      *SpanContext // of who asked for it; nil: nobody said
	Sent      bool         // the backend may have got it, and may not get it again
	CreatedAt time.Time
}
