package calling

import (
	"context"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/tracing"
	"hookgate/gateway/transport"
)

// call is one call on its way. It is pooled: admission sets all of it.
type call struct {
	Request
	carrier  *carrier
	term     *term // in which it began
	result   *gateway.Call
	standing *standing // nil where nothing is kept of its webhook
	ctx      context.Context
	cancel   context.CancelFunc // of a call that may go on after its answer; else nil
	began    time.Time
	deadline time.Time     // of all of it; zero: there is none
	until    time.Time     // the end of the attempt that is under way
	rested   bool          // it waited for room for its answer: the time was ours, not the backend's
	each     time.Duration // bounds one attempt where there is no deadline
	span     tracing.Span
	spanAt   int           // where the place in a trace stands in fields, behind all that is not: 0 where it does not
	explains bool          // how each variable came to its value is wanted
	left     bool          // it was given up by a drain, and has no outcome
	gone     atomic.Bool   // its tenant is no more: its outcome is nobody's
	waitID   string        // of the wait that was opened for it; "": none
	opened   *gateway.Wait // as that was then
	promised bool          // it was stored with its wait
	spoilt   bool          // its memory is not used again
	place    place         // what it has of the budgets

	bound    int            // of all that is rendered, in bytes
	large    bool           // that was too little: it is rendered anew
	values   mapping.Values // of the templates, then of the answer
	text     []byte         // the url, then the values of the headers
	parts    []part
	urlEnd   int    // in text
	secretAt int    // where the token begins in the url, which ends with it; 0: there is none
	query    []byte // one rendered value, before it is encoded
	body     []byte

	fields    [][2]string // without those of the signature
	request   transport.Request
	attempts  atomic.Int32
	answered  *transport.Answer
	sent      *transport.Error // why there is no answer
	document  mapping.Document // the answer's
	variables []byte
	learn     string // the alias that the answer gave
	explained []mapping.Explained
	keeping   keeping
}

// part is the rendered value of one header field within text.
type part struct {
	name       string
	start, end int
}

// maxKept is the largest that a buffer of a pooled call may be, in bytes.
const maxKept = 64 << 10

// fail ends a call with a reason.
func (k *call) fail(reason string, faults ...gateway.Fault) done {
	k.result.Outcome, k.result.Reason = gateway.CallFailure, reason
	k.result.Errors = append(k.result.Errors, faults...)
	return true
}

// async says whether a call is answered before it is made.
func (k *call) async() bool { return k.Webhook.Async && !k.explains }
