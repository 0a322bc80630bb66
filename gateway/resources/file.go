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
	last, lastCompile := r.file, r.compile
	r.file, r.compile = f, f.Compile
	tenants := r.assemble(byID)
	if err := gateway.Invalid(clashes(tenants)); err != nil {
		r.file, r.compile = last, lastCompile
		return err
	}
	r.remember()
	r.Directory.Swap(directory.Build(r.Metrics, tenants, r.tokenTable()).WithRoutes(routes))
	r.watchOverlaps()
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
			t = r.compileKept(id, k.tenant)
		case t == nil && len(k.sources)+len(k.endpoints)+len(k.webhooks) > 0: // the file had it, in a store that could not take the mark
			t = r.compileKept(id, &tenantRecord{FromFile: true})
		case t == nil:
			continue
		}
		if k != nil {
			t = t.Having(join(t.ID, t.Sources(), t.Source, k.sources, r.compileKeptSource)...).
				HavingEndpoints(join(t.ID, t.Endpoints(), t.Endpoint, k.endpoints, r.compileKeptEndpoint)...).
				HavingWebhooks(join(t.ID, t.Webhooks(), t.Webhook, k.webhooks, r.compileKeptWebhook)...)
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

// stored are the options for what was accepted before: its URLs are judged again
// when they are dialled, and an egress rule that was added since does not keep
// the whole tenant from starting.
func (r *Resources) stored() directory.Options {
	o, check := r.compile, r.compile.CheckURL
	o.CheckURL = func(url string, _ bool) error { return check(url, true) }
	return o
}

// compileKept makes the tenant of a record. One that this version refuses,
// though an earlier one took it, is shown and not in service.
func (r *Resources) compileKept(id string, rec *tenantRecord) *directory.Tenant {
	spec := gateway.Tenant{}
	if rec.Spec != nil {
		spec = *rec.Spec
	}
	t, faults := directory.CompileTenant(rec.meta(id), spec, r.stored())
	if len(faults) > 0 {
		r.Log.Error("a stored tenant is refused and out of service until it is written anew", "tenant", id, "error", faults[0].String())
		t = &directory.Tenant{ID: id, Meta: rec.meta(id), Spec: spec, Disabled: true}
	}
	t.Disabled = t.Disabled || rec.FromFile
	return t
}

// compileKeptSource is compileKept for a source.
func (r *Resources) compileKeptSource(tenant, id string, rec *sourceRecord) *directory.Source {
	s, faults := directory.CompileSource(rec.meta(id), rec.Spec, r.stored())
	if len(faults) > 0 {
		r.Log.Error("a stored source is refused and out of service until it is written anew", "tenant", tenant, "source", id, "error", faults[0].String())
		s = &directory.Source{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	return s
}

// compileKeptEndpoint is compileKept for an endpoint.
func (r *Resources) compileKeptEndpoint(tenant, id string, rec *endpointRecord) *directory.Endpoint {
	e, faults := rec.compile(id, r.stored(), r.Now())
	if len(faults) > 0 {
		r.Log.Error("a stored endpoint is refused and out of service until it is written anew", "tenant", tenant, "endpoint", id, "error", faults[0].String())
		e = &directory.Endpoint{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	return e
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
		stored, err := writeRecord(r.Sealer, gateway.KindTenant, id, "", rec)
		if err != nil {
			r.Log.Error("remembering a tenant of the file", "tenant", id, "error", err)
			continue
		}
		records = append(records, stored)
		marked[id] = rec
	}
	if len(records) == 0 {
		return
	}
	if err := r.Store.PutResources(records...); err != nil {
		r.Log.Warn("remembering the tenants of the file", "error", err)
		return
	}
	for id, rec := range marked {
		r.of(id).tenant = rec
	}
}

// warn tells of what an operator should know, once for each load.
func (r *Resources) warn() {
	for t := range r.Directory.Current().Tenants() {
		k := r.kept[t.ID]
		file, named := r.file.Tenants[t.ID]
		if named && k != nil && k.tenant != nil && k.tenant.Spec != nil {
			r.Log.Warn("the file hides a tenant of the same id that the API made", "tenant", t.ID)
		}
		if t.Disabled {
			r.Log.Warn("a tenant is disabled: it left the file, and no PUT took it over", "tenant", t.ID)
		}
		r.warnOfSources(t, file)
		r.warnOfEndpoints(t, file)
		r.warnOfWebhooks(t, file)
	}
}

func (r *Resources) warnOfSources(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for _, s := range t.Sources() {
		if _, named := file.Sources[s.ID]; named && k != nil && k.sources[s.ID] != nil {
			r.Log.Warn("the file hides a source of the same id that the API made", "tenant", t.ID, "source", s.ID)
		}
		if s.Spec.Verify.Type == "none" {
			r.Log.Warn("a source takes callbacks from anybody: its verify is none", "tenant", t.ID, "source", s.ID)
		}
	}
}

func (r *Resources) warnOfEndpoints(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for _, e := range t.Endpoints() {
		spec, named := file.Endpoints[e.ID]
		if named && k != nil && k.endpoints[e.ID] != nil {
			r.Log.Warn("the file hides an endpoint of the same id that the API made", "tenant", t.ID, "endpoint", e.ID)
		}
		if named && spec.Sign == nil {
			r.Log.Warn("an endpoint's deliveries are not signed: the file gives it no sign", "tenant", t.ID, "endpoint", e.ID)
		}
	}
}
