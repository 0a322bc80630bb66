package proxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
	"hookgate/gateway/wire"
)

// noLength is what fasthttp says of the length of a request that says nothing.
const noLength = -2

// mayUpgrade says whether the request may ask for another protocol. HTTP/2 is
// none: its requests would go by routes that were never asked.
func (q *outgoing) mayUpgrade() bool {
	length := q.ctx.Request.Header.ContentLength()
	return q.route.Upgrade && q.ctx.IsGet() && q.ctx.Request.Header.IsHTTP11() && (length == 0 || length == noLength) &&
		!q.p.draining.Load() && len(q.protocol) > 0 && !bytes.ContainsAny(q.protocol, ", ") && !begins(q.protocol, "h2") && !begins(q.protocol, "http")
}

var errSwitched = errors.New("the upstream switched to a protocol that nobody asked for")

// upgrade passes the answer 101 on, and then bytes both ways: the exchange ends, and
// a tunnel goes on.
func (x *exchange) upgrade() error {
	l, r := &x.leg, &x.reply
	if x.request.protocol == nil || !bytes.EqualFold(l.head.upgrade, x.request.protocol) {
		l.upstream.failed(errSwitched)
		return errBroken
	}
	r.conn.TakeAnswer()
	l.out = append(l.head.appendStart(l.out[:0]), "Connection: Upgrade\r\n"...)
	l.out = wire.AppendField(l.out, edge.HeaderRequestID, r.conn.RequestID())
	l.out = append(wire.AppendField(l.out, "Upgrade", l.head.upgrade), "\r\n"...)
	l.out = append(l.out, l.in.pending()...)
	r.status, r.begun, r.closes = fasthttp.StatusSwitchingProtocols, true, true
	if err := r.send(l.out); err != nil {
		return err
	}
	t := &tunnel{of: l.upstream, upstream: l.conn, idle: x.route.IdleTimeout}
	l.conn = nil
	t.of.flying.Add(1)
	tunnels := &x.p.tunnels
	r.conn.Tunnel(x.ctx, func(client net.Conn) {
		defer t.of.flying.Add(-1)
		t.client = client
		if tunnels.add(t) {
			defer tunnels.remove(t)
			t.run()
		}
		_ = t.upstream.Close()
	})
	return nil
}

// tunnel is an upgraded connection.
type tunnel struct {
	of       *upstream
	client   net.Conn
	upstream *conn
	idle     time.Duration
	heard    atomic.Int64 // when either side sent something, Unix nanoseconds
	over     atomic.Bool
}

// Small buffers: there may be many tunnels, and most of them rest.
var tunnelBuffers = sync.Pool{New: func() any {
	b := make([]byte, 4<<10)
	return &b
}}

// run passes bytes both ways until one side closes, or both are silent for too
// long.
func (t *tunnel) run() {
	t.heard.Store(time.Now().UnixNano())
	var wait sync.WaitGroup
	wait.Go(func() { t.copy(t.upstream.Conn, t.client) })
	t.copy(t.client, t.upstream.Conn)
	wait.Wait()
}

// copy passes one way. A side that has said all it has to say still listens.
func (t *tunnel) copy(to, from net.Conn) {
	scratch := tunnelBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer tunnelBuffers.Put(scratch)
	for {
		err := t.pass(to, from, *scratch)
		if err == nil {
			continue
		}
		half, ok := to.(interface{ CloseWrite() error })
		if errors.Is(err, io.EOF) && ok && half.CloseWrite() == nil {
			return
		}
		t.close()
		return
	}
}

func (t *tunnel) pass(to, from net.Conn, scratch []byte) error {
	silent := time.Unix(0, t.heard.Load()).Add(t.idle)
	if err := from.SetReadDeadline(silent); err != nil {
		return err
	}
	if t.over.Load() { // the deadline of close may be gone
		return net.ErrClosed
	}
	n, err := from.Read(scratch)
	if n > 0 {
		now := time.Now()
		t.heard.Store(now.UnixNano())
		if err := to.SetWriteDeadline(now.Add(t.idle)); err != nil {
			return err
		}
		if _, err := to.Write(scratch[:n]); err != nil {
			return err
		}
	}
	if isTimeout(err) && !t.over.Load() && time.Unix(0, t.heard.Load()).Add(t.idle).After(time.Now()) {
		return nil // the other way is not silent
	}
	return err
}

func (t *tunnel) close() {
	t.over.Store(true)
	_ = t.upstream.Close()
	_ = t.client.SetDeadline(time.Unix(1, 0)) // its owner closes it
}

// tunnels are all that are open.
type tunnels struct {
	mu     sync.Mutex
	all    map[*tunnel]struct{}
	closed bool
}

// add keeps t until remove; false says that no more are let through.
func (s *tunnels) add(t *tunnel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.all == nil {
		s.all = map[*tunnel]struct{}{}
	}
	s.all[t] = struct{}{}
	return true
}

func (s *tunnels) remove(t *tunnel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, t)
}

func (s *tunnels) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for t := range s.all {
		t.close()
	}
}
