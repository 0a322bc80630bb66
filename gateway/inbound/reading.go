package inbound

import (
	"errors"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
)

// reading is the body of a callback: as it was sent, and as paths see it.
type reading struct {
	sent     []byte // inflated
	document mapping.Document
	wrapped  mapping.Values // of the body in which the document lay

	looked bool   // at what the body looks like
	looks  string // see likeness
}

// unwrap makes the body that is meant the document. It may be a copy.
func (b *reading) unwrap(ctx *fasthttp.RequestCtx, src *directory.Source) error {
	if err := edge.Charge(ctx, int64(len(b.document.Raw))); err != nil {
		return errors.Join(edge.ErrMemory, err)
	}
	b.wrapped.Owner(src.Tenant.Tree())
	document, err := src.Unwrap.Open(&b.document, &b.wrapped)
	if err == nil {
		b.document = document
	}
	return err
}

// hold takes the one turn that a large body may have, for what reads it first: who holds
// one and waits for another stands in its own way, and in everybody's.
func (r *request) hold() error {
	first := &r.values
	if r.src.Unwrap != nil {
		first = &r.wrapped
	}
	return first.Hold(r.src.Tenant.Tree(), len(r.received))
}

// let gives back what hold took.
func (r *request) let() {
	r.wrapped.Let()
	r.values.Let()
}

// read looks up all that the source's paths name: after unwrap with what that left of the
// work that one callback may take.
func (b *reading) read(src *directory.Source, values *mapping.Values) {
	if src.Unwrap != nil {
		src.Plan.Set.ReadAfter(&b.document, values, &b.wrapped)
		return
	}
	src.Plan.Set.Read(&b.document, values)
}

// deliveryID gives the id by which a repeat is known: a provider's own stands beside what
// it wraps.
func (b *reading) deliveryID(src *directory.Source, values *mapping.Values) mapping.Value {
	if id := src.Unwrap.ID(&b.wrapped); id.Kind != mapping.Missing {
		return id
	}
	return values.At(src.Plan.Dedupe)
}

// explain adds to what is told of a callback in which something is missing why that may be.
func (b *reading) explain(why string) string {
	if b.document.Body == mapping.NoBody {
		return why
	}
	if !b.looked { // once, however many of a request's callbacks lack something
		b.looked, b.looks = true, likeness(b.sent, b.document.Body)
	}
	switch form := b.looks; {
	case form == "":
		return why
	case why == "":
		return "no conversation key was found: " + form
	default:
		return why + "; " + form
	}
}
