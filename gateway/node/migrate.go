package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hookgate/configs"
	"hookgate/gateway/store/pgstore"
)

// Migrated is what Migrate did.
type Migrated struct {
	Schema    string
	Was, Is   int    // versions; 0: there was none
	GrantedTo string // the role of store.url; "": it is the owner's
}

// Migrate makes the schema that a configuration names, or brings it up to this version, with
// the rights of store.migrate_url. The role of store.url, where it is another, is let work on
// it. Nodes may run meanwhile: a migration only adds. One that needs more is refused while a
// node may work; with wait it waits until none has beaten for a minute, and tells that of those
// that do.
func Migrate(ctx context.Context, c *configs.Config, wait func(nodes int)) (m Migrated, err error) {
	if c.Store.Driver != configs.DriverPostgres {
		return m, errors.New("store.driver is pebble: a data folder is brought up to date by the start that serves it")
	}
	serves, err := c.Store.Database()
	if err != nil {
		return m, fmt.Errorf("store.url_file: %w", err)
	}
	url := c.Store.MigrateURL.Reveal()
	if url == "" {
		url = serves
	}
	v, err := visitAs(c, func() (string, error) { return url, nil })
	if err != nil {
		return m, err
	}
	defer v.Close()
	m.Schema, m.Is = c.Store.Schema, pgstore.Version()
	if wait != nil {
		if err := v.AwaitQuiet(ctx, wait); err != nil {
			return m, fmt.Errorf("waiting for nodes to stop: %w", err)
		}
	}
	if m.Was, err = v.Migrate(); err != nil {
		return m, err
	}
	m.Is = max(m.Was, m.Is)
	owner, err := v.Survey()
	if err != nil {
		return m, err
	}
	if role, err := pgstore.RoleOf(serves); err == nil && role != owner.Role {
		if err := v.Grant(role); err != nil {
			return m, fmt.Errorf("letting the role %s of store.url work on the schema: %w", role, err)
		}
		m.GrantedTo = role
	}
	return m, nil
}

// visitTime is how long a command waits for the database.
const visitTime = 10 * time.Second

func visitAs(c *configs.Config, url func() (string, error)) (pgstore.Visitor, error) {
	return pgstore.Visit(pgstore.Options{URL: url, Schema: c.Store.Schema, Patience: visitTime})
}
