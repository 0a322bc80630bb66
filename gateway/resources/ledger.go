package resources

import (
	"log/slog"
	"sync"
	"time"

	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// ledger is what those who write share: what the store has, what the file says, and
// the snapshot that both make. Its lock orders them.
type ledger struct {
	mu        sync.Mutex
	kept      map[string]*kept // by tenant: what the store has
	file      File
	options   directory.Options // of compiling, as the file last said
	weights   *weights          // the store
	directory *directory.Directory
	sealer    *seal.Sealer
	log       *slog.Logger
	clock     func() time.Time // Options.Now
}

// kept is what the store has of one tenant.
type kept struct {
	tenant    *tenantRecord // nil: the API never gave it, nor did it leave the file
	sources   map[string]*sourceRecord
	endpoints map[string]*endpointRecord
	webhooks  map[string]*webhookRecord
}

// of gives what is kept of a tenant, made where there was nothing.
func (r *ledger) of(tenant string) *kept {
	k := r.kept[tenant]
	if k == nil {
		k = &kept{sources: map[string]*sourceRecord{}, endpoints: map[string]*endpointRecord{}, webhooks: map[string]*webhookRecord{}}
		r.kept[tenant] = k
	}
	return k
}

// tenant gives a tenant that a principal may see.
func (r *ledger) tenant(by auth.Principal, id string) (*directory.Tenant, error) {
	s := r.directory.Current()
	if t := s.Tenant(id); t != nil && s.Reaches(by, id) {
		return t, nil
	}
	return nil, errNoTenant
}

// stored are the options for what was accepted before: its URLs are judged again
// when they are dialled, and an egress rule that was added since does not keep
// the whole tenant from starting.
func (r *ledger) stored() directory.Options {
	o, check := r.options, r.options.CheckURL
	o.CheckURL = func(url string, _ bool) error { return check(url, true) }
	o.Stored = true
	return o
}

// enter makes a record of a tenant's durable, if whoever writes may keep as much.
// above is the tenant's parent.
func (r *ledger) enter(by auth.Principal, rec gateway.Record, above string) error {
	if err := r.weights.fits(by, r.directory.Current(), rec, above); err != nil {
		return err
	}
	return r.weights.PutResources(rec)
}
