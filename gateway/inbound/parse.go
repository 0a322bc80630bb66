package inbound

import (
	"errors"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// parse undoes the coding of the body, up to the source's limit, and what its provider
// hides it by, and understands it by its type.
func (r *request) parse() done {
	if err := r.hold(); err != nil {
		return r.fail(err)
	}
	coding, codings := r.caller.Get("Content-Encoding")
	body, err := r.inflate(string(coding), codings)
	switch {
	case errors.Is(err, edge.ErrMemory):
		return r.fail(err)
	case errors.Is(err, edge.ErrCoding), errors.Is(err, errCodings):
		r.detail = err.Error()
		return r.finish(gateway.OutcomeUnsupported)
	case errors.Is(err, edge.ErrInflated):
		return r.finish(gateway.OutcomeTooLarge)
	case err != nil:
		r.detail = "the body is not in the coding that Content-Encoding names"
		return r.finish(gateway.OutcomeInvalidBody)
	}
	contentType := internContentType(r.ctx.Request.Header.ContentType())
	opened, hidden := r.src.Verifier.Open(body)
	if hidden {
		body, contentType = opened, openedType
	}
	if hidden || !isJSON(contentType) { // what is opened, or read of a form, has memory of its own
		if err := edge.Charge(r.ctx, int64(len(body))); err != nil {
			return r.fail(err)
		}
	}
	r.callback.Taken.ContentType = contentType
	return r.understand(contentType, body)
}

// openedType is of all that a provider hides.
const openedType = "application/json"

// internContentType spares the usual types their memory.
func internContentType(b []byte) string {
	switch string(b) {
	case "application/json":
		return "application/json"
	case "application/json; charset=utf-8":
		return "application/json; charset=utf-8"
	case "application/x-www-form-urlencoded":
		return "application/x-www-form-urlencoded"
	}
	return string(b)
}

// isJSON tells the usual types of a body of which there is no copy when it is read.
func isJSON(contentType string) bool { return strings.HasPrefix(contentType, "application/json") }

var errCodings = errors.New("there are several Content-Encoding fields, and one coding is undone: send one field")

// inflate undoes a Content-Encoding, up to the source's limit.
func (r *request) inflate(coding string, codings int) ([]byte, error) {
	if codings > 1 { // as a list in one field: the RFC makes them the same (9110, 5.3)
		return nil, errCodings
	}
	return edge.Inflate(r.ctx, coding, r.received, r.src.MaxBody)
}
