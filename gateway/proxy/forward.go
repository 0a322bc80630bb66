package proxy

import (
	"errors"
	"time"

	"hookgate/retry/breaker"
)

// forward sends the request to the upstream, up to the head of its answer. Where
// nothing of the request can have been done it tries another one, once.
func (x *exchange) forward() done {
	undone, err := x.attempt()
	if err != nil && undone && x.route.Retries {
		failed := x.leg.upstream
		x.leg.leave()
		if _, ok := x.leg.choose(failed); ok {
			_, err = x.attempt()
		}
	}
	return x.ends(err)
}

// attempt makes the request of one upstream. undone says of a failure that nothing
// of the request can have been done.
func (x *exchange) attempt() (undone bool, err error) {
	l := &x.leg
	l.out = x.request.append(l.out[:0], l.upstream)
	m := &x.moments
	m.upstream = l.upstream.url
	for redo := false; ; redo = true {
		m.asked, m.connected, m.heard = time.Now(), time.Time{}, time.Time{}
		if err := l.connect(redo); err != nil {
			return true, l.lost(err)
		}
		m.connected = time.Now()
		err := l.converse(&x.request, &x.reply)
		if err == nil {
			m.heard, m.status = time.Now(), l.head.status
			l.settle(nil, breaker.Succeeded)
			l.upstream.answered()
			l.upstream.latency.add(m.heard, m.heard.Sub(m.asked))
			return false, nil
		}
		kept := !l.conn.used.IsZero()
		l.release(false)
		silent := !l.heard && x.request.repeatable() && !isTimeout(err) && !errors.Is(err, errLeft)
		if silent && kept && !redo {
			l.upstream.conns.drop() // a kept one that the upstream had closed: no failure
			continue
		}
		return silent, l.lost(err)
	}
}
