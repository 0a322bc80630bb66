// Package resources is what a write to the configuration does, through the API
// or by the file:
//
//	decode    a strict reading of what was written; "***" keeps the secret that was
//	          there, as long as it goes where it went
//	allow     a tenant's token stays in its tree, and lets be what binds it
//	compile   directory refuses what could not run, with every fault
//	seal      each secret for its own place, before it leaves memory
//	tell      the line of the audit: who changed what, in the same commit
//	store     durably; only then is anything answered
//	swap      the next request sees the next snapshot, made by copying one tenant
//
// The file and the API stand side by side. What the file names is the file's: an
// API resource of the same id is hidden, kept, and comes back when the file lets
// go of it. A tenant that leaves the file stays known, with what the API gave it,
// and is disabled until it is back or a PUT takes it over.
//
// An endpoint that is given no signing secret gets one that is made up, and shown
// in that one answer. A rotation leaves the old secret beside the new one until its
// overlap ends; a timer then builds the snapshot in which it signs no more.
//
// A webhook's record also has how its last call failed. No snapshot knows it: calls
// tell it (Webhooks.SetError), and only a change of it is written.
//
// What the file said last is in the store too, so that a start tells what it changed while
// no process ran (infile.go).
//
// Each kind has its writer, and one ledger orders them all by its lock. Readers use
// the directory's snapshot and never come here.
package resources

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hookgate/auth/seal"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
	"hookgate/metrics"
)

// Options is what Resources needs.
type Options struct {
	Store     Store
	Directory *directory.Directory
	Metrics   *metrics.Set
	Sealer    *seal.Sealer
	// AdminToken is the environment's: the admin token while it is set.
	AdminToken gateway.Secret
	Log        *slog.Logger
	// Audit is how many bytes of the audit's lines the tokens of a tree may have written
	// in a day; 0 stands for audit.DefaultDaily.
	Audit int
	// Now is the clock by which a rotated secret's overlap ends, which must not leap;
	// nil: time.Now. What is only shown (created_at, updated_at) is the wall clock's.
	Now func() time.Time
	// Configuration is how much a tree of tenants may keep here by its own tokens, in
	// bytes; 0 stands for DefaultConfiguration.
	Configuration int
	// Configured is told how much a tree has with what its token has written; may be nil.
	Configured func(int64)
	// Configures says whether this process writes what is configured: of several one does, and
	// what another found out by itself would bring back what that one has deleted. nil: it is
	// the only one.
	Configures func() bool
	// OnUsed is told where it does not of the last uses of tokens, by id, in milliseconds of
	// Unix time. It may be nil.
	OnUsed func(map[string]int64)
	// OnTenantDeleted is told after a tenant has gone from store and snapshot:
	// what others hold of it in memory must go too.
	OnTenantDeleted func(tenant string)
	// WasDeleted says whether a tenant was deleted by a process that may have died before it had
	// cleared up: of several, others then write on for it for a moment. nil: none did.
	WasDeleted func(tenant string) (bool, error)
	// OnEndpointChanged is told after an endpoint was written, or its secrets
	// changed, and the snapshot has it so; OnEndpointDeleted after it has gone from
	// store and snapshot. Neither is told of what the file changes. They may be nil,
	// and must not call Resources.
	OnEndpointChanged func(tenant, endpoint string)
	OnEndpointDeleted func(tenant, endpoint string)
	// OnWebhookDeleted is told after a webhook has gone from store and snapshot, but
	// not of what the file changes. It may be nil, and must not call Resources.
	OnWebhookDeleted func(tenant, webhook string)
}

// markKind is the kind of records that are no resources: facts of the store as a
// whole, by their ids.
const (
	markKind  = "mark"
	markSeal  = "seal"  // the Sealer's Check
	markAdmin = "admin" // an admin token was set once, or shown
)

// ErrMasterKey says that the store's secrets were sealed with another key.
var ErrMasterKey = seal.ErrMasterKey

// Resources is all that writes the configuration: by kind through the API, as a whole
// by the file.
type Resources struct {
	*ledger
	metrics *metrics.Set
	taken   bool // a file was: the snapshot is made of it
	filed   *filed

	Tenants   *Tenants
	Sources   *Sources
	Endpoints *Endpoints
	Webhooks  *Webhooks
	Tokens    *Tokens
	Logins    *Logins
	Knowns    *Knowns
	Audit     *audit.Log
}

