package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"hookgate/gateway"
)

// relayed appends a relayed request, with its body or without.
func (t *text) relayed(e *gateway.Event, body bool) {
	encoding := encodingOf(e.Body)
	if body {
		t.raw(`,"body":`)
		t.relayedBody(e.Body, encoding)
	}
	t.relay(e.Relay, encoding)
}

// relay appends what an event shows of a relayed request, if it is one. Its query and
// header fields may hold credentials: nobody is shown them. So may its path: it goes
// with the body.
func (t *text) relay(r *gateway.Relayed, encoding string) {
	if r == nil {
		return
	}
	path := r.Path
	if encoding == encodingHidden {
		path = ""
	}
	t.append(128+6*(len(r.Route)+len(r.Method)+len(path)), func(dst []byte) []byte {
		dst = gateway.AppendString(append(dst, `,"relay":{"route":`...), r.Route)
		dst = gateway.AppendMember(dst, "method", r.Method)
		dst = gateway.AppendMember(dst, "path", path)
		return append(gateway.AppendMember(dst, "body_encoding", encoding), '}')
	})
}

// The encodings in which a relayed body is shown. It is any bytes: JSON as it came,
// other text as a string, all else in base64.
const (
	encodingNone   = "none"
	encodingJSON   = "json"
	encodingText   = "text"
	encodingBase64 = "base64"
	encodingHidden = "hidden" // the caller is not shown it
)

// encodingOf chooses the encoding. Text with control characters would grow to six
// times its length: it is none here.
func encodingOf(body gateway.Raw) string {
	switch text := utf8.Valid(body); {
	case len(body) == 0:
		return encodingNone
	case text && json.Valid(body):
		return encodingJSON
	case text && !bytes.ContainsFunc(body, isOddControl):
		return encodingText
	}
	return encodingBase64
}

func (t *text) relayedBody(body gateway.Raw, encoding string) {
	switch encoding {
	case encodingNone:
		t.raw("null")
	case encodingJSON:
		t.append(len(body), func(dst []byte) []byte { return append(dst, body...) })
	case encodingText:
		t.string(body)
	default:
		t.append(base64.StdEncoding.EncodedLen(len(body))+2, func(dst []byte) []byte {
			return append(base64.StdEncoding.AppendEncode(append(dst, '"'), body), '"')
		})
	}
}

func isOddControl(c rune) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' }
