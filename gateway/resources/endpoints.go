package resources

import (
	"slices"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// maxEndpoints bounds what one tenant can make a snapshot hold, and how many
// deliveries one event can make.
const maxEndpoints = 1000

// PutEndpoint creates or replaces an endpoint. body is a tree of package fields.
// made has the secret if one was made up for it: nobody is shown it again.
func (r *Resources) PutEndpoint(by auth.Principal, tenant, id string, body any) (e *directory.Endpoint, made Made, created bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, made, false, err
	}
	last := t.Endpoint(id)
	if last != nil && last.Meta.ManagedBy == gateway.ManagedByFile {
		return nil, made, false, errManagedByFile
	}
	old := &endpointRecord{}
	rec := &endpointRecord{CreatedAt: now(), UpdatedAt: now()}
	if last != nil {
		old = r.of(tenant).endpoints[id]
		rec.CreatedAt = old.CreatedAt
	} else if len(t.Endpoints()) >= maxEndpoints {
		return nil, made, false, gateway.Errorf(gateway.CodeInvalidField, "the tenant has %d endpoints: the most there may be", maxEndpoints)
	}
	faults := decode(body, &rec.Spec, &old.Spec, readOnlyEndpoint)
	made = rec.settleSign(old, r.Now())
	e, more := rec.compile(id, r.compile, r.Now())
	if err := withMore(faults, more); err != nil {
		return nil, Made{}, false, err
	}
	if e, err = r.putEndpoint(t, e, rec); err != nil {
		return nil, Made{}, false, err
	}
	return e, made, last == nil, nil
}

// putEndpoint stores an endpoint and lets it be seen.
func (r *Resources) putEndpoint(t *directory.Tenant, e *directory.Endpoint, rec *endpointRecord) (*directory.Endpoint, error) {
	stored, err := writeRecord(r.Sealer, gateway.KindEndpoint, t.ID, e.ID, rec)
	if err != nil {
		return nil, err
	}
	if err := r.Store.PutResources(stored); err != nil {
		return nil, err
	}
	r.of(t.ID).endpoints[e.ID] = rec
	r.showEndpoint(t, e)
	r.watchOverlaps()
	return r.Directory.Current().Tenant(t.ID).Endpoint(e.ID), nil
}

// showEndpoint lets an endpoint be seen, and says so.
func (r *Resources) showEndpoint(t *directory.Tenant, e *directory.Endpoint) {
	r.Directory.Swap(r.Directory.Current().With(t.WithEndpoint(e)))
	if r.OnEndpointChanged != nil {
		r.OnEndpointChanged(t.ID, e.ID)
	}
}

// DeleteEndpoint removes an endpoint: no event finds it from now on. What becomes
// of its unfinished deliveries is for OnEndpointDeleted.
func (r *Resources) DeleteEndpoint(by auth.Principal, tenant, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, e, err := r.endpoint(by, tenant, id)
	if err != nil {
		return err
	}
	if err := r.Store.DeleteResource(gateway.KindEndpoint, tenant, e.ID); err != nil {
		return err
	}
	delete(r.of(tenant).endpoints, id)
	r.Directory.Swap(r.Directory.Current().With(t.WithoutEndpoint(id)))
	r.watchOverlaps()
	if r.OnEndpointDeleted != nil {
		r.OnEndpointDeleted(tenant, id)
	}
	return nil
}

// endpoint gives an endpoint that a principal may see and the API may write.
func (r *Resources) endpoint(by auth.Principal, tenant, id string) (*directory.Tenant, *directory.Endpoint, error) {
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, nil, err
	}
	e := t.Endpoint(id)
	switch {
	case e == nil:
		return nil, nil, errNoEndpoint
	case e.Meta.ManagedBy == gateway.ManagedByFile:
		return nil, nil, errManagedByFile
	}
	return t, e, nil
}

func (rec *endpointRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt}
}

// compile leaves out the old secrets whose time is over.
func (rec *endpointRecord) compile(id string, o directory.Options, at time.Time) (*directory.Endpoint, []gateway.Fault) {
	return directory.CompileEndpoint(rec.meta(id), rec.Spec, live(rec.Old, at), o)
}

// live gives the old secrets that still sign.
func live(old []gateway.OldSecret, at time.Time) []gateway.OldSecret {
	return slices.DeleteFunc(slices.Clone(old), func(s gateway.OldSecret) bool { return !s.Until.After(at) })
}
