package node

import (
	"crypto/hmac"
	"errors"
	"time"

	"hookgate/auth/seal"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/store/pgstore"
)

// Bounds beyond which doctor has a word.
const (
	oldTransaction = 5 * time.Minute
	manyDeadRows   = 1_000_000
	oldestServer   = 150000 // PostgreSQL 15
	reserved       = 3      // superuser_reserved_connections, as a rule
)

// database looks how a PostgreSQL stands: the one thing that is asked over the network.
func (d *doctor) database() {
	const check = "database"
	v, err := visitAs(d.config, d.config.Store.Database)
	if err != nil {
		d.add(check, SeverityError, "mend store.url", "%s", err)
		return
	}
	defer v.Close()
	is, err := v.Survey()
	if err != nil {
		d.add(check, SeverityError, "start it, let this machine and role in, or mend store.url", "it cannot be asked: %s", cause(err))
		return
	}
	if is.VersionNumber < oldestServer {
		d.add(check, SeverityError, "use PostgreSQL 15 or newer", "it is PostgreSQL %s", is.Version)
	}
	d.promised(check, &is)
	if is.OldestTransaction > oldTransaction {
		d.add(check, SeverityWarning, "end it: SELECT pid, query FROM pg_stat_activity ORDER BY xact_start LIMIT 1", "a transaction is open since %s: vacuum removes nothing that it may see", is.OldestTransaction.Round(time.Second))
	}
	if is.DeadRows > manyDeadRows {
		d.add(check, SeverityWarning, "look why autovacuum does not come to it", "%d rows of the schema are dead and not removed", is.DeadRows)
	}
	for _, unseen := range is.Unseen {
		d.add(check, SeverityWarning, "grant it, or ask who may see it", "not seen: %s", unseen)
	}
	d.ofSchema(check, v, &is)
	d.ok(check, "PostgreSQL %s, schema %s at version %d, %s", is.Version, d.config.Store.Schema, pgstore.Version(), "promises wait for "+waitsFor(&is))
}

// promised looks at what a commit that was told as done is worth.
func (d *doctor) promised(check string, is *pgstore.Survey) {
	if !is.Fsync {
		d.add(check, SeverityError, "set fsync = on", "fsync is off: a crash of its machine loses what was answered, or all")
	}
	if !is.FullPageWrites {
		d.add(check, SeverityError, "set full_page_writes = on", "full_page_writes is off: a crash of its machine may leave half a page")
	}
	if is.StandbyNames == "" {
		d.add(check, SeverityWarning, "name a standby in synchronous_standby_names, where losing this machine must lose nothing",
			"synchronous_standby_names is empty: what was answered is on one machine, and a failover loses the last of it")
	}
	if is.StandbyNames != "" && is.SynchronousCommit != "on" && is.SynchronousCommit != "remote_apply" {
		d.add(check, SeverityWarning, "set it to on for this role, or leave it: promises set it themselves", "synchronous_commit is %s for this role", is.SynchronousCommit)
	}
}

func waitsFor(is *pgstore.Survey) string {
	if is.StandbyNames == "" {
		return "its disk"
	}
	return "its disk and for " + is.StandbyNames
}

// ofSchema looks at the schema, at its nodes, and by which key it is sealed.
func (d *doctor) ofSchema(check string, v pgstore.Visitor, is *pgstore.Survey) {
	version, err := v.Schema()
	switch {
	case err != nil:
		d.add(check, SeverityError, "let the role of store.url read the schema: hookgate migrate grants that", "the schema cannot be read: %s", cause(err))
		return
	case version == 0:
		d.add(check, SeverityWarning, "run hookgate migrate, or let the first start make it", "there is no schema %s yet", d.config.Store.Schema)
		return
	case pgstore.TooNew(version) != nil:
		d.add(check, SeverityError, "run a newer hookgate", "schema %s: %s", d.config.Store.Schema, pgstore.TooNew(version))
		return
	case version < pgstore.Version():
		d.add(check, SeverityWarning, "run hookgate migrate, or let the next start do it", "schema %s is at version %d, this hookgate makes %d", d.config.Store.Schema, version, pgstore.Version())
	}
	nodes, _, err := v.Members()
	if err != nil {
		d.add(check, SeverityError, "let the role of store.url read the schema: hookgate migrate grants that", "the nodes cannot be read: %s", cause(err))
		return
	}
	living := 1 // this one, which is about to start
	for _, n := range nodes {
		if !n.Gone {
			living++
		}
	}
	if need := living * d.config.Store.Connections; need > is.MaxConnections-reserved {
		d.add(check, SeverityWarning, "set less store.connections, raise max_connections, or put PgBouncer in between",
			"%d nodes with %d connections each are %d, and it takes %d", living, d.config.Store.Connections, need, is.MaxConnections-reserved)
	}
	if err := rightKey(v, d.config); err != nil {
		d.add("key", SeverityError, "set the HOOKGATE_MASTER_KEY of the other nodes", "%s", err)
	}
}

// rightKey looks whether the master key is that of the schema.
func rightKey(v pgstore.Visitor, c *configs.Config) error {
	key, err := seal.ParseKey(c.MasterKey.Reveal())
	if err != nil {
		return err
	}
	own := keyDigest(seal.New(key))
	is, err := v.Claimed(claimedKey)
	if errors.Is(err, gateway.ErrNotFound) {
		return nil // the first node will say it
	}
	if err == nil && !hmac.Equal(is, own[:]) {
		err = errOtherKey
	}
	return err
}

// cause is what happened inside, for an operator.
func cause(err error) error {
	if e, is := errors.AsType[*gateway.Error](err); is && e.Err != nil {
		return e.Err
	}
	return err
}
