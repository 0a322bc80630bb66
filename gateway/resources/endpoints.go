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

// Endpoints writes the endpoints of tenants, and ends the secrets that were rotated.
type Endpoints struct {
	*ledger
	onChanged func(tenant, endpoint string) // Options.OnEndpointChanged
	onDeleted func(tenant, endpoint string)
	timer     *time.Timer // fires when the first rotated secret's time is over
	closed    bool
}

// Put creates or replaces an endpoint. body is a tree of package fields.
// made has the secret if one was made up for it: nobody is shown it again.
func (r *Endpoints) Put(by auth.Principal, tenant, id string, body any) (e *directory.Endpoint, made Made, created bool, err error) {
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
	made = rec.settleSign(old, r.clock())
	faults = append(faults, written(directory.EndpointSecrets(rec.Spec), &rec.Spec, &old.Spec)...)
	e, more := rec.compile(id, r.options, r.clock())
	if err := withMore(faults, more); err != nil {
		return nil, Made{}, false, err
	}
	r.warnOfCertificate(e.TLS, "tenant", tenant, "endpoint", id)
	if e, err = r.put(by, t, e, rec); err != nil {
		return nil, Made{}, false, err
	}
	return e, made, last == nil, nil
}

// put stores an endpoint and lets it be seen.
func (r *Endpoints) put(by auth.Principal, t *directory.Tenant, e *directory.Endpoint, rec *endpointRecord) (*directory.Endpoint, error) {
	stored, err := writeRecord(r.sealer, gateway.KindEndpoint, t.ID, e.ID, rec)
	if err != nil {
		return nil, err
	}
	if err := r.enter(by, stored, t.Spec.Parent); err != nil {
		return nil, err
	}
	r.of(t.ID).endpoints[e.ID] = rec
	r.show(t, e)
	r.watchOverlaps()
	return r.directory.Current().Tenant(t.ID).Endpoint(e.ID), nil
}

// show lets an endpoint be seen, and says so.
func (r *Endpoints) show(t *directory.Tenant, e *directory.Endpoint) {
	r.directory.Swap(r.directory.Current().With(t.WithEndpoint(e)))
	if r.onChanged != nil {
		r.onChanged(t.ID, e.ID)
	}
}

// Delete removes an endpoint: no event finds it from now on. What becomes
// of its unfinished deliveries is for Options.OnEndpointDeleted.
func (r *Endpoints) Delete(by auth.Principal, tenant, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, e, err := r.endpoint(by, tenant, id)
	if err != nil {
		return err
	}
	if err := r.weights.DeleteResource(gateway.KindEndpoint, tenant, e.ID); err != nil {
		return err
	}
	delete(r.of(tenant).endpoints, id)
	r.directory.Swap(r.directory.Current().With(t.WithoutEndpoint(id)))
	r.watchOverlaps()
	if r.onDeleted != nil {
		r.onDeleted(tenant, id)
	}
	return nil
}

// endpoint gives an endpoint that a principal may see and the API may write.
func (r *Endpoints) endpoint(by auth.Principal, tenant, id string) (*directory.Tenant, *directory.Endpoint, error) {
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

// revive is Tenants.revive for an endpoint.
func (r *Endpoints) revive(tenant, id string, rec *endpointRecord) *directory.Endpoint {
	e, faults := rec.compile(id, r.stored(), r.clock())
	if len(faults) > 0 {
		r.log.Error("a stored endpoint is refused and out of service until it is written anew", "tenant", tenant, "endpoint", id, "error", faults[0].String())
		e = &directory.Endpoint{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	r.warnOfSecrets(directory.EndpointSecrets(rec.Spec), "tenant", tenant, "endpoint", id)
	return e
}

func (r *Endpoints) warn(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for _, e := range t.Endpoints() {
		spec, named := file.Endpoints[e.ID]
		if named && k != nil && k.endpoints[e.ID] != nil {
			r.log.Warn("the file hides an endpoint of the same id that the API made", "tenant", t.ID, "endpoint", e.ID)
		}
		if named && spec.Sign == nil {
			r.log.Warn("an endpoint's deliveries are not signed: the file gives it no sign", "tenant", t.ID, "endpoint", e.ID)
		}
	}
}
