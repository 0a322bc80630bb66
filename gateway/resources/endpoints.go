package resources

import (
	"slices"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// Endpoints writes the endpoints of tenants, and ends the secrets that were rotated.
type Endpoints struct {
	*ledger
	onChanged func(tenant, endpoint string) // Options.OnEndpointChanged
	onDeleted func(tenant, endpoint string)
	timer     *time.Timer // fires when the first rotated secret's time is over
	closed    bool
	rotated   map[gateway.LaneKey]bool // those that may have old secrets
}

func (r *Endpoints) load(rec gateway.Record) error {
	e, err := readRecord[endpointRecord](r.sealer, rec)
	if err != nil {
		return err
	}
	r.keep(rec.Tenant, rec.ID, e)
	return nil
}

// Put creates or replaces an endpoint. body is a tree of package fields.
// made has the secret if one was made up for it: nobody is shown it again.
func (r *Endpoints) Put(by auth.Principal, tenant, id string, body any) (e *directory.Endpoint, made Made, created bool, err error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, made, false, err
	}
	defer end()
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
	} else if err := full(r.directory.Current().Full(t)); err != nil {
		return nil, made, false, err
	}
	if err := r.unchanged(by, last != nil, managedByAPI, &old.Spec); err != nil {
		return nil, made, false, err
	}
	faults := decode(body, &rec.Spec, &old.Spec, readOnlyEndpoint, r.opener(by, tenant, gateway.KindEndpoint, id))
	made = rec.settleSign(old, r.clock())
	rec.SecretSetAt = secretsSet(&rec.Spec, &old.Spec, "sign", old.SecretSetAt)
	faults = append(faults, written(directory.EndpointSecrets(rec.Spec), &rec.Spec, &old.Spec)...)
	e, more := rec.compile(id, r.options, r.clock())
	if err := withMore(faults, more); err != nil {
		return nil, Made{}, false, err
	}
	if by.Dry() {
		return t.WithEndpoint(e).Endpoint(id), Made{}, last == nil, nil
	}
	r.warnOfCertificate(e.TLS, "tenant", tenant, "endpoint", id)
	var before audit.Value
	if last != nil {
		before = old.value(r.ledger)
	}
	if e, err = r.put(by, wrote(last != nil), t, e, before, rec); err != nil {
		return nil, Made{}, false, err
	}
	return e, made, last == nil, nil
}

// full refuses one more endpoint: they bound what a snapshot holds, and how many
// deliveries one event makes. Whose limit it is, if not its own, is not told.
func full(at string, most int) error {
	if at == "" {
		return nil
	}
	return gateway.Errorf(gateway.CodeInvalidField, "the tenant, or one above it, has as many endpoints as its limits.endpoints allows: %d", most)
}

// put stores an endpoint, which was as before says, and lets it be seen.
func (r *Endpoints) put(by auth.Principal, action audit.Action, t *directory.Tenant, e *directory.Endpoint, before audit.Value, rec *endpointRecord) (*directory.Endpoint, error) {
	stored, err := writeRecord(r.sealer, gateway.KindEndpoint, t.ID, e.ID, rec)
	if err != nil {
		return nil, err
	}
	w := writing{by: by, action: action, tenant: t.ID, object: pathOf(t.ID, gateway.KindEndpoint, e.ID)}
	lines, err := r.lines(w, before, rec.value(r.ledger))
	if err != nil {
		return nil, err
	}
	if err := r.enter(by, stored, e.Memory(), t.Spec.Parent, lines); err != nil {
		return nil, err
	}
	r.keep(t.ID, e.ID, rec)
	r.show(w, t, e)
	r.watchOverlaps()
	return r.directory.Current().Tenant(t.ID).Endpoint(e.ID), nil
}

// show lets an endpoint be seen that was written, and says so.
func (r *Endpoints) show(w writing, t *directory.Tenant, e *directory.Endpoint) {
	r.swap(w, r.directory.Current().With(t.WithEndpoint(e)))
	if r.onChanged != nil {
		r.onChanged(t.ID, e.ID)
	}
}

// Delete removes an endpoint: no event finds it from now on. What becomes
// of its unfinished deliveries is for Options.OnEndpointDeleted.
func (r *Endpoints) Delete(by auth.Principal, tenant, id string) error {
	end, err := r.turnToEnd(by)
	if err != nil {
		return err
	}
	defer end()
	t, e, err := r.endpoint(by, tenant, id)
	if err != nil {
		return err
	}
	if err := r.unchanged(by, true, managedByAPI, &e.Spec); err != nil {
		return err
	}
	w := writing{by: by, action: audit.Delete, tenant: tenant, object: pathOf(tenant, gateway.KindEndpoint, id)}
	lines, err := r.lines(w, r.of(tenant).endpoints[id].value(r.ledger), nil)
	if err != nil {
		return err
	}
	if err := r.weights.DeleteResource(gateway.KindEndpoint, tenant, e.ID, lines...); err != nil {
		return err
	}
	delete(r.of(tenant).endpoints, id)
	r.swap(w, r.directory.Current().With(t.WithoutEndpoint(id)))
	r.watchOverlaps()
	if r.onDeleted != nil {
		r.onDeleted(tenant, id)
	}
	return nil
}

// Expire removes an endpoint that nobody has pulled from for as long as it says. The audit
// tells of it as hookgate's own doing.
func (r *Endpoints) Expire(tenant, id string) error {
	return r.Delete(auth.Principal{Scope: auth.Admin, Asking: &auth.Asking{Kind: audit.KindSystem}}, tenant, id)
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
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt, SecretSetAt: rec.SecretSetAt}
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
