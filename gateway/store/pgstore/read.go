package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// whole is how long a read of very much may take, such as of all that a slot has.
const whole = 10 * time.Minute

// read asks, and visits each row until visit wants no more or fails. A row is valid until
// visit returns. The connection is in use until then: visit must not wait for somebody who
// reads.
func (e *engine) read(sql string, p *params, visit func(row [][]byte) (more bool, err error)) error {
	return e.readFor(e.opts.Patience, sql, p, visit)
}

func (e *engine) readFor(most time.Duration, sql string, p *params, visit func(row [][]byte) (more bool, err error)) error {
	return e.readBy(wholly, most, sql, p, visit)
}

// asks is a way to ask: wholly, or askPrepared.
type asks func(context.Context, *pgconn.PgConn, string, *params) (*pgconn.ResultReader, error)

func wholly(ctx context.Context, c *pgconn.PgConn, sql string, p *params) (*pgconn.ResultReader, error) {
	return ask(ctx, c, sql, p), nil
}

func (e *engine) readBy(asks asks, most time.Duration, sql string, p *params, visit func(row [][]byte) (more bool, err error)) error {
	if err := e.using.Enter(); err != nil {
		return err
	}
	defer e.using.Leave()
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	var visited error // what visit said
	again := false    // it is not prepared where it was asked
	one := func(c *pgconn.PgConn) error {
		r, err := asks(ctx, c, e.in(sql), p)
		if err != nil && c.IsClosed() && ctx.Err() == nil {
			return &lostError{err}
		}
		if err != nil {
			return err
		}
		n, more := 0, true
		for more && r.NextRow() {
			n++
			if more, visited = visit(r.Values()); visited != nil {
				break
			}
		}
		if _, err := r.Close(); err != nil && visited == nil && more {
			if n == 0 && c.IsClosed() && ctx.Err() == nil {
				return &lostError{err}
			}
			if forgotten(err) {
				preparedIn(c).direct = false
				again = true
			}
			return err
		}
		return nil
	}
	err := e.pool.with(ctx, one)
	if again {
		asks = wholly
		err = e.pool.with(ctx, one)
	}
	switch {
	case visited != nil:
		return visited
	case err != nil:
		return readError(err)
	}
	return nil
}

// readError tells that nothing could be read.
func readError(err error) error {
	var e *pgconn.PgError
	if errors.As(err, &e) && isClass(e, "22", "23", "42") {
		return err // a fault of ours
	}
	return unavailable(err)
}

// one reads the only row there may be.
func (e *engine) one(sql string, p *params, read func(row [][]byte) error) (found bool, err error) {
	err = e.read(sql, p, func(row [][]byte) (bool, error) {
		found = true
		return true, read(row)
	})
	return found, err
}
