package pgstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// What is asked again and again is prepared where the connection is to the database itself: to
// read and plan a statement of promises is a tenth of what it costs with a dozen of them. Behind
// a pooler of transactions each statement meets another session, so there nothing is. Who stands
// between is seen by the number of the process: a pooler tells one of its own. Should one tell
// that of the database, it is known by the first statement that is not found, which has done
// nothing and is sent as a whole.

// mostPrepared is how many statements a connection keeps; others are sent as a whole.
const mostPrepared = 64

// prepared is what a connection keeps.
type prepared struct {
	asked, direct bool
	met           map[string]*pgconn.StatementDescription // by their text; nil: it was met once
}

// preparedIn is kept beside the connection itself.
func preparedIn(c *pgconn.PgConn) *prepared {
	const name = "hookgate"
	k, is := c.CustomData()[name].(*prepared)
	if !is {
		k = &prepared{met: map[string]*pgconn.StatementDescription{}}
		c.CustomData()[name] = k
	}
	return k
}

// unsentError: it was not asked yet, only prepared.
type unsentError struct{ error }

func (unsentError) SafeToRetry() bool { return true }
func (e unsentError) Unwrap() error   { return e.error }

// of gives the statement as it was prepared, or does so when it is met a second time; nil: it is
// to be sent as a whole.
func (k *prepared) of(ctx context.Context, c *pgconn.PgConn, sql string, p *params) (s *pgconn.StatementDescription, err error) {
	s, met := k.met[sql]
	if s != nil || !met && len(k.met) >= mostPrepared || k.asked && !k.direct {
		return s, nil
	}
	if !met {
		k.met[sql] = nil
		return nil, nil
	}
	if !k.asked {
		if k.direct, err = isDirect(ctx, c); err != nil {
			return nil, err
		}
		if k.asked = true; !k.direct {
			return nil, nil
		}
	}
	if s, err = c.Prepare(ctx, "hookgate_"+summed(sql), sql, p.oids); err != nil {
		if errors.As(err, new(*pgconn.PgError)) {
			k.direct, err = false, nil // sent as a whole it tells why
		}
		return nil, err
	}
	k.met[sql] = s
	return s, nil
}

// isDirect tells whether nobody stands between.
func isDirect(ctx context.Context, c *pgconn.PgConn) (bool, error) {
	values, err := row(ctx, c, "SELECT pg_backend_pid()::int8", nil)
	return err == nil && longAt(values[0]) == int64(c.PID()), err
}

// askPrepared is ask of what is asked again and again.
func askPrepared(ctx context.Context, c *pgconn.PgConn, sql string, p *params) (*pgconn.ResultReader, error) {
	s, err := preparedIn(c).of(ctx, c, sql, p)
	switch {
	case err != nil:
		return nil, unsentError{err}
	case s == nil:
		return ask(ctx, c, sql, p), nil
	}
	return c.ExecStatement(ctx, s, p.values, inBinary, inBinary), nil
}

// rowPrepared is row of what is asked again and again.
func rowPrepared(ctx context.Context, c *pgconn.PgConn, sql string, p *params) ([][]byte, error) {
	r, err := askPrepared(ctx, c, sql, p)
	if err != nil {
		return nil, err
	}
	values, err := rowOf(r)
	if forgotten(err) {
		preparedIn(c).direct = false
		return row(ctx, c, sql, p)
	}
	return values, err
}

// forgotten tells whether a statement was not done for it is not prepared there.
func forgotten(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "26000"
}
