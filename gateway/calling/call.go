package calling

import (
	"context"
	"sync/atomic"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/transport"
)

// call is one call on its way. It is pooled: begin and end set all of it.
type call struct {
	Request
	result   *gateway.Call
	standing *standing // nil where nothing is kept of its webhook
	ctx      context.Context
	cancel   context.CancelFunc // of a call that may go on after its answer; else nil
	began    time.Time
	deadline time.Time     // of all of it; zero: there is none
	each     time.Duration // bounds one attempt where there is no deadline
	explains bool          // how each variable came to its value is wanted
	left     bool          // it was given up by a drain, and has no outcome
	gone     atomic.Bool   // its tenant is no more: its outcome is nobody's
	spoilt   bool          // its memory is not used again
	place    place         // what it has of the budgets

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
}

// part is the rendered value of one header field within text.
type part struct {
	name       string
	start, end int
}

// begin makes a call of a request, taken now.
func (c *Calls) begin(q Request) *call {
	now := time.Now()
	return c.beginAs(q, gateway.NewID(gateway.PrefixCall, now), now)
}

func (c *Calls) beginAs(q Request, id string, at time.Time) *call {
	k := c.calls.Get().(*call)
	k.Request, k.began = q, at
	k.result = &gateway.Call{
		ID: id, ConversationKey: q.Key, Context: q.Context, WaitID: q.WaitID, CreatedAt: gateway.At(at).Time,
	}
	if w := q.Webhook; w != nil {
		k.result.Tenant, k.result.Webhook = w.Tenant.ID, w.ID
		k.standing = c.standings.find(w)
	}
	return k
}

// end gives a call's memory back. Its result is the caller's.
func (c *Calls) end(k *call) {
	if k.cancel != nil {
		k.cancel()
	}
	c.unseat(k)
	if k.spoilt || max(cap(k.text), cap(k.body), cap(k.query), cap(k.variables)) > maxKept {
		return
	}
	k.values.Release()
	clear(k.fields)
	clear(k.parts)
	*k = call{
		values: k.values, text: k.text[:0], parts: k.parts[:0], query: k.query[:0], body: k.body[:0],
		fields: k.fields[:0], variables: k.variables[:0],
	}
	c.calls.Put(k)
}

// maxKept is the largest that a buffer of a pooled call may be, in bytes.
const maxKept = 64 << 10

// fail ends a call with a reason.
func (k *call) fail(reason string, faults ...gateway.Fault) bool {
	k.result.Outcome, k.result.Reason = gateway.CallFailure, reason
	k.result.Errors = append(k.result.Errors, faults...)
	return false
}
