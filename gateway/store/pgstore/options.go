package pgstore

import (
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"hookgate/gateway"
)

// Options steer a store. Only URL is required.
type Options struct {
	// URL names the database, as libpq does: several hosts, sslmode and all. It is asked for
	// at each connect, so that what it gives may change; its errors end that connect.
	URL func() (string, error)
	// Schema is where all tables are; "" is hookgate. Two schemas are two stores.
	Schema string
	// Connections is how many the store opens at most; 0 is 8. Two of them write, one is for
	// fences alone, the others read.
	Connections int
	// Patience is how long a write waits until it is refused, and a statement that is under
	// way until its connection is closed and nobody knows what came of it; 0 is 3 seconds.
	Patience time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Retention tells how long what ended is kept for a tenant; nil members, and a nil func,
	// stand for the defaults of SPEC 14. It is asked by the janitor.
	Retention func(tenant string) gateway.Retention
	// AuditKept is how long the lines of the audit are kept; 0 is 90 days.
	AuditKept time.Duration
	// ExpireEvery is the pause between two runs of the janitor; 0 is 5 minutes.
	ExpireEvery time.Duration
	// OnCommit is told how long each statement of promises took. It must not block.
	OnCommit func(time.Duration)
	// OnWrite is told, after a commit, whose rows it put and how many bytes they have. It
	// must not block.
	OnWrite func(tenant string, bytes int)
	// OnDoubt is told of slots whose rows may be others than this process knows: it must be
	// done with what it knows of them, and read anew (Recover, Lanes). It is called before
	// anything is written for them again, must not block, and may be called twice. nil: who
	// writes for one of them is told that the outcome is unknown, until he reads anew.
	OnDoubt func(gateway.SlotSet)
	// OnFenced is told, once, that another node has declared this one dead: it writes nothing
	// any more.
	OnFenced func()
	// noParts lets everything be in the default parts.
	noParts bool
	// migrations are other ones than those of this version; nil: those.
	migrations fs.FS
	// Logger is told what an operator should know; nil is slog.Default().
	Logger *slog.Logger
}

// Defaults of how long things are kept (SPEC 14 "Values").
const (
	day            = 24 * time.Hour
	keepEvents     = 7 * day
	keepDeliveries = 7 * day
	keepDead       = 30 * day
	keepAudit      = 90 * day
	changesKept    = 30 * day
)

const (
	defaultSchema      = "hookgate"
	defaultConnections = 8
	defaultPatience    = 3 * time.Second
	defaultExpireEvery = 5 * time.Minute
	// writing is how many connections write. Which one writes for a tenant goes by its slot.
	writing = 2
)

// schemaForm is what a schema may be called, so that it needs no quotes anywhere.
var schemaForm = gateway.Pattern(`^[a-z_][a-z0-9_]{0,47}$`)

func (o *Options) setDefaults() error {
	if o.Schema == "" {
		o.Schema = defaultSchema
	}
	if !schemaForm().MatchString(o.Schema) {
		return fmt.Errorf("store.schema %q: set 1 to 48 lower-case letters, digits and underscores, and no digit first", o.Schema)
	}
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.Connections < writing+2 {
		return fmt.Errorf("store.connections is %d: set %d or more, %d write, one is for fences, the others read", o.Connections, writing+2, writing)
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Retention == nil {
		o.Retention = func(string) gateway.Retention { return gateway.Retention{} }
	}
	if o.AuditKept <= 0 {
		o.AuditKept = keepAudit
	}
	if o.ExpireEvery <= 0 {
		o.ExpireEvery = defaultExpireEvery
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return nil
}

func kept(d *gateway.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return time.Duration(*d)
}
