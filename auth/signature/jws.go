package signature

import (
	"bytes"
	"encoding/base64"
	"io"
	"sync"
)

// openToken is a signed token in its compact form (RFC 7515, section 7.1), taken apart.
// It is good until it is closed: its memory is used again.
type openToken struct {
	header, claims object
	alg, kid       []byte
	signed         []byte // header and payload as they stand, with the full stop between
	signature      []byte // its text
	payload        []byte // what is signed, decoded
	room           []byte // what header and payload are decoded into
	text           []byte // where what a claim must be is written
	sum            []byte // where a signature is decoded into
	// detached is what is signed where the token leaves its payload out (RFC 7515,
	// appendix F).
	detached [][]byte
}

// mostToken bounds the work that an unverified token can make, in bytes. The tokens
// of the providers have 300 to 1500; with a chain of certificates in its header, which
// nobody here reads, one may have more.
const mostToken = 12 << 10

var openTokens = sync.Pool{New: func() any { return new(openToken) }}

// openJWS takes a token apart, and checks what holds for every token: of its three
// parts each is the one text that stands for its bytes, the header is one JSON object
// that has no name twice, names its algorithm, and asks for no extension (crit), for
// none is known here.
func openJWS(text []byte) (*openToken, bool) {
	t := openTokens.Get().(*openToken)
	if !t.open(text) {
		t.close()
		return nil, false
	}
	return t, true
}

func (t *openToken) close() {
	t.signed, t.signature, t.alg, t.kid, t.payload, t.detached = nil, nil, nil, nil, nil, nil
	openTokens.Put(t)
}

func (t *openToken) open(text []byte) (ok bool) {
	first, last := bytes.IndexByte(text, '.'), bytes.LastIndexByte(text, '.')
	if len(text) > mostToken || first < 0 || last == first || bytes.IndexByte(text[first+1:last], '.') >= 0 {
		return false
	}
	t.signed, t.signature, t.kid = text[:last], text[last+1:], nil
	if t.room, ok = decodePart(t.room[:0], text[:first]); !ok {
		return false
	}
	end := len(t.room)
	if t.room, ok = decodePart(t.room, text[first+1:last]); !ok {
		return false
	}
	t.payload = t.room[end:]
	if t.header, ok = readObject(t.header[:0], t.room[:end]); !ok {
		return false
	}
	return t.names()
}

// names reads what the header says of the signature.
func (t *openToken) names() (ok bool) {
	if t.alg, ok = t.header.text("alg"); !ok || t.header.value("crit") != nil {
		return false
	}
	if t.header.value("kid") != nil {
		t.kid, ok = t.header.text("kid")
	}
	return ok
}

// readClaims reads the payload as one JSON object that has no name twice.
func (t *openToken) readClaims() (ok bool) {
	t.claims, ok = readObject(t.claims[:0], t.payload)
	return ok
}

// bytesOfSignature decodes the signature.
func (t *openToken) bytesOfSignature() (sig []byte, ok bool) {
	t.sum, ok = decodePart(t.sum[:0], t.signature)
	return t.sum, ok
}

// write writes what is signed.
func (t *openToken) write(to io.Writer) {
	_, _ = to.Write(t.signed) // a hash never fails
	if t.detached == nil {
		return
	}
	text := base64.NewEncoder(base64.RawURLEncoding, to)
	for _, part := range t.detached {
		_, _ = text.Write(part)
	}
	_ = text.Close()
}

// decodePart appends what a part of a token stands for. Decoding passes over line
// ends, so the lengths are compared.
func decodePart(to, text []byte) ([]byte, bool) {
	before := len(to)
	to, err := base64.RawURLEncoding.Strict().AppendDecode(to, text)
	return to, err == nil && base64.RawURLEncoding.EncodedLen(len(to)-before) == len(text)
}
