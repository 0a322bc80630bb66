package inbound

import (
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
	"hookgate/gateway/waiting"
)

// extract reads all that the source's paths name in one walk: the delivery id,
// the conversation key, and the values of match and variables. From here on the
// callback has memory of its own.
func (r *request) extract() done {
	src, c := r.src, &r.callback
	r.values.Owner(src.Tenant.Tree())
	r.read(src, &r.values)
	c.Source, c.Tells = src, src.Answers.Variables()
	if several, last := r.split(); several {
		return last
	}
	r.addressee(c)
	c.Mark, c.Strong = r.mark()
	if err := r.values.Err(); err != nil { // then neither is known
		c.Key, c.Aliases = "", nil
		return r.unread(err)
	}
	c.Received = waiting.Received{Document: &r.document, Values: &r.values, Keeper: r}
	received := receivedAt(r)
	c.Taken.ID = gateway.NewID(gateway.PrefixCallback, received)
	c.Taken.ReceivedAt = gateway.At(received).Time
	c.Taken.Body = r.document.AppendBody(make(gateway.Raw, 0, len(r.document.Raw)+2))
	r.let()
	return false
}

// receivedAt is when the request began, by the clock of what is stored.
func receivedAt(r *request) time.Time { return r.in.options.Now().Add(-time.Since(r.at)) }

// unread ends the way of a callback in which nothing can be found.
func (r *request) unread(err error) done {
	if errors.Is(err, mapping.ErrTooComplex) {
		return r.finish(gateway.OutcomeTooComplex)
	}
	return r.fail(err)
}

// mark gives what a repeat of this callback will be known by, and whether that
// is an id: the provider's, or the Idempotency-Key. Else it is a fingerprint of
// what was received (SPEC 14). An id may have several parts: then it is an array.
func (r *request) mark() (mark gateway.MarkKey, strong bool) {
	source := r.source
	if ids := r.identities(); len(ids) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, source, []byte("ids"), ids), true
	}
	if id := r.deliveryID(r.src, &r.values); (id.IsScalar() || id.Kind == mapping.Array) && len(id.Raw) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, source, []byte("id"), id.Raw), true
	}
	if id := r.provedID(); len(id) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, source, []byte("id"), id), true
	}
	if key, n := r.caller.Get("Idempotency-Key"); n > 0 && len(key) > 0 {
		return gateway.NewMarkKey(gateway.MarkDelivery, source, []byte("key"), key), true
	}
	return gateway.NewMarkKey(gateway.MarkBody, source, []byte(r.proof.Method),
		r.ctx.Request.Header.RequestURI(), keyHeader(&r.caller, r.src.KeyHeads), r.received), false
}

// provedID gives the id that the verified token of a callback has, where the source
// names no place of an id.
func (r *request) provedID() []byte {
	if r.src.Spec.Dedupe.ID != "" {
		return nil
	}
	return r.src.Verifier.ProvedID(&r.proof)
}

// identities gives the ids of all messages of the callback, as a provider puts them;
// nil where one has none. A callback that brings several is a repeat when all of
// them, in their order, came together before: with a first one that is known and a
// second that is not, it is news (SPEC 16).
func (r *request) identities() (all []byte) {
	if !r.src.Plan.Identified() {
		return nil
	}
	if !r.src.Plan.Identities(&r.values, func(id []byte) { all = append(append(all, id...), '\n') }) {
		return nil
	}
	return all
}
