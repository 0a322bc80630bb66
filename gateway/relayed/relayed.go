// Package relayed is the form in which the store has a relayed request: what came from
// outside, to be sealed and opened as one. Who takes requests in writes it, who sends
// them reads it.
package relayed

import (
	"encoding/binary"
	"errors"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/transport"
)

// HeaderAttempt numbers the attempts of a delivery: it is ours alone to say.
const HeaderAttempt = "Hookgate-Attempt"

// What is sealed of a relayed request: a version byte, the target, then name and
// value of each header field, each text with its length before it.
const requestVersion = 1

// Append writes a request. It leaves out what belongs to a connection, and the field
// that only we may say.
func Append(dst []byte, r *gateway.RelayedRequest) []byte {
	dst = AppendText(append(dst, requestVersion), r.Target)
	for _, field := range r.Header {
		if transport.CheckHeader(field.Name, field.Value) != nil || SameField(field.Name, HeaderAttempt) {
			continue
		}
		dst = AppendText(AppendText(dst, field.Name), field.Value)
	}
	return dst
}

// ErrForm says that something else was sealed.
var ErrForm = errors.New("not the request of a relay")

// Read reads what Append wrote; its error is ErrForm for what Append did not.
func Read(plain []byte) (target string, header [][2]string, err error) {
	if len(plain) == 0 || plain[0] != requestVersion {
		return "", nil, ErrForm
	}
	whole, at := string(plain), 1 // the texts are parts of one copy
	text := func() (s string) {
		n, size := binary.Uvarint(plain[at:])
		if size <= 0 || n > uint64(len(plain)-at-size) {
			at, err = len(plain), ErrForm
			return ""
		}
		at += size
		s = whole[at:][:n]
		at += int(n)
		return s
	}
	target = text()
	header = make([][2]string, 0, 24)
	for at < len(plain) {
		header = append(header, [2]string{text(), text()})
	}
	return target, header, err
}

// AppendPlace names the place of a sealed request: it opens for its own event alone.
func AppendPlace(dst []byte, tenant, event string) []byte {
	return AppendText(AppendText(dst, tenant), event)
}

// AppendText appends a text with its length before it.
func AppendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// SameField says whether two names are of one field. To servers that hand fields on
// in variables (CGI, WSGI) X_Forwarded_For is X-Forwarded-For.
func SameField(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	return strings.EqualFold(a, b) || (strings.ContainsRune(a, '_') || strings.ContainsRune(b, '_')) &&
		strings.EqualFold(strings.ReplaceAll(a, "_", "-"), strings.ReplaceAll(b, "_", "-"))
}
