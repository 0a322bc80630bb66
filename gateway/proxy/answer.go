package proxy

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

// answer passes the answer on, whose head was read, and keeps the connection where
// both sides are done with it.
func (x *exchange) answer(c *conn) error {
	if x.head.status == fasthttp.StatusSwitchingProtocols {
		return x.upgrade()
	}
	if x.upload != nil && !x.upload.whole.Load() {
		x.closes = true // it is told before the rest of the body is given up
	}
	err := x.pass(c)
	sent := x.stopUpload()
	x.release(err == nil && sent && x.head.keeps && x.in.empty())
	if err != nil && !isClients(err) {
		x.upstream.failed(err)
	}
	return err
}

// pass sends head and body to the client, framed anew.
func (x *exchange) pass(c *conn) error {
	x.conn.TakeAnswer()
	http11 := x.ctx.Request.Header.IsHTTP11()
	none := bodiless(x.head.status) || x.ctx.IsHead()
	framed := x.head.length < 0 && http11 && !none // in chunks of ours
	x.out = x.appendAnswer(x.out[:0], framed)
	x.status, x.begun = x.head.status, true
	switch {
	case none:
		return x.send(x.out)
	case x.head.length >= 0:
		return x.passLength(c)
	}
	err := x.passStream(c, framed)
	if err != nil && !framed {
		x.conn.Reset() // nothing else tells this client that there was more
	}
	return err
}

// isClients says whether a failure is the client's.
func isClients(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known)
}

// release ends the use of the connection to the upstream.
func (x *exchange) release(keep bool) {
	c := x.link
	if x.link = nil; c == nil {
		return
	}
	if keep {
		x.upstream.conns.give(c)
		return
	}
	_ = c.Close()
}

// appendAnswer writes the answer's head as the client gets it.
func (x *exchange) appendAnswer(dst []byte, framed bool) []byte {
	h := &x.head
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, h.line...)
	dst = append(dst, '\r', '\n')
	dst = h.appendFields(dst)
	if !h.dated && h.status >= 200 { // RFC 9110 6.6.1
		dst = append(dst, "Date: "...)
		dst = fasthttp.AppendHTTPDate(dst, time.Now())
		dst = append(dst, '\r', '\n')
	}
	switch {
	case framed:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case h.length >= 0 && h.status >= 200 && h.status != fasthttp.StatusNoContent:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, h.length, 10)
		dst = append(dst, '\r', '\n')
	}
	if h.length == untilClose && !framed && !bodiless(h.status) && !x.ctx.IsHead() {
		x.closes = true
	}
	if x.closes && h.status >= 200 {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, '\r', '\n')
}

// appendFields copies what is not of the upstream's connection.
func (h *answerHead) appendFields(dst []byte) []byte {
	from := 0
	eachLine(h.fields, func(start, end int, name, _ []byte) {
		drops := connectionInitials[folded[name[0]]] && isConnectionField(name)
		for _, named := range h.named {
			drops = drops || len(named) == len(name) && equalNames(named, name)
		}
		if drops {
			dst = append(dst, h.fields[from:start]...)
			from = end
		}
	})
	return append(dst, h.fields[from:]...)
}

func equalNames(a, b []byte) bool {
	for i := range a {
		if folded[a[i]] != folded[b[i]] {
			return false
		}
	}
	return true
}

// passInterim passes an interim answer on. 100 is not: who asked for it has it.
func (x *exchange) passInterim() error {
	if x.head.status == fasthttp.StatusContinue || !x.ctx.Request.Header.IsHTTP11() {
		return nil
	}
	interim := x.appendAnswer(nil, false) // rare, and the request is still in x.out
	return x.send(interim)
}

// passLength sends head and body of a known length.
func (x *exchange) passLength(c *conn) error {
	left := x.head.length
	for first := true; ; first = false {
		data := x.in.pending()
		if int64(len(data)) > left {
			data = data[:left]
		}
		x.in.r += len(data)
		left -= int64(len(data))
		if first {
			x.out = append(x.out, data...)
			data = x.out
		}
		if err := x.send(data); err != nil || left == 0 {
			return err
		}
		if left > maxAnswerHead {
			x.in.widen()
		} else {
			x.in.rewind()
		}
		if err := x.fill(c, false); err != nil {
			return cut(err)
		}
	}
}

// passStream sends a body whose length nobody said, each part as it comes. framed
// says that it goes in chunks of ours, and not until the connection closes.
func (x *exchange) passStream(c *conn, framed bool) error {
	var chunks chunks
	for first := true; ; first = false {
		n, over, err := x.unframe(&chunks)
		if err != nil {
			return err
		}
		out := x.in.pending()[:n]
		switch {
		case first && framed: // the head goes with the first part
			x.out = appendChunk(x.out, out)
			out = x.out
		case first:
			x.out = append(x.out, out...)
			out = x.out
		case framed && n > 0:
			out = x.in.frame(n)
		}
		if over && framed {
			out = append(out, lastChunk...)
		}
		if len(out) > 0 {
			if err := x.send(out); err != nil {
				return err
			}
		}
		if x.in.full() {
			x.in.widen()
		}
		x.in.rewind()
		if over {
			return nil
		}
		switch err := x.fill(c, false); {
		case err == nil:
		case x.head.length == untilClose && errors.Is(err, io.EOF):
			if !framed {
				return nil
			}
			return x.send([]byte(lastChunk))
		default:
			return cut(err)
		}
	}
}

// unframe brings the data of what is pending to its front, and says whether the
// body ends there.
func (x *exchange) unframe(c *chunks) (n int, over bool, err error) {
	pending := x.in.pending()
	if x.head.length == untilClose {
		x.head.keeps = false
		return len(pending), false, nil
	}
	n, used, err := c.unframe(pending)
	if over = c.state == chunkEnd; used < len(pending) {
		x.head.keeps = false // what came behind the answer is none of ours
	}
	return n, over, err
}

// cut is why an answer ended before its end.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// send writes to the client.
func (x *exchange) send(b []byte) error {
	if err := x.conn.Send(b, x.route.IdleTimeout); err != nil {
		return errLeft
	}
	return nil
}
