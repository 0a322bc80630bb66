package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// maxWebhooks bounds what one tenant can make a snapshot hold.
const maxWebhooks = 1000

// Webhooks writes the webhooks of tenants, and keeps how their last calls failed.
type Webhooks struct {
	*ledger
	errors    callErrors
	onDeleted func(tenant, webhook string)
}

func (r *Webhooks) load(rec gateway.Record) error {
	w, err := readRecord[webhookRecord](r.sealer, rec)
	if err != nil {
		return err
	}
	r.of(rec.Tenant).webhooks[rec.ID] = w
	r.errors.set(webhookKey{rec.Tenant, rec.ID}, w.Error)
	return nil
}

// Put creates or replaces a webhook. body is a tree of package fields.
func (r *Webhooks) Put(by auth.Principal, tenant, id string, body any) (w *directory.Webhook, created bool, err error) {
	return r.put(by, tenant, id, false, func(spec, old *gateway.Webhook) []gateway.Fault {
		return decode(body, spec, old, readOnlyWebhook, r.opener(by, tenant, gateway.KindWebhook, id))
	})
}

// PutSpec is Put for what was read already.
func (r *Webhooks) PutSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (w *directory.Webhook, created bool, err error) {
	return r.put(by, tenant, id, false, taken(spec))
}

// ReplaceSpec is PutSpec of a webhook that is there: one that was deleted meanwhile is not
// made again.
func (r *Webhooks) ReplaceSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) error {
	_, _, err := r.put(by, tenant, id, true, taken(spec))
	return err
}

// CheckSpec gives a webhook as PutSpec would take it, its masks
// replaced by what they keep, or says what stands against that. It stores nothing:
// for those who must ask elsewhere before anything is stored. The masks within spec
// are written over.
func (r *Webhooks) CheckSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (gateway.Webhook, error) {
	end, err := r.turn(by)
	if err != nil {
		return gateway.Webhook{}, err
	}
	defer end()
	n, err := r.compile(by, tenant, id, taken(spec))
	if err != nil {
		return gateway.Webhook{}, err
	}
	return n.record.Spec, nil
}

// webhookReader sets the spec of a webhook that takes the place of old.
type webhookReader func(spec, old *gateway.Webhook) []gateway.Fault

func taken(spec gateway.Webhook) webhookReader {
	return func(to, old *gateway.Webhook) []gateway.Fault {
		*to = spec
		return keep(to, old)
	}
}

func (r *Webhooks) put(by auth.Principal, tenant, id string, there bool, read webhookReader) (*directory.Webhook, bool, error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, false, err
	}
	defer end()
	n, err := r.compile(by, tenant, id, read)
	if err == nil && there && n.created {
		err = errNoWebhook
	}
	if err != nil {
		return nil, false, err
	}
	if by.Dry() {
		return n.tenant.WithWebhook(n.compiled).Webhook(id), n.created, nil
	}
	w := writing{by: by, action: wrote(!n.created), tenant: tenant, object: pathOf(tenant, gateway.KindWebhook, id)}
	lines, err := r.lines(w, n.before, r.value(&n.record.Spec))
	if err != nil {
		return nil, false, err
	}
	if err := r.store(by, n.tenant, id, n.record, n.compiled.Memory(), lines); err != nil {
		return nil, false, err
	}
	r.warnOfCertificate(n.compiled.TLS, "tenant", tenant, "webhook", id)
	r.swap(w, r.directory.Current().With(n.tenant.WithWebhook(n.compiled)))
	return r.directory.Current().Tenant(tenant).Webhook(id), n.created, nil
}

// nextWebhook is a webhook that is about to be stored.
type nextWebhook struct {
	tenant   *directory.Tenant
	compiled *directory.Webhook
	record   *webhookRecord
	created  bool
	before   audit.Value // what was there; nil: nothing
}

// compile finds out whether a webhook may be stored. The lock is held.
func (r *Webhooks) compile(by auth.Principal, tenant, id string, read webhookReader) (*nextWebhook, error) {
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, err
	}
	last := t.Webhook(id)
	if last != nil && last.Meta.ManagedBy == gateway.ManagedByFile {
		return nil, errManagedByFile
	}
	old := &gateway.Webhook{}
	rec := &webhookRecord{CreatedAt: now(), UpdatedAt: now()}
	if last != nil {
		old = &last.Spec
		rec.CreatedAt, rec.Error = last.Meta.CreatedAt, r.of(tenant).webhooks[id].Error
	} else if len(t.Webhooks()) >= maxWebhooks {
		return nil, gateway.Errorf(gateway.CodeInvalidField, "the tenant has %d webhooks: the most there may be", maxWebhooks)
	}
	if err := r.unchanged(by, last != nil, managedByAPI, old); err != nil {
		return nil, err
	}
	w, err := r.compiled(rec, id, old, read)
	if err != nil {
		return nil, err
	}
	return &nextWebhook{t, w, rec, last == nil, r.valueIf(last != nil, old)}, nil
}

