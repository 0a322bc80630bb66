package pgstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Visitor asks a database, and is no node of it: it makes no promises, and nothing is made
// there but by Migrate.
type Visitor struct{ *Store }

// Visit connects to nothing yet.
func Visit(opts Options) (Visitor, error) {
	if err := opts.setDefaults(); err != nil {
		return Visitor{}, err
	}
	return Visitor{newStore(newEngine(opts))}, nil
}

// Schema gives the version of the schema; 0: there is none.
func (v Visitor) Schema() (version int, err error) {
	err = v.alone(whole, func(ctx context.Context, c *pgconn.PgConn) error {
		version, err = v.fences.schemaVersion(ctx, c)
		return err
	})
	return version, err
}

// TooNew says why this hookgate cannot work on a schema of a version; nil: it can.
func TooNew(version int) error { return tooNew(version, Version()) }

// Migrate makes the schema, or brings it up to this version, and the parts of the next days.
// It gives the version that it was at.
func (v Visitor) Migrate() (was int, err error) {
	if was, err = v.Schema(); err != nil {
		return 0, err
	}
	if err := v.fences.migrate(context.Background()); err != nil {
		return was, err
	}
	if err := v.makeParts(v.opts.Now()); err != nil {
		return was, fmt.Errorf("the parts of the next days: %w", err)
	}
	return was, nil
}

// grants are what a role needs that works on the schema and owns nothing of it, in what is
// there and in what its owner makes there later.
const grants = `GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}`

// Grant lets a role work on the schema: it may read and write rows, and nothing else.
func (v Visitor) Grant(role string) error {
	in := strings.NewReplacer("{schema}", v.opts.Schema, "{role}", `"`+strings.ReplaceAll(role, `"`, `""`)+`"`)
	return v.alone(whole, func(ctx context.Context, c *pgconn.PgConn) error {
		return v.fences.script(ctx, c, in.Replace(grants))
	})
}

// RoleOf gives the role that a URL names.
func RoleOf(url string) (string, error) {
	config, err := parseURL(url)
	if err != nil {
		return "", err
	}
	return config.User, nil
}

// Close closes the connections.
func (v Visitor) Close() { v.closeConnections() }
