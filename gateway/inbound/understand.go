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
	document.Request = sender{r}
	r.sent = body
	if r.document = document; err == nil && r.src.Unwrap != nil {
		err = r.unwrap(r.ctx, r.src)
	}
	if err == nil {
		return false
	}
	return r.misunderstood(err)
}

// misunderstood ends the way of a callback whose body cannot be read.
func (r *request) misunderstood(err error) done {
	switch r.detail = err.Error(); {
	case errors.Is(err, mapping.ErrTooComplex), errors.Is(err, mapping.ErrBusy), errors.Is(err, edge.ErrMemory):
		return r.unread(err)
	case errors.Is(err, mapping.ErrCharset):
		return r.finish(gateway.OutcomeUnsupported)
	case errors.Is(err, mapping.ErrNotWrapped):
		r.status = statusNotWrapped
		r.detail = r.explain(r.detail)
	case errors.Is(err, mapping.ErrInvalidJSON):
		if form := likeness(r.sent, mapping.JSON); form != "" {
			r.detail += "; " + form
		}
	}
	return r.finish(gateway.OutcomeInvalidBody)
}

// statusNotWrapped is of a body that is right in itself, but not what its source takes
// (SPEC 17).
const statusNotWrapped = 422
