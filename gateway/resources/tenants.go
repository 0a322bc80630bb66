package resources

import (
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
)

// Tenants writes tenants; with one that is deleted goes all that it had.
type Tenants struct {
	*ledger
	tokens    *Tokens
	webhooks  *Webhooks
	knowns    *Knowns
	onDeleted func(tenant string)
	// wasDeleted is Options.WasDeleted
	wasDeleted func(tenant string) (bool, error)
}

// Put creates or replaces a tenant. body is a tree of package fields.
func (r *Tenants) Put(by auth.Principal, id string, body any) (t *directory.Tenant, created bool, err error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, false, err
	}
	defer end()
	snapshot := r.directory.Current()
	last := snapshot.Tenant(id)
	if last != nil && !snapshot.Reaches(by, id) {
		return nil, false, errNotBelow // as if there were none: whose it is is not told
	}
	if _, owned := r.file.Tenants[id]; owned {
		return nil, false, errManagedByFile
	}
	old := &gateway.Tenant{}
	rec := tenantRecord{Spec: &gateway.Tenant{}, CreatedAt: now(), UpdatedAt: now()}
	if last != nil {
		old = &last.Spec
		rec.CreatedAt = last.Meta.CreatedAt
	}
	faults := fields.Decode(body, rec.Spec, readOnly)
	w := write{by: by, snapshot: snapshot, id: id, existed: last != nil, spec: rec.Spec, old: old, guesses: guesses(rec.Spec.Platform)}
	faults = append(faults, r.opener(by, id, gateway.KindTenant, "").open(rec.Spec)...)
	faults = append(faults, keep(rec.Spec, old)...)
	faults = append(faults, written(directory.TenantSecrets(*rec.Spec), rec.Spec, old)...)
	w.keepFixed(body)
	if err := w.allowed(); err != nil {
		return nil, false, err
	}
	// Only now: who may not write a tenant is not told whether there is one.
	if err := r.unchanged(by, last != nil, managedByAPI, old); err != nil {
		return nil, false, err
	}
	tree, taken := snapshot.CheckTenant(id, *rec.Spec)
	t, more := directory.CompileTenant(rec.meta(id), *rec.Spec, r.options)
	if err := withMore(faults, slices.Concat(more, tree, w.crowded())); err != nil {
		return nil, false, err
	}
	if taken != "" {
		return nil, false, gateway.Errorf(gateway.CodeAccountKeyTaken, "another tenant holds the account key %q", taken)
	}
	if by.Dry() {
		return t, last == nil, nil
	}
	return r.put(by, t, &rec, last)
}

// put stores a tenant and lets it be seen, with what it had.
func (r *Tenants) put(by auth.Principal, t *directory.Tenant, rec *tenantRecord, last *directory.Tenant) (*directory.Tenant, bool, error) {
	stored, err := writeRecord(r.sealer, gateway.KindTenant, t.ID, "", rec)
	if err != nil {
		return nil, false, err
	}
	w := writing{by: by, action: wrote(last != nil), tenant: t.ID, object: "tenants/" + t.ID, parent: t.Spec.Parent}
	var before audit.Value
	if last != nil {
		before = r.value(&last.Spec)
	}
	lines, err := r.lines(w, before, r.value(rec.Spec))
	if err != nil {
		return nil, false, err
	}
	if err := r.clear(t.ID, last); err != nil {
		return nil, false, err
	}
	if err := r.enter(by, stored, 0, t.Spec.Parent, lines); err != nil {
		return nil, false, err
	}
	r.of(t.ID).tenant = rec
	if last != nil {
		t = t.Having(last.Sources()...).HavingEndpoints(last.Endpoints()...).HavingWebhooks(last.Webhooks()...)
	}
	r.swap(w, r.directory.Current().With(t))
	return t, last == nil, nil
}

// clear clears up after a tenant that was there before under the id of one that is made.
func (r *Tenants) clear(id string, last *directory.Tenant) error {
	if last != nil || r.wasDeleted == nil {
		return nil
	}
	was, err := r.wasDeleted(id)
	if err != nil || !was {
		return err
	}
	r.onDeleted(id)
	return r.weights.DeleteTenant(id)
}

func (rec *tenantRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt}
}

// Delete ends a tenant and everything of it.
func (r *Tenants) Delete(by auth.Principal, id string) error {
	end, err := r.turnToEnd(by)
	if err != nil {
		return err
	}
	defer end()
	snapshot := r.directory.Current()
	if snapshot.Tenant(id) == nil || !snapshot.Reaches(by, id) {
		return errNoTenant
	}
	if _, owned := r.file.Tenants[id]; owned {
		return errManagedByFile
	}
	if snapshot.HasChildren(id) {
		return gateway.Errorf(gateway.CodeTenantHasChildren, "other tenants have this one as their parent: delete or move them first")
	}
	t := snapshot.Tenant(id)
	if err := r.unchanged(by, true, t.Meta, &t.Spec); err != nil {
		return err
	}
	w := writing{by: by, action: audit.Delete, tenant: id, object: "tenants/" + id}
	err = r.audit.Ended(deedOf(w, r.value(&t.Spec), nil), func(told []gateway.AuditLine) error {
		// Tokens go first: whatever happens, none of them may find a new tenant under
		// the old one's id.
		if err := r.tokens.deleteOf(by, id); err != nil {
			return err
		}
		return r.weights.DeleteTenant(id, told...)
	})
	if err != nil {
		return err
	}
	delete(r.kept, id)
	r.knowns.set(id, nil)
	r.webhooks.errors.forget(func(k webhookKey) bool { return k.tenant == id })
	r.swap(w, r.directory.Current().Without(id).WithTokens(r.tokens.table()))
	t.Life.End()
	r.onDeleted(id)
	// Until its life ended a request could still use the last snapshot, and leave
	// something behind. The promise is kept already; this only clears up after it.
	if err := r.weights.DeleteTenant(id); err != nil {
		r.log.Warn("clearing up after a deleted tenant", "tenant", id, "error", err)
	}
	return nil
}

// revive makes the tenant of a record. One that this version refuses,
// though an earlier one took it, is shown and not in service.
func (r *Tenants) revive(id string, rec *tenantRecord) *directory.Tenant {
	spec := gateway.Tenant{}
	if rec.Spec != nil {
		spec = *rec.Spec
	}
	t, faults := directory.CompileTenant(rec.meta(id), spec, r.stored())
	if len(faults) > 0 {
		r.log.Error("a stored tenant is refused and out of service until it is written anew", "tenant", id, "error", faults[0].String())
		t = &directory.Tenant{ID: id, Meta: rec.meta(id), Spec: spec, Disabled: true}
	}
	r.warnOfSecrets(directory.TenantSecrets(spec), "tenant", id)
	t.Disabled = t.Disabled || rec.FromFile
	return t
}
