package transport

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"hookgate/gateway/wire"
)

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
		answer, stale, err := t.once(redo > 0)
		if !stale || redo == maxRedo {
			return answer, err
		}
	}
}

// once makes the request over one connection. stale says that it was a kept
// connection which the peer had closed before it sent a byte: no attempt.
func (t *trip) once(fresh bool) (answer *Answer, stale bool, err error) {
	if t.ctx.Err() != nil {
		return nil, false, failure(WordConnect, "connect", t.ctx.Err(), "given up")
	}
	conn, err := t.host.acquire(t.ctx, t.deadline, fresh)
	if err != nil {
		return nil, false, failure(WordConnect, "connect", err, "it failed")
	}
	give := context.AfterFunc(t.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })

	answer, reuse, early, err := t.exchange(conn.Conn)
	err = conn.tell(answer, err)

	if !give() {
		reuse = false // the deadline in the past may be set at any time now
	}
	// A 408 on a kept connection was sent before our request: some servers say
	// goodbye to an idle connection with it.
	goodbye := err == nil && answer.Status == http.StatusRequestTimeout && !reuse
	stale = conn.reused && (early && !isTimeout(err) || goodbye)
	switch {
	case stale:
		t.host.stale(conn) // before others wait for its place
	case conn.reused && early && conn.rest >= FirstIdle:
		t.host.silent(conn)
	}
	t.host.release(conn, reuse)
	if t.ctx.Err() != nil && err != nil {
		return answer, false, &Error{Word: WordTimeout, Text: "given up", err: t.ctx.Err()}
	}
	return answer, stale, err
}

// exchange sends the request and reads the answer. reuse says that the connection is
// good for another; early, that it broke before the first byte.
func (t *trip) exchange(conn net.Conn) (answer *Answer, reuse, early bool, err error) {
	if err := conn.SetDeadline(t.deadline); err != nil {
		return nil, false, true, failure(WordProtocol, "send", err, "the connection closed")
	}
	sending := t.send(conn)
	if err := sending.err; err != nil && isTimeout(err) {
		return nil, false, true, failure(WordProtocol, "send", err, "")
	}
	// A peer that has read enough may answer and close while we still send: look
	// for its answer before calling it a failure.
	reader := readerOf(conn)
	defer freeReader(reader)
	if _, err := reader.Peek(1); err != nil {
		return nil, false, true, failure(WordProtocol, "wait for the answer", first(sending.stop(), err), "the connection closed")
	}
	answer, reuse, err = t.read(reader)
	return answer, sending.stop() == nil && reuse, false, err
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// read takes the answer's head, and of its body what is kept. With an answer an error
// is of its body's form: it is all that came. A connection that broke gives none.
func (t *trip) read(reader *bufio.Reader) (*Answer, bool, error) {
	h := heads.Get().(*head) //nolint:forcetypeassert // the pool holds nothing else
	defer h.free()
	if err := h.readFinal(reader); err != nil {
		return nil, false, failure(WordProtocol, "read the answer", err, reasonOfHead(err))
	}
	r := t.request
	answer := &Answer{Status: h.status, Header: h.kept(orDefault(r.MaxHeader, DefaultHeader))}
	answer.ContentType, answer.RetryAfter = h.get(answer.Header, "content-type"), h.get(answer.Header, "retry-after")
	f := h.framing(r.Method == "HEAD")
	if f.two {
		return answer, false, answer.malformed(errTwoLengths, errTwoLengths.Error())
	}
	if f.rests > 0 && f.keeps {
		t.host.heard(f.rests)
	}
	err := answer.read(reader, &f, &room{of: r.Room, most: orDefault(r.MaxAnswer, DefaultAnswer)})
	if errors.Is(err, errNoRoom) {
		return nil, false, &Error{Word: WordTimeout, Text: "read the answer: " + errNoRoom.Error(), err: err}
	}
	if err != nil && !isForm(err) {
		return nil, false, failure(WordProtocol, "read the answer", err, "its body cannot be read")
	}
	if err != nil {
		return answer, false, answer.malformed(err, reasonOfBody(err))
	}
	return answer, f.keeps && reader.Buffered() == 0, nil // more than one answer is none of ours
}

// malformed gives the error of an answer whose body is not of its form. It is the
// answer's detail as well, for whom its status is enough.
func (a *Answer) malformed(err error, reason string) *Error {
	e := failure(WordProtocol, "read the answer", err, reason)
	a.Detail = e.Text
	return e
}

// reasonOfHead is the text of an error that was made here; others quote what came.
func reasonOfHead(err error) string {
	for _, known := range []error{errLargeHead, errInterim, errSwitched, errStatus} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return errNotHTTP.Error()
}

func isForm(err error) bool { return errors.Is(err, errCoding) || errors.Is(err, wire.ErrChunk) }

func reasonOfBody(err error) string {
	if errors.Is(err, errCoding) {
		return errCoding.Error()
	}
	return "its body is not well-formed"
}
