// Package resources is what a write to the configuration does, through the API
// or by the file:
//
//	decode    a strict reading of what was written; "***" keeps the secret that was
//	          there, as long as it goes where it went
//	allow     a tenant's token stays in its tree, and lets be what binds it
//	compile   directory refuses what could not run, with every fault
//	seal      each secret for its own place, before it leaves memory
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
// tell it (SetWebhookError), and only a change of it is written.
//
// One mutex orders writers. Readers use the directory's snapshot and never come
// here.
package resources

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/directory"
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
	// Now is the clock by which a rotated secret's overlap ends, which must not leap;
	// nil: time.Now. What is only shown (created_at, updated_at) is the wall clock's.
	Now func() time.Time
	// OnTenantDeleted is told after a tenant has gone from store and snapshot:
	// what others hold of it in memory must go too.
	OnTenantDeleted func(tenant string)
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

// Resources is the one writer of the configuration.
type Resources struct {
	Options
	mu       sync.Mutex
	kept     map[string]*kept // by tenant: what the store has
	tokens   map[string]*tokenRecord
	hadAdmin bool // an admin token was set once, in this run or an earlier one
	file     File
	compile  directory.Options // as the file last said
	overlaps *time.Timer       // fires when the first rotated secret's time is over
	closed   bool

	callErrors callErrors
}

// kept is what the store has of one tenant.
type kept struct {
	tenant    *tenantRecord // nil: the API never gave it, nor did it leave the file
	sources   map[string]*sourceRecord
	endpoints map[string]*endpointRecord
	webhooks  map[string]*webhookRecord
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

// Open reads what the store has. With a wrong master key it gives ErrMasterKey
// and has touched nothing. SetFile must follow: it makes the first snapshot.
func Open(o Options) (*Resources, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &Resources{Options: o, kept: map[string]*kept{}, tokens: map[string]*tokenRecord{}}
	var records []gateway.Record
	check := ""
	err := o.Store.Resources(func(rec gateway.Record) error {
		if rec.Kind == markKind && rec.ID == markSeal {
			check = string(rec.Value)
			return nil
		}
		records = append(records, rec)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading resources: %w", err)
	}
	if check != "" && o.Sealer.Matches(check) != nil {
		return nil, ErrMasterKey
	}
	for _, rec := range records {
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
	return r, nil
}

func (r *Resources) load(rec gateway.Record) (err error) {
	switch rec.Kind {
	case gateway.KindTenant:
		r.of(rec.Tenant).tenant, err = readRecord[tenantRecord](r.Sealer, rec)
	case gateway.KindSource:
		r.of(rec.Tenant).sources[rec.ID], err = readRecord[sourceRecord](r.Sealer, rec)
	case gateway.KindEndpoint:
		r.of(rec.Tenant).endpoints[rec.ID], err = readRecord[endpointRecord](r.Sealer, rec)
	case gateway.KindWebhook:
		var w *webhookRecord
		if w, err = readRecord[webhookRecord](r.Sealer, rec); err == nil {
			r.of(rec.Tenant).webhooks[rec.ID] = w
			r.callErrors.set(webhookKey{rec.Tenant, rec.ID}, w.Error)
		}
	case gateway.KindToken:
		var t *tokenRecord
		if t, err = readRecord[tokenRecord](r.Sealer, rec); err == nil {
			err = t.setDigest()
			r.tokens[rec.ID] = t
		}
	case markKind:
		r.hadAdmin = r.hadAdmin || rec.ID == markAdmin
	default:
		err = errors.New("a kind of resource that this version does not know")
	}
	return err
}

// of gives what is kept of a tenant, made where there was nothing.
func (r *Resources) of(tenant string) *kept {
	k := r.kept[tenant]
	if k == nil {
		k = &kept{sources: map[string]*sourceRecord{}, endpoints: map[string]*endpointRecord{}, webhooks: map[string]*webhookRecord{}}
		r.kept[tenant] = k
	}
	return k
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
