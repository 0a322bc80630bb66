package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// DefaultConfiguration is how much configuration the tokens of one tenant and of all
// below it may keep here, in bytes as the store has it. Memory has it several times
// over for as long as the process is up, and after each start again (SPEC 16).
const DefaultConfiguration = 32 << 20

// weights is a Store that knows how much each tenant's resources take.
type weights struct {
	Store
	of   map[string]*weight // by tenant
	most int                // Options.Configuration
}

// weight is the sizes of one tenant's resources, in bytes.
type weight struct {
	parts map[part]int
	total int
}

// part names a resource within its tenant.
type part struct{ kind, id string }

func (w *weights) PutResources(records ...gateway.Record) error {
	if err := w.Store.PutResources(records...); err != nil {
		return err
	}
	for _, rec := range records {
		w.set(rec)
	}
	return nil
}

func (w *weights) DeleteResource(kind, tenant, id string) error {
	if err := w.Store.DeleteResource(kind, tenant, id); err != nil {
		return err
	}
	w.set(gateway.Record{Kind: kind, Tenant: tenant, ID: id})
	return nil
}

func (w *weights) DeleteTenant(tenant string) error {
	if err := w.Store.DeleteTenant(tenant); err != nil {
		return err
	}
	delete(w.of, tenant)
	return nil
}

// set weighs a record anew; one without a value is no more.
func (w *weights) set(rec gateway.Record) {
	of := w.of[rec.Tenant]
	if of == nil {
		of = &weight{parts: map[part]int{}}
		w.of[rec.Tenant] = of
	}
	p := part{rec.Kind, rec.ID}
	of.total += len(rec.Value) - of.parts[p]
	if of.parts[p] = len(rec.Value); len(rec.Value) == 0 {
		delete(of.parts, p)
	}
}

// last gives how much the record takes that rec would take the place of.
func (w *weights) last(rec gateway.Record) int {
	if of := w.of[rec.Tenant]; of != nil {
		return of.parts[part{rec.Kind, rec.ID}]
	}
	return 0
}

// fits says whether a tenant's token may store a record. What it and all of its tree
// have, up to the tenant that has none above, counts together: to be split into
// children makes nobody's share larger. above is the parent of the record's tenant.
func (w *weights) fits(by auth.Principal, snapshot *directory.Snapshot, rec gateway.Record, above string) error {
	more := len(rec.Value) - w.last(rec)
	if by.EveryTenant() || more <= 0 {
		return nil
	}
	root := rec.Tenant
	if t := snapshot.Tenant(above); t != nil {
		root = above
		if higher := snapshot.Above(t); len(higher) > 0 {
			root = higher[len(higher)-1].ID
		}
	}
	for id, of := range w.of {
		if id == rec.Tenant || snapshot.Under(id, root) {
			more += of.total
		}
	}
	if more > w.most {
		return gateway.Errorf(gateway.CodeInvalidField,
			"the tenant and those in its tree would have over %d bytes of configuration: the most there may be (bounds.configuration)", w.most)
	}
	return nil
}
