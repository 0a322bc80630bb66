package proxy

import (
	"errors"
	"io"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
	"hookgate/gateway/wire"
)

// reply is the answer on its way to the client.
type reply struct {
	conn   *edge.Conn
	idle   time.Duration // how long the client has for a part, up to twice that
	http11 bool          // the client speaks it
	bare   bool          // the request is HEAD: no answer to it has a body
	closes bool          // the client's connection ends with this answer
	status int           // once it is known
	begun  bool          // something of the final answer was sent
}

// pass sends head and body to the client, framed anew.
func (r *reply) pass(l *leg) error {
	r.conn.TakeAnswer()
	h := &l.head
	none := wire.Bodiless(h.status) || r.bare
	framed := h.length < 0 && r.http11 && !none // in chunks of ours
	l.out = r.appendHead(l.out[:0], h, framed)
	r.status, r.begun = h.status, true
	switch {
	case none:
		return r.send(l.out)
	case h.length >= 0:
		return r.passLength(l)
	}
	err := r.passStream(l, framed)
	if err != nil && !framed {
		r.conn.Reset() // nothing else tells this client that there was more
	}
	return err
}

// appendHead writes the answer's head as the client gets it.
func (r *reply) appendHead(dst []byte, h *answerHead, framed bool) []byte {
	dst = h.appendStart(dst)
	if !h.dated && h.status >= 200 { // RFC 9110 6.6.1
		dst = append(dst, "Date: "...)
		dst = fasthttp.AppendHTTPDate(dst, time.Now())
		dst = append(dst, '\r', '\n')
	}
	switch {
	case framed:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case h.length >= 0 && h.status >= 200 && h.status != fasthttp.StatusNoContent:
		dst = wire.AppendLength(dst, h.length)
	}
	if h.length == untilClose && !framed && !wire.Bodiless(h.status) && !r.bare {
		r.closes = true
	}
	if id := r.conn.RequestID(); h.status >= 200 {
		dst = wire.AppendField(dst, edge.HeaderRequestID, id)
	}
	if r.closes && h.status >= 200 {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, '\r', '\n')
}

// passInterim passes an interim answer on. 100 is not: who asked for it has it.
func (r *reply) passInterim(h *answerHead) error {
	if h.status == fasthttp.StatusContinue || !r.http11 {
		return nil
	}
	return r.send(r.appendHead(nil, h, false)) // rare, and the request is still in out
}

// passLength sends head and body of a known length.
func (r *reply) passLength(l *leg) error {
	left := l.head.length
	for first := true; ; first = false {
		data := l.in.pending()
		if int64(len(data)) > left {
			data = data[:left]
		}
		l.in.r += len(data)
		left -= int64(len(data))
		if first {
			l.out = append(l.out, data...)
			data = l.out
		}
		if err := r.send(data); err != nil || left == 0 {
			return err
		}
		if left > small {
			l.in.widen()
		} else {
			l.in.rewind()
		}
		if err := l.fill(false); err != nil {
			return cut(err)
		}
	}
}

// passStream sends a body whose length nobody said, each part as it comes. framed
// says that it goes in chunks of ours, and not until the connection closes.
func (r *reply) passStream(l *leg, framed bool) error {
	chunks := wire.Chunks{Lax: true}
	for first := true; ; first = false {
		n, over, err := l.unframe(&chunks)
		if err != nil {
			return err
		}
		if out := l.part(n, first, framed, over); len(out) > 0 {
			if err := r.send(out); err != nil {
				return err
			}
		}
		if l.in.full() {
			l.in.widen()
		}
		l.in.rewind()
		if over {
			return nil
		}
		switch err := l.fill(false); {
		case err == nil:
		case l.head.length == untilClose && errors.Is(err, io.EOF):
			if !framed {
				return nil
			}
			return r.send([]byte(wire.LastChunk))
		default:
			return cut(err)
		}
	}
}

// part gives the first n pending bytes as they go to the client: behind the head
// where they are the first, as a chunk where the body is framed, which the last one
// ends.
func (l *leg) part(n int, first, framed, last bool) []byte {
	out := l.in.pending()[:n]
	switch {
	case first && framed: // the head goes with the first part
		l.out = wire.AppendChunk(l.out, out)
		out = l.out
	case first:
		l.out = append(l.out, out...)
		out = l.out
	case framed && n > 0:
		out = l.in.frame(n)
	}
	if last && framed {
		out = append(out, wire.LastChunk...)
	}
	return out
}

// cut is why an answer ended before its end.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// send writes to the client.
func (r *reply) send(b []byte) error {
	if err := r.conn.Send(b, r.idle); err != nil {
		return errLeft
	}
	return nil
}
