package edge

import (
	"io"

	"github.com/valyala/fasthttp"
)

// Send makes body the answer to ctx. sent is called, once, when its memory is free:
// all of it was written, or never will be, for the client has left or took more than
// the server's write timeout. It may be called before Send's caller goes on.
func Send(ctx *fasthttp.RequestCtx, body []byte, sent func()) {
	ctx.Response.SetBodyStream(&sending{body, sent}, len(body))
}

// sending is a body that fasthttp writes in one piece, and says when it has done so:
// of one that is set with SetBodyRaw nobody hears again.
type sending struct {
	rest []byte
	sent func()
}

// SupportsBodyWriteTo lets fasthttp call WriteTo, which needs no buffer.
func (s *sending) SupportsBodyWriteTo() bool { return true }

// WriteTo writes all that is left.
func (s *sending) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(s.rest)
	s.rest = s.rest[n:]
	return int64(n), err
}

// Read is for whoever takes the body in place of the network.
func (s *sending) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Close is called by fasthttp after it has written the answer, failed to, or dropped
// it.
func (s *sending) Close() error {
	s.rest = nil
	if s.sent != nil {
		s.sent()
		s.sent = nil
	}
	return nil
}
