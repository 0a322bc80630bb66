package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// maxAnswerHeader bounds the header of an answer, in bytes.
const maxAnswerHeader = 16 << 10

// maxRedo bounds how often a request is moved to another connection because a
// kept one turned out to be closed. Once is the rule; more happens only when
// another request gave back a closed one in between.
const maxRedo = 3

// trip is one request on its way over a host's connections.
type trip struct {
	ctx      context.Context
	deadline time.Time
	request  *Request
	head     []byte
	host     *host
}

func (t *trip) run() (*Answer, error) {
	for redo := 0; ; redo++ {
		answer, stale, err := t.once()
		if !stale || redo == maxRedo {
			return answer, err
		}
		// The peer closed this one, so it has closed the others as well.
		t.host.CloseIdleConnections()
	}
}

// once makes the request over one connection. stale says that it was a kept
// connection which the peer had closed before it sent a byte: no attempt.
func (t *trip) once() (answer *Answer, stale bool, err error) {
	left := time.Until(t.deadline)
	if t.ctx.Err() != nil {
		return nil, false, failure(WordConnect, "connect", t.ctx.Err(), "given up")
	}
	if left <= 0 {
		return nil, false, failure(WordConnect, "connect", context.DeadlineExceeded, "")
	}
	conn, err := t.host.connection(left)
	if err != nil {
		return nil, false, failure(WordConnect, "connect", err, "it failed")
	}
	give := context.AfterFunc(t.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })

	answer, reuse, early, err := t.exchange(conn.Conn)

	if !give() {
		reuse = false // the deadline in the past may be set at any time now
	}
	if reuse {
		conn.release()
	} else {
		conn.close()
	}
	if t.ctx.Err() != nil && err != nil {
		return nil, false, &Error{Word: WordTimeout, Text: "given up", err: t.ctx.Err()}
	}
	// A 408 on a kept connection was sent before our request: some servers say
	// goodbye to an idle connection with it.
	goodbye := err == nil && answer.Status == fasthttp.StatusRequestTimeout && !reuse
	stale = conn.reused && (early && !isTimeout(err) || goodbye)
	return answer, stale, err
}

// exchange sends the request and reads the answer. reuse says that the
// connection is good for another; early, that it broke before the first byte.
func (t *trip) exchange(conn net.Conn) (answer *Answer, reuse, early bool, err error) {
	if err := conn.SetDeadline(t.deadline); err != nil {
		return nil, false, true, failure(WordProtocol, "send", err, "the connection closed")
	}
	sendErr := t.send(conn)
	if sendErr != nil && isTimeout(sendErr) {
		return nil, false, true, failure(WordProtocol, "send", sendErr, "")
	}
	// A peer that has read enough may answer and close while we still send: look
	// for its answer before calling it a failure.
	reader := t.host.AcquireReader(conn)
	defer t.host.ReleaseReader(reader)
	if _, err := reader.Peek(1); err != nil {
		return nil, false, true, failure(WordProtocol, "wait for the answer", first(sendErr, err), "the connection closed")
	}
	answer, reuse, err = t.read(reader)
	return answer, reuse && sendErr == nil, false, err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *trip) send(conn net.Conn) error {
	writer := t.host.AcquireWriter(conn)
	defer t.host.ReleaseWriter(writer)
	if _, err := writer.Write(t.head); err != nil {
		return err
	}
	if _, err := writer.Write(t.request.Body); err != nil {
		return err
	}
	return writer.Flush()
}

// read takes the answer's head, and of its body what is kept.
func (t *trip) read(reader *bufio.Reader) (*Answer, bool, error) {
	response := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(response)
	response.StreamBody = true
	response.SkipBody = t.request.Method == fasthttp.MethodHead
	if err := response.ReadLimitBody(reader, 0); err != nil {
		return nil, false, failure(WordProtocol, "read the answer", err, notHTTP(err))
	}
	answer := &Answer{
		Status:      response.StatusCode(),
		ContentType: string(response.Header.ContentType()),
		RetryAfter:  string(response.Header.Peek("Retry-After")),
	}
	if t.request.MaxHeader > 0 {
		answer.Header = kept(&response.Header, t.request.MaxHeader)
	}
	if answer.Status < 200 || answer.Status > 599 {
		return nil, false, &Error{Word: WordProtocol, Text: "read the answer: its status is none of HTTP's"}
	}
	whole := true
	if body := response.BodyStream(); body != nil {
		whole = response.Header.ContentLength() != identity
		if err := t.readBody(answer, body, response.Header.ContentLength()); err != nil {
			return nil, false, failure(WordProtocol, "read the answer", err, "its body is not well-formed")
		}
	}
	reuse := whole && !answer.Truncated && !response.ConnectionClose() && reader.Buffered() == 0 // more than one answer is none of ours
	return answer, reuse, nil
}

// kept gives the fields of a header, as many of the first as have so many bytes.
func kept(h *fasthttp.ResponseHeader, most int) (list [][2]string) {
	for name, value := range h.All() {
		if most -= len(name) + len(value); most < 0 {
			break
		}
		list = append(list, [2]string{string(name), string(value)})
	}
	return list
}

// identity is fasthttp's length of a body that ends with its connection.
const identity = -2

// readBody keeps the first bytes, and reads no further than to see that there
// are more.
func (t *trip) readBody(answer *Answer, body io.Reader, length int) error {
	most := orDefault(t.request.MaxAnswer, DefaultAnswer)
	if length == 0 {
		return nil
	}
	if length > 0 {
		answer.Truncated = length > most
		answer.Body = make([]byte, min(length, most))
		_, err := io.ReadFull(body, answer.Body)
		return err
	}
	kept, err := io.ReadAll(io.LimitReader(body, int64(most)+1))
	if err != nil {
		return err
	}
	answer.Truncated = len(kept) > most
	answer.Body = kept[:min(len(kept), most)]
	return nil
}

func notHTTP(err error) string {
	var small *fasthttp.ErrSmallBuffer
	if errors.As(err, &small) {
		return "its header is over 16 KiB"
	}
	return "it is not HTTP"
}
