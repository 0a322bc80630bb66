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

	mu   sync.Mutex
	idle []*pgconn.PgConn
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
		c, fresh, err := p.take(ctx)
		if err != nil {
			return err
		}
		err = use(c)
		if !c.IsClosed() {
			p.give(c)
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

func (p *pool) take(ctx context.Context) (c *pgconn.PgConn, fresh bool, err error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c, p.idle = p.idle[n-1], p.idle[:n-1]
	}
	p.mu.Unlock()
	if c != nil {
		return c, false, nil
	}
	c, err = p.connect(ctx, "read", nil)
	return c, true, err
}

func (p *pool) give(c *pgconn.PgConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// drop closes what is idle.
func (p *pool) drop() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		closeNow(c)
	}
}
