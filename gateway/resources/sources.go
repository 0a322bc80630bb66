package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// maxSources bounds what one tenant can make a snapshot hold.
const maxSources = 1000

// Sources writes the sources of tenants.
type Sources struct{ *ledger }

// Put creates or replaces a source. body is a tree of package fields.
func (r *Sources) Put(by auth.Principal, tenant, id string, body any) (s *directory.Source, created bool, err error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, false, err
	}
	defer end()
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
		rec.CreatedAt, rec.SecretSetAt = last.Meta.CreatedAt, last.Meta.SecretSetAt
	} else if len(t.Sources()) >= maxSources {
		return nil, false, gateway.Errorf(gateway.CodeInvalidField, "the tenant has %d sources: the most there may be", maxSources)
	}
	if err := r.unchanged(by, last != nil, managedByAPI, old); err != nil {
		return nil, false, err
	}
	if s, err = r.compiled(&rec, id, body, old, r.opener(by, tenant, gateway.KindSource, id)); err != nil {
		return nil, false, err
	}
	if by.Dry() {
		return t.With(s).Source(id), last == nil, nil
	}
	stored, err := writeRecord(r.sealer, gateway.KindSource, tenant, id, &rec)
	if err != nil {
		return nil, false, err
	}
	w := writing{by: by, action: wrote(last != nil), tenant: tenant, object: pathOf(tenant, gateway.KindSource, id)}
	lines, err := r.lines(w, r.valueIf(last != nil, old), r.value(&rec.Spec))
	if err != nil {
		return nil, false, err
	}
	if err := r.enter(by, stored, s.Memory(), t.Spec.Parent, lines); err != nil {
		return nil, false, err
	}
	r.of(tenant).sources[id] = &rec
	r.swap(w, r.directory.Current().With(t.With(s)))
	for _, fault := range s.Whole() {
		r.log.Warn("a path "+fault.Message, "tenant", tenant, "source", id, "place", fault.Path)
	}
	return s, last == nil, nil
}

// compiled reads what somebody wrote in the place of old.
func (r *Sources) compiled(rec *sourceRecord, id string, body any, old *gateway.Source, sealed opener) (*directory.Source, error) {
	faults := decode(body, &rec.Spec, old, readOnly, sealed)
	faults = append(faults, written(directory.SourceSecrets(rec.Spec), &rec.Spec, old)...)
	rec.SecretSetAt = secretsSet(&rec.Spec, old, "verify", rec.SecretSetAt)
	s, more := directory.CompileSource(rec.meta(id), rec.Spec, r.options)
	return s, withMore(faults, more)
}

// Edited gives a source as it would be if a PUT wrote body, whoever manages it: to ask what
// it would make of a request. Nothing is written, and no snapshot has it.
func (r *Sources) Edited(by auth.Principal, tenant, id string, body any) (*directory.Source, error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, err
	}
	defer end()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, err
	}
	last := t.Source(id)
	if last == nil {
		return nil, errNoSource
	}
	s, err := r.compiled(&sourceRecord{CreatedAt: last.Meta.CreatedAt, UpdatedAt: now(), SecretSetAt: last.Meta.SecretSetAt}, id, body, &last.Spec, r.opener(by, tenant, gateway.KindSource, id))
	if err != nil {
		return nil, err
	}
	return t.With(s).Source(id), nil
}

// Delete removes a source: callbacks to it are 404 from now on. Its waits
// go on to their deadlines.
func (r *Sources) Delete(by auth.Principal, tenant, id string) error {
	end, err := r.turnToEnd(by)
	if err != nil {
		return err
	}
	defer end()
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
	if err := r.unchanged(by, true, s.Meta, &s.Spec); err != nil {
		return err
	}
	w := writing{by: by, action: audit.Delete, tenant: tenant, object: pathOf(tenant, gateway.KindSource, id)}
	lines, err := r.lines(w, r.value(&s.Spec), nil)
	if err != nil {
		return err
	}
	if err := r.weights.DeleteResource(gateway.KindSource, tenant, id, lines...); err != nil {
		return err
	}
	delete(r.of(tenant).sources, id)
	r.swap(w, r.directory.Current().With(t.Without(id)))
	return nil
}

func (rec *sourceRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt, SecretSetAt: rec.SecretSetAt}
}

// revive is Tenants.revive for a source.
func (r *Sources) revive(tenant, id string, rec *sourceRecord) *directory.Source {
	s, faults := directory.CompileSource(rec.meta(id), rec.Spec, r.stored())
	if len(faults) > 0 {
		r.log.Error("a stored source is refused and out of service until it is written anew", "tenant", tenant, "source", id, "error", faults[0].String())
		s = &directory.Source{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	r.warnOfSecrets(directory.SourceSecrets(rec.Spec), "tenant", tenant, "source", id)
	return s
}

func (r *Sources) warn(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for _, s := range t.Sources() {
		if _, named := file.Sources[s.ID]; named && k != nil && k.sources[s.ID] != nil {
			r.log.Warn("the file hides a source of the same id that the API made", "tenant", t.ID, "source", s.ID)
		}
		if s.Spec.Verify.Type == "none" {
			r.log.Warn("a source takes callbacks from anybody: its verify is none", "tenant", t.ID, "source", s.ID)
		}
	}
}
