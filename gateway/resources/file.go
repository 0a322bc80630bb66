package resources

import (
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// File is what the configuration file says of resources.
type File struct {
	Tenants map[string]directory.FileTenant
	Tokens  []FileToken
	Routes  map[string]gateway.Route // the API has none
	// Settings are pointers to all else that it says, by key: the audit tells of their changes.
	Settings map[string]any
	// Compile holds the options that the file sets for all resources.
	Compile directory.Options
	// Compiled is what Compile made of all Tenants; nil: nobody has compiled them yet.
	Compiled []*directory.Tenant
}

// FileToken is a token that the file names.
type FileToken struct {
	Scope  auth.Scope
	Tenant string // for the scope tenant
	Name   string
	Secret gateway.Secret
}

// SetFile makes the file's resources those of f, all of them or none: at start,
// and at each reload. It gives every fault at once, placed from the file's root.
func (r *Resources) SetFile(f File) error {
	_, err := r.TakeFile(f)
	return err
}

// TakeFile is SetFile, and names the tenants that were built: those of which the file says
// something else than before, or all where it says something else for all of them.
func (r *Resources) TakeFile(f File) (built []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	same := r.taken && f.Compile.Same(r.options)
	as := func(id string) bool {
		was, had := r.file.Tenants[id]
		return same && had && sameTenant(was, f.Tenants[id])
	}
	named, faults := f.compile(as)
	routes, more := directory.CompileRoutes(f.Routes, f.Compile)
	if err := gateway.Invalid(append(faults, more...)); err != nil {
		return nil, err
	}
	last, lastCompile := r.file, r.options
	r.file, r.options = f, f.Compile
	come, gone := r.assemble(r.concerned(named, last, same))
	if err := gateway.Invalid(r.clashes(come, gone)); err != nil {
		r.file, r.options = last, lastCompile
		return nil, err
	}
	r.tellFile(last, lastCompile)
	r.taken = true
	r.remember()
	next := directory.Build(r.metrics, nil, nil)
	if same {
		next = r.directory.Current()
	}
	r.directory.SwapFor(directory.About{Action: string(audit.Reload)}, next.Change(come, gone).WithTokens(r.Tokens.table()).WithRoutes(routes))
	r.Endpoints.watchOverlaps()
	r.warn()
	for _, t := range come {
		built = append(built, t.ID)
	}
	return built, nil
}

// compile compiles the tenants that are not as they were, unless somebody has; once.
func (f *File) compile(as func(id string) bool) ([]*directory.Tenant, []gateway.Fault) {
	if compiled := f.Compiled; compiled != nil {
		f.Compiled = nil // a File is kept as long as it is in force
		return compiled, nil
	}
	return directory.CompileChanged(f.Tenants, f.Compile, as)
}

// sameTenant says whether a tenant is known to be the same in two files.
func sameTenant(was, now directory.FileTenant) bool {
	return now.Digest == was.Digest && now.Digest != [len(now.Digest)]byte{}
}

// concerned gives the tenants that have to be put together: with the same options as in
// the file before, those that were compiled and those that left it. What else there is
// stands in the snapshot as it has to.
func (r *Resources) concerned(named []*directory.Tenant, last File, same bool) map[string]*directory.Tenant {
	ids := make(map[string]*directory.Tenant, len(named))
	if !same {
		for id := range r.kept {
			ids[id] = nil
		}
	}
	for id := range last.Tenants {
		if _, stays := r.file.Tenants[id]; !stays {
			ids[id] = nil
		}
	}
	for _, t := range named {
		ids[t.ID] = t
	}
	return ids
}

// assemble gives tenants as they stand now: the file's, joined by the API's parts, and the
// API's that the file does not name; and the ids of those of which nothing is left.
func (r *Resources) assemble(ids map[string]*directory.Tenant) (come []*directory.Tenant, gone []string) {
	come = make([]*directory.Tenant, 0, len(ids))
	for id, t := range ids {
		k := r.kept[id]
		switch {
		case t == nil && k != nil && k.tenant != nil:
			t = r.Tenants.revive(id, k.tenant)
		case t == nil && k != nil && len(k.sources)+len(k.endpoints)+len(k.webhooks) > 0: // the file had it, in a store that could not take the mark
			t = r.Tenants.revive(id, &tenantRecord{FromFile: true})
		case t == nil:
			gone = append(gone, id)
			continue
		}
		if k != nil && len(k.sources)+len(k.endpoints)+len(k.webhooks) > 0 {
			t = t.Having(join(t.ID, t.Sources(), t.Source, k.sources, r.Sources.revive)...).
				HavingEndpoints(join(t.ID, t.Endpoints(), t.Endpoint, k.endpoints, r.Endpoints.revive)...).
				HavingWebhooks(join(t.ID, t.Webhooks(), t.Webhook, k.webhooks, r.Webhooks.revive)...)
		}
		come = append(come, t)
	}
	return come, gone
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

// clashes finds account keys of the file that a tenant of the API holds, once some tenants
// have come and others are gone.
func (r *Resources) clashes(come []*directory.Tenant, gone []string) (faults []gateway.Fault) {
	other := make(map[string]bool, len(come)+len(gone))
	for _, id := range gone {
		other[id] = true
	}
	for _, t := range come {
		other[t.ID] = true
	}
	all := slices.Clone(come)
	for t := range r.directory.Current().Tenants() {
		if !other[t.ID] {
			all = append(all, t)
		}
	}
	holders := map[string]string{}
	for _, t := range all {
		if t.Meta.ManagedBy == gateway.ManagedByAPI && !t.Disabled {
			for _, key := range t.Spec.AccountKeys {
				holders[key] = t.ID
			}
		}
	}
	for _, t := range all {
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