// Open reads what the store has. With a wrong master key it gives ErrMasterKey
// and has touched nothing. SetFile must follow: it makes the first snapshot.
func Open(o Options) (*Resources, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Configures == nil {
		o.Configures = func() bool { return true }
	}
	if o.OnUsed == nil {
		o.OnUsed = func(map[string]int64) {}
	}
	r := newResources(o)
	records, check, err := readStore(o.Store)
	if err != nil {
		return nil, fmt.Errorf("reading resources: %w", err)
	}
	if check != "" && o.Sealer.Matches(check) != nil {
		return nil, ErrMasterKey
	}
	for _, rec := range records {
		if rec.Kind != gateway.KindFile { // nobody's by the API
			r.weights.set(rec)
		}
		if err := r.load(rec); err != nil {
			return nil, fmt.Errorf("reading %s %s/%s: %w", rec.Kind, rec.Tenant, rec.ID, err)
		}
	}
	if check == "" {
		mark := gateway.Record{Kind: markKind, ID: markSeal, Value: []byte(o.Sealer.Check())}
		if err := o.Store.PutResources(mark); err != nil {
			return nil, fmt.Errorf("marking the store with its master key: %w", err)
		}
	}
	return r, r.Logins.begin(records)
}

func newResources(o Options) *Resources {
	l := &ledger{mu: newDesk(), kept: map[string]*kept{}, directory: o.Directory, sealer: o.Sealer, log: o.Log, clock: o.Now, configures: o.Configures}
	l.weights = &weights{Store: o.Store, of: map[string]*weight{}, most: cmp.Or(o.Configuration, DefaultConfiguration), saw: o.Configured}
	l.audit = audit.New(audit.Options{Store: o.Store, Above: l.above, Daily: o.Audit, Now: o.Now, Log: o.Log})
	r := &Resources{ledger: l, metrics: o.Metrics, Audit: l.audit, filed: newFiled(l)}
	r.Tokens = &Tokens{ledger: l, made: map[string]*tokenRecord{}, admin: o.AdminToken, onUsed: o.OnUsed}
	l.revoked = func(id string) bool { return r.Tokens.made[id] == nil }
	r.Logins = &Logins{ledger: l, sessions: map[string]*loginRecord{}, links: map[token.Digest]*linkRecord{}, unused: shares.New(mostLinks), portals: shares.New(mostPortals), desk: newDesk()}
	r.Sources = &Sources{ledger: l}
	r.Knowns = &Knowns{ledger: l, all: map[string][]gateway.Known{}}
	r.Endpoints = &Endpoints{ledger: l, onChanged: o.OnEndpointChanged, onDeleted: o.OnEndpointDeleted, rotated: map[gateway.LaneKey]bool{}}
	r.Webhooks = &Webhooks{ledger: l, onDeleted: o.OnWebhookDeleted}
	r.Tenants = &Tenants{ledger: l, tokens: r.Tokens, webhooks: r.Webhooks, knowns: r.Knowns, onDeleted: o.OnTenantDeleted, wasDeleted: o.WasDeleted}
	return r
}

// readStore gives the records of a store, and by what its master key is checked; "":
// nothing was sealed yet.
func readStore(s Store) (records []gateway.Record, check string, err error) {
	err = s.Resources(func(rec gateway.Record) error {
		if rec.Kind == markKind && rec.ID == markSeal {
			check = string(rec.Value)
			return nil
		}
		records = append(records, rec)
		return nil
	})
	return records, check, err
}

func (r *Resources) load(rec gateway.Record) (err error) {
	switch rec.Kind {
	case gateway.KindTenant:
		r.of(rec.Tenant).tenant, err = readRecord[tenantRecord](r.sealer, rec)
	case gateway.KindSource:
		r.of(rec.Tenant).sources[rec.ID], err = readRecord[sourceRecord](r.sealer, rec)
	case gateway.KindEndpoint:
		err = r.Endpoints.load(rec)
	case gateway.KindWebhook:
		err = r.Webhooks.load(rec)
	case gateway.KindToken:
		err = r.Tokens.load(rec)
	case gateway.KindKnown:
		err = r.Knowns.load(rec)
	case gateway.KindLogin, gateway.KindLink, markInstallation:
		// Logins.begin has them.
	case gateway.KindFile:
		r.filed.load(rec)
	case markKind:
		r.filed.whole = r.filed.whole || rec.ID == markFile
		r.Tokens.hadAdmin = r.Tokens.hadAdmin || rec.ID == markAdmin
	default:
		err = errors.New("a kind of resource that this version does not know")
	}
	return err
}

// Close ends what runs in the background. Nothing may be written after it.
func (r *Resources) Close() {
	r.Endpoints.close()
	r.Tokens.close()
	r.filed.close()
	r.audit.Close()
}

// now is the moment of a write, as it is stored and shown.
func now() gateway.Time { return gateway.At(time.Now()) }

var (
	errNoTenant      = gateway.Errorf(gateway.CodeNotFound, "no such tenant")
	errNoEndpoint    = gateway.Errorf(gateway.CodeNotFound, "no such endpoint")
	errNoWebhook     = gateway.Errorf(gateway.CodeNotFound, "no such webhook")
	errNoSource      = gateway.Errorf(gateway.CodeNotFound, "no such source")
	errNoToken       = gateway.Errorf(gateway.CodeNotFound, "no such token")
	errManagedByFile = gateway.Errorf(gateway.CodeManagedByFile, "the configuration file owns this: change it there and reload")
)
