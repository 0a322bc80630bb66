package edge

import (
	"bytes"

	"hookgate/gateway"
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
	hasLength          bool
	hasCoding          bool
	hasType            bool
	fields             int
	authorization      []byte // nil where there is none, or several
	authorized         bool   // there is one
}

var (
	errStartLine     = refused(gateway.CodeBadRequest, "the request line is malformed")
	errLoneLF        = refused(gateway.CodeBadRequest, "a line ends in LF without CR")
	errVersion       = refused(gateway.CodeVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
	errMethod        = refused(gateway.CodeNotImplemented, "the method is not known here")
	errFold          = refused(gateway.CodeBadRequest, "a header field is folded")
	errNoColon       = refused(gateway.CodeBadRequest, "a header field has no colon")
	errFieldName     = refused(gateway.CodeBadRequest, "a header field's name is malformed")
	errFieldValue    = refused(gateway.CodeBadRequest, "a header field's value has a control byte")
	errManyFields    = refused(gateway.CodeHeadersTooLarge, "more than 100 header fields")
	errLargeHead     = refused(gateway.CodeHeadersTooLarge, "the header fields are larger than 16 KiB")
	errHost          = refused(gateway.CodeBadRequest, "exactly one Host field with a plain host is required")
	errLength        = refused(gateway.CodeBadRequest, "Content-Length is not one plain number")
	errCoding        = refused(gateway.CodeBadRequest, "the only Transfer-Encoding taken is chunked, once, with HTTP/1.1")
	errLengthCoding  = refused(gateway.CodeBadRequest, "Content-Length and Transfer-Encoding exclude each other")
	errType          = refused(gateway.CodeBadRequest, "there are two Content-Type fields: send one")
	errTrailer       = refused(gateway.CodeBadRequest, "trailers are not taken")
	errExpect        = refused(gateway.CodeExpectationFailed, "the only expectation met is 100-continue")
	errBlankHead     = refused(gateway.CodeBadRequest, "the request is empty")
	errNotHTTP       = refused(gateway.CodeBadRequest, "this is not HTTP/1.1")
	errChunk         = refused(gateway.CodeBadRequest, "the chunked body is malformed")
	errChunkTrailers = refused(gateway.CodeBadRequest, "trailers are not taken")
)

// checkHead is the strict pass over a whole head, its blank line included. One
// CRLF before the request line is forgiven (RFC 9112 2.2).
func checkHead(b []byte) (h head, fault *gateway.Error) {
	b = bytes.TrimPrefix(b, crlf)
	line, rest, fault := nextLine(b)
	if fault != nil {
		return h, fault
	}
	if fault = h.requestLine(line); fault != nil {
		return h, fault
	}
	for {
		line, rest, fault = nextLine(rest)
		if fault != nil {
			return h, fault
		}
		if len(line) == 0 {
			return h, h.whole()
		}
		if fault = h.field(line); fault != nil {
			return h, fault
		}
	}
}

var (
	crlf    = []byte("\r\n")
	headEnd = []byte("\r\n\r\n")
)

// nextLine cuts the line before the next CRLF. A lone CR stays in the line, where
// no byte class has it.
func nextLine(b []byte) (line, rest []byte, fault *gateway.Error) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, errLoneLF
	}
	return b[:i-1], b[i+1:], nil
}

func (h *head) requestLine(line []byte) (fault *gateway.Error) {
	if len(line) == 0 {
		return errBlankHead
	}
	method, rest, _ := bytes.Cut(line, space)
	target, version, found := bytes.Cut(rest, space)
	if !found || len(method) == 0 || !all(method, inToken) {
		return errStartLine
	}
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		h.http10 = true
	default:
		if isVersion(version) {
			return errVersion
		}
		return errStartLine
	}
	switch string(method) { // case-sensitive, as RFC 9110 9.1 says
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		return errMethod
	}
	h.method = method
	h.path, fault = checkTarget(target)
	return fault
}

var space = []byte(" ")

func isVersion(b []byte) bool {
	return len(b) == 8 && string(b[:5]) == "HTTP/" && b[6] == '.' &&
		classes[b[5]]&inDigit != 0 && classes[b[7]]&inDigit != 0
}

func (h *head) field(line []byte) *gateway.Error {
	if h.fields++; h.fields > maxFields {
		return errManyFields
	}
	if line[0] == ' ' || line[0] == '\t' {
		return errFold
	}
	name, value, found := cutField(line)
	if !found {
		return errNoColon
	}
	if len(name) == 0 || !all(name, inToken) {
		return errFieldName
	}
	if !all(value, inValue) {
		return errFieldValue
	}
	return h.special(name, trimSpace(value))
}

// cutField cuts a field's line into its name and what follows the colon.
func cutField(line []byte) (name, value []byte, found bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, false
	}
	return line[:colon], line[colon+1:], true
}

// special judges the fields by which a request is framed and routed.
func (h *head) special(name, value []byte) *gateway.Error {
	switch len(name) {
	case len("host"):
		if isName(name, "host") {
			if h.host != nil || !isHost(value) {
				return errHost
			}
			h.host = value
		}
	case len("expect"):
		if isName(name, "expect") && string(value) != "100-continue" {
			return errExpect
		}
	case len("trailer"):
		if isName(name, "trailer") {
			return errTrailer
		}
	case len("connection"):
		if isName(name, "connection") {
			h.closes = h.closes || hasClose(value)
		}
	case len("content-type"):
		if isName(name, "content-type") {
			if h.hasType { // who acts on the one, and who on the other, would read two bodies
				return errType
			}
			h.hasType = true
		}
	case len("authorization"):
		if isName(name, "authorization") {
			h.authorization = value
			if h.authorized { // of two, the one that was checked need not be the one that counts
				h.authorization = nil
			}
			h.authorized = true
		}
	case len("content-length"):
		if isName(name, "content-length") {
			return h.contentLength(value)
		}
	case len("transfer-encoding"):
		if isName(name, "transfer-encoding") {
			if h.hasCoding || h.http10 || string(value) != "chunked" {
				return errCoding
			}
			h.hasCoding, h.length = true, chunked
		}
	}
	return nil
}

// contentLength takes digits alone, and so few that they cannot overflow.
func (h *head) contentLength(value []byte) *gateway.Error {
	if h.hasLength || len(value) == 0 || len(value) > 18 || !all(value, inDigit) {
		return errLength
	}
	var n int64
	for _, c := range value {
		n = n*10 + int64(c-'0')
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

// hasClose reports whether close is among the options of a Connection field.
func hasClose(value []byte) bool {
	for len(value) > 0 {
		var option []byte
		option, value, _ = bytes.Cut(value, comma)
		if isName(trimSpace(option), "close") {
			return true
		}
	}
	return false
}

var comma = []byte(",")
