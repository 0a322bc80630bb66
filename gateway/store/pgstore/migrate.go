package pgstore

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// migrations are the versions of the schema, in the order of their names. One that was
// released is never changed. Each only adds: a node of the version before goes on beside it.
// One that needs more has a name that ends with whenQuiet: it is made when no node has beaten for
// a while (quiet.go).
// They are packed, for 40 KB of the program: most of them are read once, or never.
//
//go:generate sh -c "gzip -9nkf schema/*.sql"
//go:embed schema/*.sql.gz
var migrations embed.FS

const (
	whenQuiet = ".wait.sql"
	packed    = ".gz"
)

// Version is the version of the schema that this hookgate makes. It works on one version
// newer, too.
func Version() int { return len(namesOf(migrations)) }

func namesOf(in fs.FS) []string {
	names, _ := fs.Glob(in, "schema/*.sql*") // the form is right
	slices.Sort(names)
	return names
}

// scriptOf reads one of them.
func scriptOf(in fs.FS, name string) (string, error) {
	text, err := fs.ReadFile(in, name)
	if err != nil || !strings.HasSuffix(name, packed) {
		return string(text), err
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	text, err = io.ReadAll(z)
	return string(text), err
}

// scripts are the migrations that this store makes.
func (o *Options) scripts() fs.FS {
	if o.migrations != nil {
		return o.migrations
	}
	return migrations
}

// version is the version of the schema that this store makes.
func (o *Options) version() int { return len(namesOf(o.scripts())) }

// migrate brings the schema up to this version, if it is not, under a lock: of several nodes
// that start at once, one does. Who may not create anything is told so only where there is
// something to create.
func (s *fences) migrate(ctx context.Context) error {
	return s.on(ctx, whole, func(ctx context.Context, c *pgconn.PgConn) error {
		is, err := s.schemaVersion(ctx, c)
		if err != nil || is >= s.opts.version() {
			return errors.Join(err, tooNew(is, s.opts.version()))
		}
		if err := s.migrateFrom(ctx, c); err != nil {
			var e *pgconn.PgError
			if errors.As(err, &e) && e.Code == "42501" {
				return fmt.Errorf("it has version %d, this hookgate needs %d, and this role may not bring it there: run hookgate migrate with store.migrate_url: %w", is, s.opts.version(), err)
			}
			return err
		}
		return nil
	})
}

func tooNew(is, known int) error {
	if is > known+1 {
		return fmt.Errorf("it has version %d, and this hookgate knows %d and can work on %d: run a newer hookgate", is, known, known+1)
	}
	return nil
}

// schemaVersion is 0 where there is no schema.
func (s *fences) schemaVersion(ctx context.Context, c *pgconn.PgConn) (int, error) {
	p := &params{}
	there, err := row(ctx, c, fmt.Sprintf("SELECT (to_regclass(%s) IS NOT NULL)::int::int8", p.word(s.opts.Schema+".versions")), p)
	if err != nil || longAt(there[0]) == 0 {
		return 0, err
	}
	is, err := row(ctx, c, s.in("SELECT coalesce(max(version), 0)::int8 FROM {s}versions"), nil)
	if err != nil {
		return 0, err
	}
	return int(longAt(is[0])), nil
}

// migrateFrom makes all that is missing in one transaction.
func (s *fences) migrateFrom(ctx context.Context, c *pgconn.PgConn) error {
	if err := tell(ctx, c, "BEGIN", nil); err != nil {
		return err
	}
	p := &params{}
	if err := tell(ctx, c, fmt.Sprintf("SELECT pg_advisory_xact_lock(%s)", p.long(s.lockKey("migrate"))), p); err != nil {
		return err
	}
	is, err := s.schemaVersion(ctx, c) // somebody else may have done it meanwhile
	if err != nil {
		return err
	}
	if is == 0 {
		if err := s.script(ctx, c, "CREATE SCHEMA IF NOT EXISTS "+s.opts.Schema+"; CREATE TABLE {s}versions (version int8 PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())"); err != nil {
			return err
		}
	}
	for n, name := range namesOf(s.opts.scripts()) {
		if n < is {
			continue
		}
		if is > 0 && strings.HasSuffix(strings.TrimSuffix(name, packed), whenQuiet) {
			if err := s.areQuiet(ctx, c, n+1); err != nil {
				return err
			}
		}
		sql, err := scriptOf(s.opts.scripts(), name)
		if err != nil {
			return err
		}
		if err := s.script(ctx, c, sql+fmt.Sprintf(";\nINSERT INTO {s}versions (version) VALUES (%d)", n+1)); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSuffix(name, packed), err)
		}
	}
	return tell(ctx, c, "COMMIT", nil)
}

// script runs statements without parameters.
func (s *fences) script(ctx context.Context, c *pgconn.PgConn, sql string) error {
	_, err := c.Exec(ctx, s.in(sql)).ReadAll()
	return err
}

// lockKey is the key of an advisory lock of this schema. Such locks are taken for the length
// of a transaction only.
func (e *engine) lockKey(what string) int64 {
	h := fnv.New64a()
	h.Write([]byte("hookgate\x00" + e.opts.Schema + "\x00" + what))
	return int64(h.Sum64())
}
