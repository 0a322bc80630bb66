package inbound

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/mapping"
)

// understand reads the body in the form that its type or its source says, and takes out of
// it what is wrapped.
func (r *request) understand(contentType string, body []byte) done {
	document, err := r.src.Form.Parse(contentType, body)
	document.Request = &r.caller
	r.sent = body
	if r.document = document; err == nil && r.src.Unwrap != nil {
		err = r.unwrap()
	}
	if err == nil {
		return false
	}
	return r.misunderstood(err)
}

// misunderstood ends the way of a callback whose body cannot be read.
func (r *request) misunderstood(err error) done {
	switch r.detail = err.Error(); {
	case errors.Is(err, mapping.ErrTooComplex), errors.Is(err, mapping.ErrBusy), errors.Is(err, errMemory):
		return r.unread(err)
	case errors.Is(err, mapping.ErrCharset):
		return r.finish(gateway.OutcomeUnsupported)
	case errors.Is(err, mapping.ErrNotWrapped):
		r.status = statusNotWrapped
		r.detail = r.explain(r.detail)
	case errors.Is(err, mapping.ErrInvalidJSON):
		if form := r.likeness(mapping.JSON); form != "" {
			r.detail += "; " + form
		}
	}
	return r.finish(gateway.OutcomeInvalidBody)
}

// statusNotWrapped is of a body that is right in itself, but not what its source takes
// (SPEC 17).
const statusNotWrapped = 422

// unwrap makes the body that is meant the document. It may be a copy.
func (r *request) unwrap() error {
	if err := edge.Charge(r.ctx, int64(len(r.document.Raw))); err != nil {
		return errors.Join(errMemory, err)
	}
	r.wrapped.Owner(r.src.Tenant.ID)
	document, err := r.src.Unwrap.Open(&r.document, &r.wrapped)
	if err == nil {
		r.document = document
	}
	return err
}

// read looks up all that the source's paths name: after unwrap with what that left of the
// work that one callback may take.
func (r *request) read() {
	if r.src.Unwrap != nil {
		r.src.Plan.Set.ReadAfter(&r.document, &r.values, &r.wrapped)
		return
	}
	r.src.Plan.Set.Read(&r.document, &r.values)
}

// deliveryID gives the id by which a repeat is known: a provider's own stands beside what
// it wraps.
func (r *request) deliveryID() mapping.Value {
	if id := r.src.Unwrap.ID(&r.wrapped); id.Kind != mapping.Missing {
		return id
	}
	return r.values.At(r.src.Plan.Dedupe)
}
