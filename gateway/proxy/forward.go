package proxy

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/transport"
	"hookgate/retry/breaker"
)

// forward sends the request to an upstream and passes its answer on. Where nothing
// of the request can have been done it tries another upstream, once.
func (x *exchange) forward() error {
	if err := x.openUpload(); err != nil {
		return err
	}
	x.deadline = time.Now().Add(x.route.Timeout)
	var failed *upstream
	var first error
	for {
		again, ok := x.choose(failed)
		switch {
		case !ok && first != nil:
			return first
		case !ok:
			return unavailable(again)
		}
		undone, err := x.attempt()
		if err == nil || !undone || failed != nil || !x.route.Retries {
			return err
		}
		failed, first = x.upstream, err
	}
}

// attempt makes the request of one upstream. undone says of a failure that nothing
// of the request can have been done.
func (x *exchange) attempt() (undone bool, err error) {
	u := x.upstream
	defer u.flying.Add(-1)
	x.out = x.appendRequest(x.out[:0], u)
	if len(x.body) <= smallBody {
		x.out = append(x.out, x.body...)
	}
	for redo := false; ; redo = true {
		c, err := x.connect(redo)
		if err != nil {
			return true, x.lost(err)
		}
		x.link = c
		err = x.converse(c)
		if err == nil {
			x.settle(nil, breaker.Succeeded)
			u.answered()
			return false, x.answer(c)
		}
		kept := !c.used.IsZero()
		x.release(false)
		silent := !x.heard && x.repeatable() && !isTimeout(err) && !errors.Is(err, errLeft)
		if silent && kept && !redo {
			u.conns.drop() // a kept one that the upstream had closed: no failure
			continue
		}
		return silent, x.lost(err)
	}
}

// repeatable says whether the request may be sent a second time.
func (x *exchange) repeatable() bool {
	if x.uploads() {
		return false
	}
	switch string(x.ctx.Method()) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

// uploads says whether the body is passed on while it arrives.
func (x *exchange) uploads() bool { return !x.whole && x.ctx.RequestBodyStream() != nil }

// maxConnect bounds the making of a connection: an upstream that does not answer
// at all must leave time for another one.
const maxConnect = 5 * time.Second

// connect gives a kept connection, or a fresh one.
func (x *exchange) connect(redo bool) (*conn, error) {
	u := x.upstream
	now := time.Now()
	if !redo {
		if c := u.conns.take(now); c != nil {
			return c, nil
		}
	}
	left := x.deadline.Sub(now)
	if left <= 0 {
		return nil, os.ErrDeadlineExceeded
	}
	return u.dial(min(left, maxConnect))
}

// converse sends the request and waits for the answer's head. An upstream that has
// read enough may answer and close while we still send: its answer counts.
func (x *exchange) converse(c *conn) error {
	x.in.reset()
	x.heard = false
	err := c.write(x.out, x.route.Timeout)
	switch {
	case err != nil:
	case x.uploads():
		x.startUpload(c)
	case len(x.body) > smallBody:
		err = c.writeUntil(x.body, x.deadline)
	}
	if err != nil && isTimeout(err) {
		return err
	}
	if answer := x.awaitHead(c); answer != nil {
		if err != nil {
			return err
		}
		return answer
	}
	return nil
}

// awaitHead reads the head of the final answer; interim ones are passed on.
func (x *exchange) awaitHead(c *conn) error {
	for interim := 0; ; {
		end := x.in.headEnd()
		switch {
		case end == 0 && x.in.full():
			return errLargeAnswer
		case end == 0:
			if err := x.fill(c, true); err != nil {
				return err
			}
			continue
		}
		if err := x.head.parse(x.in.pending()[:end]); err != nil {
			return err
		}
		if x.head.status >= 200 || x.head.status == fasthttp.StatusSwitchingProtocols {
			x.in.r += end
			return nil
		}
		if interim++; interim > maxInterim {
			return errInterim
		}
		if err := x.passInterim(); err != nil {
			return err
		}
		x.in.r += end
		x.in.compact()
	}
}

// maxInterim bounds the interim answers (1xx) before the final one.
const maxInterim = 16

var (
	errLargeAnswer = errors.New("the answer's head is larger than 16 KiB")
	errInterim     = errors.New("there is no end of interim answers")
	errNoAnswer    = errors.New("the connection closed before an answer")
)

// fill reads more from the upstream: of its head, within the route's timeout, or of
// its body, where it may be silent for the idle timeout. From time to time it looks
// whether the client is still there.
func (x *exchange) fill(c *conn, head bool) error {
	now := time.Now()
	began := now
	for {
		until := x.until(head, began)
		if err := c.untilRead(now, until); err != nil {
			return err
		}
		n, err := x.in.read(c)
		switch {
		case n > 0:
			x.heard = true
			return nil
		case err == nil:
			continue
		case !isTimeout(err):
			return notAnswered(!x.heard, err)
		}
		now = time.Now()
		switch {
		case x.upload.fault() != nil:
			return x.upload.fault()
		case x.watch.gone():
			return errLeft
		case !now.Before(x.until(head, began)):
			return os.ErrDeadlineExceeded
		}
		x.watchClient()
	}
}

func notAnswered(silent bool, err error) error {
	if silent && errors.Is(err, io.EOF) {
		return errNoAnswer
	}
	return err
}

// until is when to stop waiting for the upstream, which has been silent since
// began. While the client still sends its body, its own pace decides.
func (x *exchange) until(head bool, began time.Time) time.Time {
	sent, uploading := x.upload.sent()
	switch {
	case uploading:
		return time.Now().Add(time.Hour)
	case !head:
		return began.Add(x.route.IdleTimeout)
	case sent.IsZero():
		return x.deadline
	}
	return sent.Add(x.route.Timeout)
}

// lost tells breaker and log of a request that got no answer, and gives what the
// client is told.
func (x *exchange) lost(err error) error {
	known := (*gateway.Error)(nil)
	if errors.As(err, &known) { // it is the client who failed
		x.settle(nil, breaker.Ignored)
		return known
	}
	x.settle(err, breaker.Failed)
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

// watch is told when the client has left. It stands apart from the exchange, for it
// may be told when that is in other hands.
type watch struct {
	on   *edge.Watch
	left chan struct{}
}

// watchClient has the client watched from now on: only of requests that take their
// time is that worth the while.
func (x *exchange) watchClient() {
	if x.watch == nil {
		w := &watch{left: make(chan struct{})}
		w.on = x.p.Watcher.Watch(x.ctx, func() { close(w.left) })
		x.watch = w
	}
}

func (w *watch) gone() bool {
	if w == nil {
		return false
	}
	select {
	case <-w.left:
		return true
	default:
		return false
	}
}

func (w *watch) stop() {
	if w != nil {
		w.on.Stop()
	}
}
