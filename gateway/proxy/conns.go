package proxy

import (
	"context"
	"net"
	"sync"
	"time"

	"hookgate/gateway/transport"
)

// conn is a connection to an upstream.
type conn struct {
	net.Conn
	alive  alive
	asking asking
	made   time.Time
	used   time.Time // when it was given back; zero: never
	reads  time.Time // the deadlines that are set
	writes time.Time
}

// conns keeps an upstream's connections between requests, the last used on top.
type conns struct {
	mu     sync.Mutex
	idle   []*conn
	sweep  *time.Timer // runs while any idle
	closed bool
}

const (
	// idleTime is below the five seconds after which common servers (Node, Apache)
	// close; a connection that was closed all the same is found by looking.
	idleTime = transport.DefaultIdle
	mostIdle = 512 // of one upstream
)

// take gives a kept connection; nil where there is none. A look at each shows
// whether the upstream has closed it, or has sent what would be taken for the
// answer to the next request.
func (p *conns) take(now time.Time) *conn {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if now.Sub(c.used) < idleTime && now.Sub(c.made) < transport.MaxAge && c.alive.look() {
			return c
		}
		_ = c.Close()
	}
}

// give keeps a connection for the next request.
func (p *conns) give(c *conn) {
	c.used = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= mostIdle {
		_ = c.Close()
		return
	}
	p.idle = append(p.idle, c)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(idleTime, p.closeIdle)
	}
}

// closeIdle closes what has rested too long: the lowest of the stack.
func (p *conns) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, n := time.Now().Add(-idleTime), 0
	for n < len(p.idle) && p.idle[n].used.Before(before) {
		_ = p.idle[n].Close()
		n++
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
	clear(p.idle[len(p.idle):cap(p.idle)])
	if p.sweep = nil; len(p.idle) > 0 && !p.closed {
		p.sweep = time.AfterFunc(idleTime, p.closeIdle)
	}
}

// drop closes all that are kept: the upstream has closed one, so it has closed the
// others as well.
func (p *conns) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.idle {
		_ = c.Close()
		p.idle[i] = nil
	}
	p.idle = p.idle[:0]
}

func (p *conns) close() {
	p.mu.Lock()
	p.closed = true
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
	p.mu.Unlock()
	p.drop()
}

// dial makes a connection.
func (u *upstream) dial(timeout time.Duration) (*conn, error) {
	made, err := u.dialer.Dial(context.Background(), timeout)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: made, made: time.Now()}
	c.alive.of(made)
	c.asking.of(made)
	return c, nil
}

// tick bounds how long a read goes without a look at the client and at the clock.
// Deadlines are set anew only when half of it is gone: a kept connection under
// load has one set every so many requests.
const tick = time.Second

// untilRead sets the deadline of the next read.
func (c *conn) untilRead(now, until time.Time) error {
	if !c.reads.After(until) && c.reads.Sub(now) > tick/2 {
		return nil
	}
	c.reads = now.Add(tick)
	if c.reads.After(until) {
		c.reads = until
	}
	return c.SetReadDeadline(c.reads)
}

// write writes b, which the upstream has so long to take, or up to twice that.
func (c *conn) write(b []byte, within time.Duration) error {
	if now := time.Now(); c.writes.Sub(now) < within || c.writes.Sub(now) > 2*within {
		c.writes = now.Add(2 * within)
		if err := c.SetWriteDeadline(c.writes); err != nil {
			return err
		}
	}
	_, err := c.Write(b)
	return err
}

// writeUntil writes b, which the upstream must have taken by then.
func (c *conn) writeUntil(b []byte, until time.Time) error {
	c.writes = until
	if err := c.SetWriteDeadline(until); err != nil {
		return err
	}
	_, err := c.Write(b)
	return err
}
