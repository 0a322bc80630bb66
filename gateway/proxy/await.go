package proxy

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/wire"
)

// awaitHead reads the head of the final answer; interim ones are passed on.
func (l *leg) awaitHead(to *reply) error {
	for interim := 0; ; {
		end := wire.HeadEnd(l.in.pending())
		switch {
		case end == 0 && l.in.full() && !l.in.grow():
			return errLargeAnswer
		case end == 0:
			if err := l.fill(true); err != nil {
				return err
			}
			continue
		}
		if err := l.head.parse(l.in.pending()[:end]); err != nil {
			return err
		}
		if l.head.status >= 200 || l.head.status == fasthttp.StatusSwitchingProtocols {
			l.in.r += end
			return nil
		}
		if interim++; interim > maxInterim {
			return errInterim
		}
		if err := to.passInterim(&l.head); err != nil {
			return err
		}
		l.in.r += end
		l.in.compact()
	}
}

// maxInterim bounds the interim answers (1xx) before the final one.
const maxInterim = 16

var (
	errLargeAnswer = errors.New("the answer's head is larger than 64 KiB")
	errInterim     = errors.New("there is no end of interim answers")
	errNoAnswer    = errors.New("the connection closed before an answer")
)

// fill reads more from the upstream: of its head, within the route's timeout, or of
// its body, where it may be silent for the idle timeout. From time to time it looks
// whether the client is still there.
func (l *leg) fill(head bool) error {
	now := time.Now()
	began := now
	for {
		until := l.until(head, began)
		if err := l.conn.untilRead(now, until); err != nil {
			return err
		}
		n, err := l.in.read(l.conn)
		switch {
		case n > 0:
			l.heard = true
			return nil
		case err == nil:
			continue
		case !isTimeout(err):
			return notAnswered(!l.heard, err)
		}
		now = time.Now()
		switch {
		case l.upload.fault() != nil:
			return l.upload.fault()
		case l.watch.gone():
			return errLeft
		case !now.Before(l.until(head, began)):
			return os.ErrDeadlineExceeded
		}
		if l.watch == nil { // only of requests that take their time is that worth the while
			l.watch = watchClient(l.watcher, l.ctx)
		}
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
func (l *leg) until(head bool, began time.Time) time.Time {
	sent, uploading := l.upload.sent()
	switch {
	case uploading:
		return time.Now().Add(time.Hour)
	case !head:
		return began.Add(l.route.IdleTimeout)
	case sent.IsZero():
		return l.deadline
	}
	return sent.Add(l.route.Timeout)
}

// unframe brings the data of what is pending to its front, and says whether the
// body ends there.
func (l *leg) unframe(c *wire.Chunks) (n int, over bool, err error) {
	pending := l.in.pending()
	if l.head.length == untilClose {
		l.head.keeps = false
		return len(pending), false, nil
	}
	n, used, err := c.Unframe(pending)
	if over = c.Over(); used < len(pending) {
		l.head.keeps = false // what came behind the answer is none of ours
	}
	return n, over, err
}
