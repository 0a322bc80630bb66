package proxy

import (
	"bytes"
	"errors"
)

// answerHead is the head of an answer. Its slices lie in the bytes that were read.
type answerHead struct {
	status  int
	line    []byte // status and reason, as they came
	fields  []byte // the lines of the fields
	named   [][]byte
	length  int64  // of the body; chunked, or untilClose
	keeps   bool   // the connection outlives the answer
	dated   bool   // it has a Date
	upgrade []byte // the protocol that it switches to
}

// What the length of a body may be instead.
const (
	chunked    = -1
	untilClose = -2
)

var (
	errStatusLine = errors.New("the answer's status line is malformed")
	errField      = errors.New("a field of the answer is malformed")
	errFraming    = errors.New("the answer's framing can be read in two ways")
)

// parse reads a whole head, its blank line included. It refuses what two parsers
// could read in two ways: between the upstream's reading and the client's would be
// room for an answer that nobody asked for.
func (h *answerHead) parse(b []byte) error {
	*h = answerHead{named: h.named[:0], length: untilClose}
	end := bytes.IndexByte(b, '\n')
	if end < 1 || b[end-1] != '\r' {
		return errStatusLine
	}
	http10, ok := h.statusLine(b[:end-1])
	if !ok {
		return errStatusLine
	}
	h.keeps = !http10
	h.fields = b[end+1 : len(b)-2]
	for rest := h.fields; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 1 || rest[end-1] != '\r' {
			return errField
		}
		if err := h.field(rest[:end-1], http10); err != nil {
			return err
		}
		rest = rest[end+1:]
	}
	return nil
}

// statusLine reads a line such as HTTP/1.1 200 OK; the reason may be missing.
func (h *answerHead) statusLine(line []byte) (http10, ok bool) {
	if len(line) < len("HTTP/1.1 200") || string(line[:7]) != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' {
		return false, false
	}
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return false, false
		}
		h.status = h.status*10 + int(c-'0')
	}
	h.line = line[9:]
	ok = h.status >= 100 && h.status <= 599 && (len(line) == 12 || line[12] == ' ') && isValue(h.line)
	return line[7] == '0', ok
}

func (h *answerHead) field(line []byte, http10 bool) error {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || !isToken(line[:colon]) || !isValue(line[colon+1:]) {
		return errField
	}
	name, value := line[:colon], trim(line[colon+1:])
	switch len(name) {
	case len("date"):
		h.dated = h.dated || is(name, "date")
	case len("upgrade"):
		if is(name, "upgrade") {
			h.upgrade = value
		}
	case len("connection"):
		if is(name, "connection") {
			h.connection(value)
		}
	case len("content-length"):
		if is(name, "content-length") {
			return h.contentLength(value)
		}
	case len("transfer-encoding"):
		if is(name, "transfer-encoding") {
			if h.length != untilClose || http10 || !is(value, "chunked") {
				return errFraming
			}
			h.length = chunked
		}
	}
	return nil
}

func (h *answerHead) connection(value []byte) {
	eachToken(value, func(option []byte) {
		switch {
		case is(option, "close"):
			h.keeps = false
		case !is(option, "keep-alive") && !is(option, "upgrade"):
			h.named = append(h.named, option)
		}
	})
}

// contentLength takes digits alone; a second field must say the same.
func (h *answerHead) contentLength(value []byte) error {
	n := int64(0)
	if len(value) == 0 || len(value) > 18 {
		return errFraming
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return errFraming
		}
		n = n*10 + int64(c-'0')
	}
	if h.length != untilClose && h.length != n {
		return errFraming
	}
	h.length = n
	return nil
}

// bodiless says whether an answer with this status has no body, whatever its
// fields say (RFC 9110 6.4.1).
func bodiless(status int) bool { return status < 200 || status == 204 || status == 304 }

// The bytes of names and values.
const (
	inToken = 1 << iota
	inValue
)

var classes = func() (t [256]byte) {
	for c := range t {
		if c == '\t' || c >= 0x20 && c != 0x7f {
			t[c] |= inValue
		}
	}
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") {
		t[c] |= inToken
	}
	return t
}()

func isToken(b []byte) bool { return all(b, inToken) }
func isValue(b []byte) bool { return all(b, inValue) }

func all(b []byte, class byte) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}
