package edge

import (
	"bytes"

	"hookgate/gateway"
	"hookgate/gateway/wire"
)

// chunked is the length of a body that comes in chunks.
const chunked = -1

// head is what the strict pass found in a request's head; its slices lie in the
// bytes that were passed.
type head struct {
	method, host, path []byte
	length             int64 // of the body in bytes, or chunked
	closes             bool  // Connection has close, maybe among other options
	http10             bool
	expects            bool // 100-continue, in a case that fasthttp does not know
	hasLength          bool
	hasCoding          bool
	hasType            bool
	fields             int
	options            int            // of Connection
	separates          *gateway.Error // of a path with what only a key may have: an encoded separator, or dots alone; else nil
	authorization      []byte         // nil where there is none, or several
	authorized         bool           // there is one
	requestID          []byte         // nil where there is none that is one, or several
	identified         bool           // there is one, good or not
}

var (
	errStartLine    = refused(gateway.CodeBadRequest, "the request line is malformed")
	errLoneLF       = refused(gateway.CodeBadRequest, "a line ends in LF without CR")
	errVersion      = refused(gateway.CodeVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
	errMethod       = refused(gateway.CodeNotImplemented, "the method is not known here")
	errFold         = refused(gateway.CodeBadRequest, wire.ErrFold.Error())
	errNoColon      = refused(gateway.CodeBadRequest, wire.ErrNoColon.Error())
	errFieldName    = refused(gateway.CodeBadRequest, wire.ErrName.Error())
	errFieldValue   = refused(gateway.CodeBadRequest, wire.ErrValue.Error())
	errManyFields   = refused(gateway.CodeHeadersTooLarge, "more than 100 header fields")
	errManyOptions  = refused(gateway.CodeHeadersTooLarge, "Connection has more than 100 options")
	errLargeHead    = refused(gateway.CodeHeadersTooLarge, "the header fields are larger than 16 KiB")
	errLongTarget   = refused(gateway.CodeTargetTooLong, "the request target is longer than 8 KiB")
	errHost         = refused(gateway.CodeBadRequest, "exactly one Host field with a plain host is required")
	errLength       = refused(gateway.CodeBadRequest, "Content-Length is not one plain number")
	errCoding       = refused(gateway.CodeBadRequest, "the only Transfer-Encoding taken is chunked, once, with HTTP/1.1")
	errLengthCoding = refused(gateway.CodeBadRequest, "Content-Length and Transfer-Encoding exclude each other")
	errType         = refused(gateway.CodeBadRequest, "there are two Content-Type fields: send one")
	errTrailer      = refused(gateway.CodeBadRequest, "trailers are not taken")
	errExpect       = refused(gateway.CodeExpectationFailed, "the only expectation met is 100-continue")
	errBlankHead    = refused(gateway.CodeBadRequest, "the request is empty")
	errNotHTTP      = refused(gateway.CodeBadRequest, "this is not HTTP/1.1")
	errChunk        = refused(gateway.CodeBadRequest, wire.ErrChunk.Error())
)

// checkHead is the strict pass over a whole head, its blank line included. One
// CRLF before the request line is forgiven (RFC 9112 2.2).
func checkHead(b []byte) (h head, fault *gateway.Error) {
	b = bytes.TrimPrefix(b, crlf)
	line, rest, ok := wire.CutLine(b)
	if !ok {
		return h, errLoneLF
	}
	if fault = h.requestLine(line); fault != nil {
		return h, fault
	}
	if len(rest) > maxFieldBytes+len(crlf) {
		return h, errLargeHead
	}
	for {
		if line, rest, ok = wire.CutLine(rest); !ok {
			return h, errLoneLF
		}
		if len(line) == 0 {
			return h, h.whole()
		}
		if fault = h.field(line); fault != nil {
			return h, fault
		}
	}
}

var crlf = []byte("\r\n")

func (h *head) requestLine(line []byte) (fault *gateway.Error) {
	if len(line) == 0 {
		return errBlankHead
	}
	method, target, version, ok := wire.CutRequestLine(line)
	if !ok {
		return errStartLine
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.http10 = true
	default:
		if wire.IsVersion(version) {
			return errVersion
		}
		return errStartLine
	}
	if len(target) > maxTarget {
		return errLongTarget
	}
	switch string(method) { // case-sensitive, as RFC 9110 9.1 says
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		return errMethod
	}
	h.method = method
	if h.path, fault = checkTarget(target); fault == errSeparator || fault == errDotSegment && endsInDots(h.path) {
		h.separates, fault = fault, nil
	}
	return fault
}

func (h *head) field(line []byte) *gateway.Error {
	if h.fields++; h.fields > maxFields {
		return errManyFields
	}
	name, value, err := wire.ParseField(line)
	if err != nil {
		return fieldFaults[err]
	}
	return h.special(name, value)
}

// fieldFaults are the faults of a line as the client is told.
var fieldFaults = map[error]*gateway.Error{
	wire.ErrFold: errFold, wire.ErrNoColon: errNoColon, wire.ErrName: errFieldName, wire.ErrValue: errFieldValue,
}

// special judges the fields by which a request is framed and routed.
func (h *head) special(name, value []byte) *gateway.Error {
	switch len(name) {
	case len("host"):
		if wire.Is(name, "host") {
			if h.host != nil || !isHost(value) {
				return errHost
			}
			h.host = value
		}
	case len("connection"):
		if wire.Is(name, "connection") {
			return h.connection(value)
		}
	case len("content-type"):
		if wire.Is(name, "content-type") {
			if h.hasType { // who acts on the one, and who on the other, would read two bodies
				return errType
			}
			h.hasType = true
		} else if wire.Is(name, "x-request-id") {
			if h.requestID = value; h.identified || !isRequestID(value) {
				h.requestID = nil
			}
			h.identified = true
		}
	case len("authorization"):
		if wire.Is(name, "authorization") {
			h.authorization = value
			if h.authorized { // of two, the one that was checked need not be the one that counts
				h.authorization = nil
			}
			h.authorized = true
		}
	default:
		return h.framing(name, value)
	}
	return nil
}

// framing judges the fields that say whether a body comes, and where it ends.
func (h *head) framing(name, value []byte) *gateway.Error {
	switch len(name) {
	case len("expect"):
		if wire.Is(name, "expect") {
			return h.expect(value)
		}
	case len("content-length"):
		if wire.Is(name, "content-length") {
			return h.contentLength(value)
		}
	case len("transfer-encoding"):
		if wire.Is(name, "transfer-encoding") {
			if h.hasCoding || h.http10 || !wire.Is(value, "chunked") {
				return errCoding
			}
			h.hasCoding, h.length = true, chunked
		}
	}
	return nil
}

// expect takes the one expectation there is, in any case (RFC 9110 10.1.1). A field
// Trailer alone is not looked at: proxies in front pass it on and drop what it names.
func (h *head) expect(value []byte) *gateway.Error {
	if !wire.Is(value, "100-continue") {
		return errExpect
	}
	h.expects = string(value) != "100-continue"
	return nil
}

// contentLength takes one, and keeps it where no coding says that there are chunks.
func (h *head) contentLength(value []byte) *gateway.Error {
	n, ok := wire.Length(value)
	if h.hasLength || !ok {
		return errLength
	}
	h.hasLength = true
	if !h.hasCoding {
		h.length = n
	}
	return nil
}

// whole judges what no single line shows.
func (h *head) whole() *gateway.Error {
	if h.host == nil {
		return errHost
	}
	if h.hasLength && h.hasCoding {
		return errLengthCoding
	}
	return nil
}

// connection reads the options of a Connection field. There are no more of them than there
// may be fields, which most of them name: whoever passes a request on compares each with each.
func (h *head) connection(value []byte) *gateway.Error {
	for len(value) > 0 {
		var option []byte
		if option, value = wire.CutItem(value); wire.Is(option, "close") {
			h.closes = true
		}
		if h.options++; h.options > maxFields {
			return errManyOptions
		}
	}
	return nil
}