// compiled reads what somebody wrote in the place of old.
func (r *Webhooks) compiled(rec *webhookRecord, id string, old *gateway.Webhook, read webhookReader) (*directory.Webhook, error) {
	faults := read(&rec.Spec, old)
	faults = append(faults, written(directory.WebhookSecrets(rec.Spec), &rec.Spec, old)...)
	w, more := directory.CompileWebhook(rec.meta(id), rec.Spec, r.options)
	return w, withMore(faults, more)
}

// Edited gives a webhook as it would be if a PUT wrote body, whoever manages it: to run it
// before it is written. No snapshot has it.
func (r *Webhooks) Edited(by auth.Principal, tenant, id string, body any) (*directory.Webhook, error) {
	end, err := r.turn(by)
	if err != nil {
		return nil, err
	}
	defer end()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return nil, err
	}
	last := t.Webhook(id)
	if last == nil {
		return nil, errNoWebhook
	}
	w, err := r.compiled(&webhookRecord{CreatedAt: last.Meta.CreatedAt, UpdatedAt: now()}, id, &last.Spec, func(spec, old *gateway.Webhook) []gateway.Fault {
		return decode(body, spec, old, readOnlyWebhook, r.opener(by, tenant, gateway.KindWebhook, id))
	})
	if err != nil {
		return nil, err
	}
	w = t.WithWebhook(w).Webhook(id)
	w.Metrics = last.Metrics // those that a snapshot would give it
	return w, nil
}

// store stores a webhook for who may keep as much; of a call's error that is
// hookgate itself, and there are no lines.
func (r *Webhooks) store(by auth.Principal, t *directory.Tenant, id string, rec *webhookRecord, memory int, lines []gateway.AuditLine) error {
	stored, err := writeRecord(r.sealer, gateway.KindWebhook, t.ID, id, rec)
	if err != nil {
		return err
	}
	if err := r.enter(by, stored, memory, t.Spec.Parent, lines); err != nil {
		return err
	}
	r.of(t.ID).webhooks[id] = rec
	r.errors.set(webhookKey{t.ID, id}, rec.Error)
	return nil
}

// Delete removes a webhook: no call finds it from now on. Calls that are
// under way go on to their end.
func (r *Webhooks) Delete(by auth.Principal, tenant, id string) error {
	end, err := r.turnToEnd(by)
	if err != nil {
		return err
	}
	defer end()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return err
	}
	w := t.Webhook(id)
	switch {
	case w == nil:
		return errNoWebhook
	case w.Meta.ManagedBy == gateway.ManagedByFile:
		return errManagedByFile
	}
	if err := r.unchanged(by, true, w.Meta, &w.Spec); err != nil {
		return err
	}
	of := writing{by: by, action: audit.Delete, tenant: tenant, object: pathOf(tenant, gateway.KindWebhook, id)}
	lines, err := r.lines(of, r.value(&w.Spec), nil)
	if err != nil {
		return err
	}
	if err := r.weights.DeleteResource(gateway.KindWebhook, tenant, id, lines...); err != nil {
		return err
	}
	delete(r.of(tenant).webhooks, id)
	r.errors.forget(func(k webhookKey) bool { return k == webhookKey{tenant, id} })
	r.swap(of, r.directory.Current().With(t.WithoutWebhook(id)))
	if r.onDeleted != nil {
		r.onDeleted(tenant, id)
	}
	return nil
}

func (rec *webhookRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt}
}

// revive is Tenants.revive for a webhook.
func (r *Webhooks) revive(tenant, id string, rec *webhookRecord) *directory.Webhook {
	w, faults := directory.CompileWebhook(rec.meta(id), rec.Spec, r.stored())
	if len(faults) > 0 {
		r.log.Error("a stored webhook is refused and out of service until it is written anew", "tenant", tenant, "webhook", id, "error", faults[0].String())
		w = &directory.Webhook{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	r.warnOfSecrets(directory.WebhookSecrets(rec.Spec), "tenant", tenant, "webhook", id)
	return w
}

func (r *Webhooks) warn(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for id := range file.Webhooks {
		if k != nil && k.webhooks[id] != nil {
			r.log.Warn("the file hides a webhook of the same id that the API made", "tenant", t.ID, "webhook", id)
		}
	}
}
