package edge

import (
	"encoding/hex"
	"math/rand/v2"

	"github.com/valyala/fasthttp"
)

// HeaderRequestID is the field that bears the id of a request, in requests and in every
// answer (SPEC-operations O4).
const HeaderRequestID = "X-Request-Id"

// mostRequestID bounds an id that is taken, in bytes (SPEC-operations O10).
const mostRequestID = 128

// madeRequestID is the length of an id that is made: 128 random bits in hexadecimal. That
// costs no clock, no lock and no memory, for every request has one.
const madeRequestID = 32

// requestID is the id of a connection's request. Its memory is used again for the next.
type requestID struct {
	text []byte              // in one of those
	own  [madeRequestID]byte // of one that was made
	long []byte              // of one that was taken, where that is longer
}

// take takes an id from the head, which is not kept; a new one is made in place of nil.
func (r *requestID) take(id []byte) {
	if id == nil {
		r.make()
		return
	}
	if len(id) <= len(r.own) {
		r.text = append(r.own[:0], id...)
		return
	}
	r.long = append(r.long[:0], id...)
	r.text = r.long
}

// make makes an id. It need not be hard to guess, only rare: nobody relies on it.
func (r *requestID) make() {
	var random [madeRequestID / 2]byte
	for i := 0; i < len(random); i += 8 {
		n := rand.Uint64() //nolint:gosec // see above
		for j := range 8 {
			random[i+j] = byte(n >> (8 * j))
		}
	}
	hex.Encode(r.own[:], random[:])
	r.text = r.own[:]
}

func (r *requestID) forget() { r.text = r.text[:0] }

// isRequestID says whether an id can be taken: [A-Za-z0-9._-]{1,128}, which needs no escape
// wherever it is written.
func isRequestID(id []byte) bool {
	if len(id) == 0 || len(id) > mostRequestID {
		return false
	}
	for _, c := range id {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// RequestID gives the id of a request, valid until its handler ends: the one that its
// caller gave it, where that is believed, and else one that was made for it. nil: it
// comes from no Listener.
func RequestID(ctx *fasthttp.RequestCtx) []byte {
	switch c := ctx.Conn().(type) {
	case *Conn:
		return c.RequestID()
	case *Remote:
		return c.ID
	}
	return nil
}

// RequestID is that of the request under way. It is made here where the head was not
// judged: it is at fault.
func (c *Conn) RequestID() []byte {
	if len(c.request.id.text) == 0 {
		c.request.id.make()
	}
	return c.request.id.text
}

var requestIDKey = []byte(HeaderRequestID)

// identify puts the id of a request into its answer.
func identify(ctx *fasthttp.RequestCtx) {
	if id := RequestID(ctx); id != nil {
		ctx.Response.Header.SetCanonical(requestIDKey, id)
	}
}
