package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// maxSources bounds what one tenant can make a snapshot hold.
const maxSources = 1000

// PutSource creates or replaces a source. body is a tree of package fields.
func (r *Resources) PutSource(by auth.Principal, tenant, id string, body any) (s *directory.Source, created bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, false, err
	}
	last := t.Source(id)
	if last != nil && last.Meta.ManagedBy == gateway.ManagedByFile {
		return nil, false, errManagedByFile
	}
	old := &gateway.Source{}
	rec := sourceRecord{CreatedAt: now(), UpdatedAt: now()}
	if last != nil {
		old = &last.Spec
		rec.CreatedAt = last.Meta.CreatedAt
	} else if len(t.Sources()) >= maxSources {
		return nil, false, gateway.Errorf(gateway.CodeInvalidField, "the tenant has %d sources: the most there may be", maxSources)
	}
	faults := decode(body, &rec.Spec, old, readOnly)
	s, more := directory.CompileSource(rec.meta(id), rec.Spec, r.compile)
	if err := withMore(faults, more); err != nil {
		return nil, false, err
	}
	stored, err := writeRecord(r.Sealer, gateway.KindSource, tenant, id, &rec)
	if err != nil {
		return nil, false, err
	}
	if err := r.fits(by, r.Directory.Current(), stored, t.Spec.Parent); err != nil {
		return nil, false, err
	}
	if err := r.Store.PutResources(stored); err != nil {
		return nil, false, err
	}
	r.of(tenant).sources[id] = &rec
	r.Directory.Swap(r.Directory.Current().With(t.With(s)))
	return s, last == nil, nil
}

// DeleteSource removes a source: callbacks to it are 404 from now on. Its waits
// go on to their deadlines.
func (r *Resources) DeleteSource(by auth.Principal, tenant, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return err
	}
	s := t.Source(id)
	switch {
	case s == nil:
		return errNoSource
	case s.Meta.ManagedBy == gateway.ManagedByFile:
		return errManagedByFile
	}
	if err := r.Store.DeleteResource(gateway.KindSource, tenant, id); err != nil {
		return err
	}
	delete(r.of(tenant).sources, id)
	r.Directory.Swap(r.Directory.Current().With(t.Without(id)))
	return nil
}

// tenant gives a tenant that a principal may see.
func (r *Resources) tenant(by auth.Principal, id string) (*directory.Tenant, error) {
	s := r.Directory.Current()
	if t := s.Tenant(id); t != nil && s.Reaches(by, id) {
		return t, nil
	}
	return nil, errNoTenant
}

func (rec *sourceRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt}
}
