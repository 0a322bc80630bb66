package mapping

import (
	"encoding/base64"
	"iter"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
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

// hasPaths says whether paths lead into the body.
func (d *Document) hasPaths() bool { return d.Body == JSON || d.Body == Fields }

// AppendBody appends the body as a wait shows it (SPEC 6): JSON and forms as they
// are, raw text as a string, no body as null. What is no text is {"base64": …}, for as a
// string it would lose bytes.
func (d *Document) AppendBody(dst []byte) []byte {
	switch d.Body {
	case NoBody:
		return append(dst, "null"...)
	case RawText:
		if !utf8.Valid(d.Raw) {
			dst = base64.StdEncoding.AppendEncode(append(dst, `{"base64":"`...), d.Raw)
			return append(dst, `"}`...)
		}
		return appendJSONText(dst, d.Raw)
	}
	return append(dst, d.Raw...)
}

// BodySize is how many bytes AppendBody appends, or a few more.
func (d *Document) BodySize() int {
	switch {
	case d.Body == NoBody:
		return len("null")
	case d.Body == RawText && utf8.Valid(d.Raw):
		return gateway.StringSize(d.Raw)
	case d.Body == RawText:
		return len(`{"base64":""}`) + base64.StdEncoding.EncodedLen(len(d.Raw))
	}
	return len(d.Raw)
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
