package resources

import (
	"maps"
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// File is what the configuration file says of resources.
type File struct {
	Tenants map[string]directory.FileTenant
	Tokens  []FileToken
	Routes  map[string]gateway.Route // the API has none
	// Compile holds the options that the file sets for all resources.
	Compile directory.Options
}

// FileToken is a token that the file names.
type FileToken struct {
	Scope  auth.Scope
	Tenant string // for the scope tenant
	Secret gateway.Secret
}

// SetFile makes the file's resources those of f, all of them or none: at start,
// and at each reload. It gives every fault at once, placed from the file's root.
func (r *Resources) SetFile(f File) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	named, faults := directory.CompileFile(f.Tenants, f.Compile)
	routes, more := directory.CompileRoutes(f.Routes, f.Compile)
	faults = append(faults, more...)
	if err := gateway.Invalid(faults); err != nil {
		return err
	}
	byID := make(map[string]*directory.Tenant, len(named))
	for _, t := range named {
		byID[t.ID] = t
	}
	last, lastCompile := r.file, r.options
	r.file, r.options = f, f.Compile
	tenants := r.assemble(byID)
	if err := gateway.Invalid(clashes(tenants)); err != nil {
		r.file, r.options = last, lastCompile
		return err
	}
	r.remember()
	r.directory.Swap(directory.Build(r.metrics, tenants, r.Tokens.table()).WithRoutes(routes))
	r.Endpoints.watchOverlaps()
	r.warn()
	return nil
}

// assemble gives every tenant as it stands now: the file's, joined by the API's
// parts, and the API's that the file does not name.
func (r *Resources) assemble(named map[string]*directory.Tenant) []*directory.Tenant {
	ids := maps.Clone(r.kept)
	for id := range named {
		ids[id] = r.kept[id]
	}
	all := make([]*directory.Tenant, 0, len(ids))
	for id, k := range ids {
		t := named[id]
		switch {
		case t == nil && k.tenant != nil:
			t = r.Tenants.revive(id, k.tenant)
		case t == nil && len(k.sources)+len(k.endpoints)+len(k.webhooks) > 0: // the file had it, in a store that could not take the mark
			t = r.Tenants.revive(id, &tenantRecord{FromFile: true})
		case t == nil:
			continue
		}
		if k != nil {
			t = t.Having(join(t.ID, t.Sources(), t.Source, k.sources, r.Sources.revive)...).
				HavingEndpoints(join(t.ID, t.Endpoints(), t.Endpoint, k.endpoints, r.Endpoints.revive)...).
				HavingWebhooks(join(t.ID, t.Webhooks(), t.Webhook, k.webhooks, r.Webhooks.revive)...)
		}
		all = append(all, t)
	}
	return all
}

// join gives a tenant's parts of one kind: its own, then the API's that they do not
// hide.
func join[P, R any](tenant string, own []*P, named func(id string) *P, kept map[string]*R, compile func(tenant, id string, rec *R) *P) []*P {
	for id, rec := range kept {
		if named(id) == nil {
			own = append(own, compile(tenant, id, rec))
		}
	}
	return own
}

// clashes finds account keys of the file that a tenant of the API holds.
func clashes(tenants []*directory.Tenant) (faults []gateway.Fault) {
	holders := map[string]string{}
	for _, t := range tenants {
		if t.Meta.ManagedBy == gateway.ManagedByAPI && !t.Disabled {
			for _, key := range t.Spec.AccountKeys {
				holders[key] = t.ID
			}
		}
	}
	for _, t := range tenants {
		if t.Meta.ManagedBy != gateway.ManagedByFile {
			continue
		}
		for i, key := range t.Spec.AccountKeys {
			if holder := holders[key]; holder != "" {
				faults = append(faults, directory.AccountKeyFault(t.ID, i, holder))
			}
		}
	}
	return faults
}

// remember marks the file's tenants in the store, so that one that leaves the
// file is known later. A store that takes no writes now is no reason not to
// start: the next load tries again.
func (r *Resources) remember() {
	var records []gateway.Record
	marked := map[string]*tenantRecord{}
	for _, id := range slices.Sorted(maps.Keys(r.file.Tenants)) {
		rec := &tenantRecord{CreatedAt: now(), UpdatedAt: now()}
		if k := r.kept[id]; k != nil && k.tenant != nil {
			*rec = *k.tenant
		}
		if rec.FromFile {
			continue
		}
		rec.FromFile = true
		stored, err := writeRecord(r.sealer, gateway.KindTenant, id, "", rec)
		if err != nil {
			r.log.Error("remembering a tenant of the file", "tenant", id, "error", err)
			continue
		}
		records = append(records, stored)
		marked[id] = rec
	}
	if len(records) == 0 {
		return
	}
	if err := r.weights.PutResources(records...); err != nil {
		r.log.Warn("remembering the tenants of the file", "error", err)
		return
	}
	for id, rec := range marked {
		r.of(id).tenant = rec
	}
}

// warn tells of what an operator should know, once for each load.
func (r *Resources) warn() {
	for t := range r.directory.Current().Tenants() {
		k := r.kept[t.ID]
		file, named := r.file.Tenants[t.ID]
		if named && k != nil && k.tenant != nil && k.tenant.Spec != nil {
			r.log.Warn("the file hides a tenant of the same id that the API made", "tenant", t.ID)
		}
		if t.Disabled {
			r.log.Warn("a tenant is disabled: it left the file, and no PUT took it over", "tenant", t.ID)
		}
		r.Sources.warn(t, file)
		r.Endpoints.warn(t, file)
		r.Webhooks.warn(t, file)
	}
}
