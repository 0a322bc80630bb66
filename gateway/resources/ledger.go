package resources

import (
	"log/slog"
	"time"

	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// ledger is what those who write share: what the store has, what the file says, and
// the snapshot that both make. They come one after the other.
type ledger struct {
	mu        desk
	kept      map[string]*kept // by tenant: what the store has
	file      File
	options   directory.Options // of compiling, as the file last said
	weights   *weights          // the store
	directory *directory.Directory
	sealer    *seal.Sealer
	audit     *audit.Log
	log       *slog.Logger
	clock     func() time.Time // Options.Now
	// configures is Options.Configures.
	configures func() bool
	revoked    func(tokenID string) bool // says whether a token of the API's is none any more
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

// above gives the ids of the tenants above one, the nearest first.
func (r *ledger) above(tenant string) (ids []string) {
	s := r.directory.Current()
	t := s.Tenant(tenant)
	if t == nil {
		return nil
	}
	for _, one := range s.Above(t) {
		ids = append(ids, one.ID)
	}
	return ids
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

// enter makes a record of a tenant's durable, with the lines that tell of it, if whoever
// writes may keep as much. memory is what it was compiled to, above is the tenant's parent.
func (r *ledger) enter(by auth.Principal, rec gateway.Record, memory int, above string, lines []gateway.AuditLine) error {
	if err := r.weights.fits(by, r.directory.Current(), rec, memory, above); err != nil {
		return err
	}
	return r.weights.PutAudited(lines, rec)
}
