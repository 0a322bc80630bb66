package mapping

import (
	"errors"
	"hookgate/gateway/mapping/rawjson"
	"iter"
	"strings"
)

// BodyKind is how a callback's body is understood.
type BodyKind uint8

// The kinds of bodies (SPEC 5).
const (
	NoBody BodyKind = iota
	JSON
	Fields  // a form, kept as a JSON object of texts
	RawText // anything else: no path leads into it
)

// MaxDepth is how deep JSON may be nested (SPEC 14).
const MaxDepth = rawjson.MaxDepth

// Valid says whether b is one JSON value in UTF-8 (RFC 8259), nested at most
// MaxDepth deep. It takes no more stack for a deep one.
func Valid(b []byte) bool { return rawjson.Valid(b) }

// Items gives the items of a JSON array, each as it lies there. array must be
// valid; what is no array has none.
func Items(array []byte) iter.Seq[[]byte] { return rawjson.Items(array) }

// Request gives what stands outside a callback's body, without a copy.
type Request interface {
	Header(name string) (value []byte, found bool)
	Query(name string) (value []byte, found bool)
}

// Document is a received callback, ready to be read by paths.
type Document struct {
	Body    BodyKind
	Raw     []byte // JSON: the body; Fields: an object made from them; RawText: the text
	Request Request
}

// What can be wrong with a body; each is an invalid_body.
var (
	ErrInvalidJSON   = errors.New("the body is not JSON, or nested deeper than 128 levels")
	ErrInvalidForm   = errors.New("the body is not the multipart form that its content type says")
	ErrTooManyFields = errors.New("the form has more than 1000 fields")
)

// Parse understands a body by its Content-Type (SPEC 5 and 14). The document
// shares the body's memory; its Request is the caller's to set.
//
// An empty body is none, but a POST that says JSON and sends nothing is
// ErrInvalidJSON: what it promised is missing.
func Parse(method, contentType string, body []byte) (Document, error) {
	essence, _, _ := strings.Cut(contentType, ";")
	essence = strings.TrimSpace(essence)
	switch {
	case isJSON(essence):
		return parseJSON(method, body)
	case len(body) == 0:
		return Document{}, nil
	case essence == "":
		if body := withoutMark(body); rawjson.Valid(body) {
			return Document{Body: JSON, Raw: body}, nil
		}
	case strings.EqualFold(essence, "application/x-www-form-urlencoded"):
		return parseForm(body)
	case strings.EqualFold(essence, "multipart/form-data"):
		return parseMultipart(contentType, body)
	}
	return Document{Body: RawText, Raw: body}, nil
}

func isJSON(essence string) bool {
	const plus = "+json"
	return strings.EqualFold(essence, "application/json") ||
		len(essence) > len(plus) && strings.EqualFold(essence[len(essence)-len(plus):], plus)
}

func parseJSON(method string, body []byte) (Document, error) {
	if len(body) == 0 {
		switch method {
		case "POST", "PUT", "PATCH":
			return Document{}, ErrInvalidJSON
		}
		return Document{}, nil
	}
	body = withoutMark(body)
	if !rawjson.Valid(body) {
		return Document{}, ErrInvalidJSON
	}
	return Document{Body: JSON, Raw: body}, nil
}

// withoutMark drops a byte order mark, which a parser may ignore (RFC 8259, 8.1)
// and some .NET senders write.
func withoutMark(body []byte) []byte {
	if len(body) >= 3 && string(body[:3]) == "\ufeff" {
		return body[3:]
	}
	return body
}

// hasPaths says whether paths lead into the body.
func (d *Document) hasPaths() bool { return d.Body == JSON || d.Body == Fields }

// AppendBody appends the body as a wait shows it (SPEC 6): JSON and forms as they
// are, raw text as a string in which bytes that are not UTF-8 are U+FFFD, no body
// as null.
func (d *Document) AppendBody(dst []byte) []byte {
	switch d.Body {
	case NoBody:
		return append(dst, "null"...)
	case RawText:
		return appendJSONText(dst, d.Raw)
	}
	return append(dst, d.Raw...)
}

func (d *Document) header(name string) ([]byte, bool) {
	if d.Request == nil {
		return nil, false
	}
	return d.Request.Header(name)
}

func (d *Document) param(name string) ([]byte, bool) {
	if d.Request == nil {
		return nil, false
	}
	return d.Request.Query(name)
}
