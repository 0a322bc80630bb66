package proxy

import (
	"errors"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// leg is the way of an exchange to an upstream and back: the right to use it, a
// connection, and what is read from that.
type leg struct {
	ctx     *fasthttp.RequestCtx
	watcher *edge.Watcher
	watch   *watch // of the client; nil: nobody looks
	route   *route

	upstream *upstream // that is used; nil: none
	permit   breaker.Permit
	conn     *conn // to it; nil: none
	heard    bool  // it has sent something on it for this request
	deadline time.Time

	out    []byte  // a head, and what goes with it in one write: first the request's, then the answer's
	upload *upload // of a body that is not in memory; nil: none
	in     buffer  // what comes from the upstream
	head   answerHead
}

func (l *leg) init(w *edge.Watcher) {
	l.watcher = w
	l.out = make([]byte, 0, 4<<10)
	l.in.init()
}

// end lets go of the upstream, and of all that belongs to the request.
func (l *leg) end() {
	l.permit.Done(breaker.Failed)
	l.permit = breaker.Permit{}
	l.release(false)
	l.leave()
	l.watch.stop()
	l.ctx, l.watch, l.route, l.upload = nil, nil, nil, nil
	if l.out = l.out[:0]; cap(l.out) > maxKept {
		l.out = make([]byte, 0, 4<<10)
	}
	l.in.reset()
	l.head = answerHead{}
}

// release ends the use of the connection.
func (l *leg) release(keep bool) {
	c := l.conn
	if l.conn = nil; c == nil {
		return
	}
	if keep {
		l.upstream.conns.give(c)
		return
	}
	_ = c.Close()
}

// maxConnect bounds the making of a connection: an upstream that does not answer
// at all must leave time for another one.
const maxConnect = 5 * time.Second

// connect takes a kept connection, or a fresh one.
func (l *leg) connect(redo bool) (err error) {
	u := l.upstream
	now := time.Now()
	if !redo {
		if l.conn = u.conns.take(now); l.conn != nil {
			return nil
		}
	}
	left := l.deadline.Sub(now)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	l.conn, err = u.dial(min(left, maxConnect))
	return err
}

// converse sends the request and waits for the answer's head; interim answers go to
// the client. An upstream that has read enough may answer and close while we still
// send: its answer counts.
func (l *leg) converse(q *outgoing, to *reply) error {
	l.in.reset()
	l.heard = false
	err := l.send(q)
	if err != nil && isTimeout(err) {
		return err
	}
	if answer := l.awaitHead(to); answer != nil {
		if err != nil {
			return err
		}
		return answer
	}
	return nil
}

// send sends the request, as far as it is in memory.
func (l *leg) send(q *outgoing) error {
	if !q.uploads() && len(q.body) <= smallBody {
		return l.ask()
	}
	err := l.conn.write(l.out, l.route.Timeout)
	switch {
	case err != nil:
	case q.uploads():
		l.upload = q.startUpload(l.conn)
	default:
		err = l.conn.writeUntil(q.body, l.deadline)
	}
	return err
}

// ask sends a request that is all in out, and has what comes first of its answer unless
// that takes long. Its error may be of the answer.
func (l *leg) ask() error {
	if err := l.conn.untilRead(time.Now(), l.deadline); err != nil {
		return err
	}
	wrote, got, err := l.conn.asking.ask(l.out, l.in.room())
	l.in.w += got
	l.heard = got > 0
	switch {
	case wrote < len(l.out) && err == nil:
		return l.conn.write(l.out[wrote:], l.route.Timeout)
	case wrote < len(l.out):
		return err
	case err != nil && isTimeout(err):
		return nil // awaitHead says whether that is too long
	}
	return notAnswered(true, err)
}

// lost tells breaker and log of a request that got no answer, and gives what the
// client is told.
func (l *leg) lost(err error) error {
	known := (*gateway.Error)(nil)
	if errors.As(err, &known) { // it is the client who failed
		l.settle(nil, breaker.Ignored)
		return known
	}
	l.settle(err, breaker.Failed)
	way := (*transport.Error)(nil)
	switch {
	case isTimeout(err):
		return errDeadline
	case errors.As(err, &way):
		if way.Word == transport.WordTimeout {
			return errDeadline
		}
		return errUnreachable
	}
	return errBroken
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
