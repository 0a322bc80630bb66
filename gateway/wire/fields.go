package wire

import (
	"bytes"
	"errors"
)

// What may be out of place in a field's line.
var (
	ErrFold    = errors.New("a header field is folded")
	ErrNoColon = errors.New("a header field has no colon")
	ErrName    = errors.New("a header field's name is malformed")
	ErrValue   = errors.New("a header field's value has a control byte")
)

// ParseField takes a field's line apart and judges its bytes (RFC 9112 5); the value
// comes without the white space around it.
func ParseField(line []byte) (name, value []byte, err error) {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return nil, nil, ErrFold
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, ErrNoColon
	}
	name, value = line[:colon], line[colon+1:]
	if len(name) == 0 || !All(name, Token) {
		return nil, nil, ErrName
	}
	if !All(value, Value) {
		return nil, nil, ErrValue
	}
	return name, Trim(value), nil
}

// Trim drops the optional white space around a field value.
func Trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// CutItem cuts the first item off the value of a list field (RFC 9110 5.6.1); it is
// empty where there is nothing before the comma.
func CutItem(list []byte) (item, rest []byte) {
	item, rest, _ = bytes.Cut(list, comma)
	return Trim(item), rest
}

var comma = []byte(",")

// ConnectionFields speak of one connection, or of one message's form, and never of
// what its sender has to say (RFC 9110 7.6.1); in lower case.
var ConnectionFields = [...]string{
	"host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection",
	"proxy-authenticate", "proxy-authorization", "te", "trailer", "upgrade", "expect",
}

// AppendField appends a field's line.
func AppendField[T Text](dst []byte, name string, value T) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), '\r', '\n')
}
