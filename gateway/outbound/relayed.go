package outbound

import (
	"encoding/binary"
	"errors"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/transport"
)

// Sealer keeps unreadable in the store what the requests of relays carry; a
// *seal.Sealer is one. aad names the place of what is sealed.
type Sealer interface {
	AppendSealed(dst, plaintext, aad []byte) []byte
	AppendOpened(dst, sealed, aad []byte) ([]byte, error)
}

// What is sealed of a relayed request: a version byte, the target, then name and
// value of each header field, each text with its length before it.
const requestVersion = 1

// appendRequest leaves out what belongs to a connection, and the field that only we
// may say.
func appendRequest(dst []byte, r *gateway.RelayedRequest) []byte {
	dst = appendText(append(dst, requestVersion), r.Target)
	for _, field := range r.Header {
		if transport.CheckHeader(field.Name, field.Value) != nil || sameField(field.Name, headerAttempt) {
			continue
		}
		dst = appendText(appendText(dst, field.Name), field.Value)
	}
	return dst
}

var errRequest = errors.New("not the request of a relay")

// readRequest reads what appendRequest wrote.
func readRequest(plain []byte) (target string, header [][2]string, err error) {
	if len(plain) == 0 || plain[0] != requestVersion {
		return "", nil, errRequest
	}
	whole, at := string(plain), 1 // the texts are parts of one copy
	text := func() (s string) {
		n, size := binary.Uvarint(plain[at:])
		if size <= 0 || n > uint64(len(plain)-at-size) {
			at, err = len(plain), errRequest
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

// appendPlace names the place of a sealed request: it opens for its own event alone.
func appendPlace(dst []byte, tenant, event string) []byte {
	return appendText(appendText(dst, tenant), event)
}

// sameField says whether two names are of one field. To servers that hand fields on
// in variables (CGI, WSGI) X_Forwarded_For is X-Forwarded-For.
func sameField(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	return strings.EqualFold(a, b) || (strings.ContainsRune(a, '_') || strings.ContainsRune(b, '_')) &&
		strings.EqualFold(strings.ReplaceAll(a, "_", "-"), strings.ReplaceAll(b, "_", "-"))
}
