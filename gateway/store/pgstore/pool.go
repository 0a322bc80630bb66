package pgstore

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// pool is the connections that read. A pool of the driver's would ask each connection that
// was idle whether it lives, which is one more way there and back; here what a dead one was
// asked is asked again of another, for reads may be.
type pool struct {
	*engine
	free chan struct{} // one for each connection that nobody uses

	mu    sync.Mutex
	idle  []*pgconn.PgConn
	drops int // how often all were dropped: those in use since before are closed, too
}

func newPool(e *engine, most int) *pool {
	p := &pool{engine: e, free: make(chan struct{}, most)}
	for range most {
		p.free <- struct{}{}
	}
	return p
}

// with lends a connection. After an error of the connection, and not of what it was asked,
// it is closed.
func (p *pool) with(ctx context.Context, use func(*pgconn.PgConn) error) error {
	select {
	case <-p.free:
	case <-ctx.Done():
		return errBusy
	}
	defer func() { p.free <- struct{}{} }()
	for {
		c, drops, fresh, err := p.take(ctx)
		if err != nil {
			return err
		}
		err = use(c)
		if !c.IsClosed() {
			p.give(c, drops)
			return err
		}
		if fresh || !errors.As(err, new(*lostError)) {
			return err
		}
		p.drop() // what else was idle is as dead
	}
}

// errBusy: all connections read for others.
var errBusy = errors.New("all connections of the store are in use")

// lostError: a connection ended before it gave anything.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

func (p *pool) take(ctx context.Context) (c *pgconn.PgConn, drops int, fresh bool, err error) {
	p.mu.Lock()
	drops = p.drops
	if n := len(p.idle); n > 0 {
		c, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	if c != nil {
		return c, drops, false, nil
	}
	c, err = p.connect(ctx, "read", nil)
	return c, drops, true, err
}

func (p *pool) give(c *pgconn.PgConn, drops int) {
	p.mu.Lock()
	if p.drops == drops {
		p.idle = append(p.idle, c)
		c = nil
	}
	p.mu.Unlock()
	if c != nil {
		closeNow(c)
	}
}

// drop closes what is idle, and what is in use when that is over: of a database that was
// promoted the one before it may live on.
func (p *pool) drop() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.drops = nil, p.drops+1
	p.mu.Unlock()
	for _, c := range idle {
		closeNow(c)
	}
}
