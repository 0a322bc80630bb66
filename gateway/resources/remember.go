package resources

import (
	"maps"
	"slices"

	"hookgate/gateway"
)

// Remember tries again to mark the file's tenants in the store, where it did not go, and
// tells again of what an operator should know: the file was loaded, and is as it was.
func (r *Resources) Remember() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filed.untold != nil {
		r.tellFile(r.file, r.options)
	}
	r.filed.done(nil)
	r.remember()
	r.warn()
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
