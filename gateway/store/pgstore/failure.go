package pgstore

import (
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/gate"
)

// outcome is what came of a statement.
type outcome int

const (
	written  outcome = iota
	refused          // nothing of it: a value cannot be, or the statement
	fenced           // nothing of it: the fence did not hold
	unknown          // nobody knows
	unsent           // nothing of it: it never left
	readOnly         // nothing of it: the database takes no writes
)

// errWarned: a commit that was cancelled while it waited for its standby is told as done,
// with a warning before it. It is on this disk, and may be on no other.
var errWarned = errors.New("the commit was told with a warning")

// outcomeOf tells what came of a statement that ended with an error. Of classes 22 (data), 23
// (constraints) and 42 (access, names) the transaction is over, and nothing of it is there.
// So it is with 25006: who may only read is told before the first row.
// After any other error nobody knows: it may have come behind the commit.
func outcomeOf(err error) outcome {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return written
	case errors.As(err, &e):
		if isClass(e, "22", "23", "42") || wasBeaten(err) {
			return refused
		}
		if e.Code == "25006" {
			return readOnly
		}
		return unknown
	case pgconn.SafeToRetry(err):
		return unsent
	}
	return unknown
}

// wasParted says whether a row was on its way to the default part of a table as the part was
// made that it belongs to: written again it goes there.
func wasParted(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23514" && strings.HasSuffix(e.TableName, "_default")
}

// wasThere says whether a row was there already. Of a group that did not look for what it puts
// that is nobody's fault: a promise is made again where its outcome was unknown.
func wasThere(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23505"
}

// wasBeaten says whether a statement was undone for another that wanted the same rows in another
// order (a deadlock), as where a tenant is deleted while its deliveries end: sent again it is
// written.
func wasBeaten(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001")
}

// stateOf names a refusal without what was to be written.
func stateOf(err error) string {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return "SQLSTATE " + e.Code + " " + e.TableName + " " + e.ConstraintName
	}
	return "it cannot be sent"
}

// byValue says whether an error is about one of the rows, and not about the statement.
func byValue(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && isClass(e, "22", "23")
}

// notMet tells whether a promise was refused because a verb met nothing that must: nothing of
// it was written.
func notMet(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "22012"
}

func isClass(e *pgconn.PgError, classes ...string) bool {
	for _, class := range classes {
		if strings.HasPrefix(e.Code, class) {
			return true
		}
	}
	return false
}

// away is how soon to ask again where the database does not answer.
const away = 5 * time.Second

// unavailable: nothing was written, or read.
func unavailable(err error) error {
	e := gateway.Unavailable("the database cannot be reached now", away)
	e.Err = err
	return e
}

// errGap: nothing was written, by a node that writes nothing any more. Another does soon.
func errGap() error {
	e := gateway.Unavailable(store.ErrDeclaredDead.Error(), time.Second)
	e.Err = store.ErrDeclaredDead
	return e
}

// errUnknown: the outcome is unknown.
func errUnknown(err error) error { return gateway.Unknown(err) }

func errNotStorable(err error) error {
	return &gateway.Error{Code: gateway.CodeInternal, Message: "not storable", Err: err}
}

var errClosed = gate.ErrClosed
