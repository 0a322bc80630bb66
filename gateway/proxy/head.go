package proxy

import (
	"errors"
	"net/http"

	"hookgate/gateway/wire"
)

// answerHead is the head of an answer. Its slices lie in the bytes that were read.
type answerHead struct {
	status     int
	line       []byte // status and reason, as they came
	fields     []byte // the lines of the fields
	named      [][]byte
	length     int64       // of the body; chunked, or untilClose
	keeps      bool        // the connection outlives the answer
	dated      bool        // it has a Date
	points     bool        // it has a field that points away
	relocation *relocation // of such fields; nil: they stay as they came
	upgrade    []byte      // the protocol that it switches to
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
	line, rest, _ := wire.CutLine(b)
	start, ok := wire.ParseStatusLine(line)
	if !ok {
		return errStatusLine
	}
	h.status, h.line, h.keeps = start.Status, start.Text, !start.HTTP10
	h.fields = rest[:len(rest)-len("\r\n")]
	for rest = h.fields; len(rest) > 0; {
		if line, rest, ok = wire.CutLine(rest); !ok {
			return errField
		}
		if err := h.field(line, start.HTTP10); err != nil {
			return err
		}
	}
	return nil
}

func (h *answerHead) field(line []byte, http10 bool) error {
	name, value, err := wire.ParseField(line)
	if err != nil {
		return errField
	}
	h.points = h.points || pointsAway(name)
	switch len(name) {
	case len("date"):
		h.dated = h.dated || is(name, "date")
	case len("upgrade"):
		if is(name, "upgrade") {
			h.upgrade = value
		}
	case len("connection"):
		if is(name, "connection") && !h.connection(value) {
			return errField
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

// mostNamed bounds what Connection names: each is compared with each field.
const mostNamed = 100

// connection reads the options of a Connection field; false where it names too many.
func (h *answerHead) connection(value []byte) bool {
	for len(value) > 0 {
		var option []byte
		switch option, value = wire.CutItem(value); {
		case is(option, "close"):
			h.keeps = false
		case len(option) > 0 && !is(option, "keep-alive") && !is(option, "upgrade"):
			h.named = append(h.named, option)
		}
	}
	return len(h.named) <= mostNamed
}

// contentLength takes one; a second field must say the same.
func (h *answerHead) contentLength(value []byte) error {
	n, ok := wire.Length(value)
	if !ok || h.length != untilClose && h.length != n {
		return errFraming
	}
	h.length = n
	return nil
}

// appendStart writes the status line, and the fields that are not of the upstream's
// connection.
func (h *answerHead) appendStart(dst []byte) []byte {
	dst = append(append(append(dst, "HTTP/1.1 "...), h.line...), '\r', '\n')
	from := 0
	for f := wire.EachField(h.fields); f.Next(); {
		switch {
		case h.drops(f.Name):
			dst = append(dst, h.fields[from:f.Start]...)
			from = f.End
		case h.relocation != nil && pointsAway(f.Name):
			dst = append(append(dst, h.fields[from:f.Start]...), f.Name...)
			dst = append(append(append(dst, ": "...), h.relocation.field(f.Name, wire.Trim(f.Value))...), '\r', '\n')
			from = f.End
		}
	}
	return append(dst, h.fields[from:]...)
}

// drops says whether a field is not passed on.
func (h *answerHead) drops(name []byte) bool {
	if connectionInitials[folded[name[0]]] && isConnectionField(name) {
		return true
	}
	if (h.status >= 200 || h.status == http.StatusSwitchingProtocols) && is(name, "x-request-id") { // the client is told ours, by which all else is found
		return true
	}
	for _, named := range h.named {
		if len(named) == len(name) && equalNames(named, name) {
			return true
		}
	}
	return false
}

func equalNames(a, b []byte) bool {
	for i := range a {
		if folded[a[i]] != folded[b[i]] {
			return false
		}
	}
	return true
}
