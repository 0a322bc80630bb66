package inbound

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// parse undoes the coding of the body, up to the source's limit, and understands
// it by its type.
func (in *Inbound) parse(r *request) {
	body, err := inflate(r.received, string(r.ctx.Request.Header.ContentEncoding()), r.src.MaxBody)
	switch {
	case errors.Is(err, errCoding):
		r.detail = err.Error()
		r.finish(gateway.OutcomeUnsupported)
		return
	case errors.Is(err, errInflated):
		r.finish(gateway.OutcomeTooLarge)
		return
	case err != nil:
		r.detail = "the body is not in the coding that Content-Encoding names"
		r.finish(gateway.OutcomeInvalidBody)
		return
	}
	contentType := internContentType(r.ctx.Request.Header.ContentType())
	document, err := mapping.Parse(r.proof.Method, contentType, body)
	if err != nil {
		r.detail = err.Error()
		r.finish(gateway.OutcomeInvalidBody)
		return
	}
	document.Request = r
	r.document = document
	r.callback.Taken.ContentType = contentType
}

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

var (
	errCoding   = errors.New("the Content-Encoding is not one of gzip, deflate, identity")
	errInflated = errors.New("the inflated body is over the source's max_body")
)

// inflate undoes a Content-Encoding; what is not coded is given back as it is.
func inflate(body []byte, coding string, most int) ([]byte, error) {
	var (
		reader io.ReadCloser
		err    error
	)
	switch coding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate": // RFC 9110, 8.4.1.2: the zlib format
		reader, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil, errCoding
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	inflated, err := io.ReadAll(io.LimitReader(reader, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(inflated) > most {
		return nil, errInflated
	}
	return inflated, nil
}
