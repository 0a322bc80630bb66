package inbound

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
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
	case errors.Is(err, errMemory):
		return r.fail(err)
	case errors.Is(err, errCoding), errors.Is(err, errCodings):
		r.detail = err.Error()
		return r.finish(gateway.OutcomeUnsupported)
	case errors.Is(err, errInflated):
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

var (
	errCoding   = errors.New("the Content-Encoding is not one of gzip, deflate, identity")
	errCodings  = errors.New("there are several Content-Encoding fields, and one coding is undone: send one field")
	errMemory   = errors.New("there is no memory for the inflated body")
	errInflated = errors.New("the inflated body is over the source's max_body")
)

// inflate undoes a Content-Encoding; a body that is not coded is given back as it
// is. What a small body grows to counts as in flight, as one that came so large.
func (r *request) inflate(coding string, codings int) ([]byte, error) {
	var (
		reader io.ReadCloser
		err    error
	)
	if codings > 1 { // as a list in one field: the RFC makes them the same (9110, 5.3)
		return nil, errCodings
	}
	switch strings.ToLower(coding) { // codings have no case (RFC 9110, 8.4.1)
	case "", "identity":
		return r.received, nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(bytes.NewReader(r.received))
	case "deflate": // RFC 9110, 8.4.1.2: the zlib format
		reader, err = zlib.NewReader(bytes.NewReader(r.received))
	default:
		return nil, errCoding
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var inflated []byte
	for {
		if len(inflated) == cap(inflated) {
			if inflated, err = r.grow(inflated); err != nil {
				return nil, err
			}
		}
		n, err := reader.Read(inflated[len(inflated):cap(inflated)])
		switch inflated = inflated[:len(inflated)+n]; {
		case len(inflated) > r.src.MaxBody:
			return nil, errInflated
		case errors.Is(err, io.EOF):
			return inflated, nil
		case err != nil:
			return nil, err
		}
	}
}

const leastInflated = 4 << 10 // bytes

// grow doubles the memory of b, up to one byte more than the source takes.
func (r *request) grow(b []byte) ([]byte, error) {
	size := min(max(leastInflated, 2*cap(b)), r.src.MaxBody+1)
	if err := edge.Charge(r.ctx, int64(size)); err != nil {
		return nil, errors.Join(errMemory, err)
	}
	return append(make([]byte, 0, size), b...), nil
}
