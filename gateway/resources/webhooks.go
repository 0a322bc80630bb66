package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
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
	return r.put(by, tenant, id, func(spec, old *gateway.Webhook) []gateway.Fault {
		return decode(body, spec, old, readOnlyWebhook)
	})
}

// PutSpec is Put for what was read already.
func (r *Webhooks) PutSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (w *directory.Webhook, created bool, err error) {
	return r.put(by, tenant, id, taken(spec))
}

// CheckSpec gives a webhook as PutSpec would take it, its masks
// replaced by what they keep, or says what stands against that. It stores nothing:
// for those who must ask elsewhere before anything is stored. The masks within spec
// are written over.
func (r *Webhooks) CheckSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (gateway.Webhook, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
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

func (r *Webhooks) put(by auth.Principal, tenant, id string, read webhookReader) (*directory.Webhook, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.compile(by, tenant, id, read)
	if err != nil {
		return nil, false, err
	}
	if err := r.store(by, n.tenant, id, n.record); err != nil {
		return nil, false, err
	}
	r.warnOfCertificate(n.compiled.TLS, "tenant", tenant, "webhook", id)
	r.directory.Swap(r.directory.Current().With(n.tenant.WithWebhook(n.compiled)))
	return r.directory.Current().Tenant(tenant).Webhook(id), n.created, nil
}

// nextWebhook is a webhook that is about to be stored.
type nextWebhook struct {
	tenant   *directory.Tenant
	compiled *directory.Webhook
	record   *webhookRecord
	created  bool
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
	faults := read(&rec.Spec, old)
	faults = append(faults, written(directory.WebhookSecrets(rec.Spec), &rec.Spec, old)...)
	w, more := directory.CompileWebhook(rec.meta(id), rec.Spec, r.options)
	if err := withMore(faults, more); err != nil {
		return nil, err
	}
	return &nextWebhook{t, w, rec, last == nil}, nil
}

// store stores a webhook for who may keep as much; of a call's error that is
// hookgate itself.
func (r *Webhooks) store(by auth.Principal, t *directory.Tenant, id string, rec *webhookRecord) error {
	stored, err := writeRecord(r.sealer, gateway.KindWebhook, t.ID, id, rec)
	if err != nil {
		return err
	}
	if err := r.enter(by, stored, t.Spec.Parent); err != nil {
		return err
	}
	r.of(t.ID).webhooks[id] = rec
	r.errors.set(webhookKey{t.ID, id}, rec.Error)
	return nil
}

// Delete removes a webhook: no call finds it from now on. Calls that are
// under way go on to their end.
func (r *Webhooks) Delete(by auth.Principal, tenant, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
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
	if err := r.weights.DeleteResource(gateway.KindWebhook, tenant, id); err != nil {
		return err
	}
	delete(r.of(tenant).webhooks, id)
	r.errors.forget(func(k webhookKey) bool { return k == webhookKey{tenant, id} })
	r.directory.Swap(r.directory.Current().With(t.WithoutWebhook(id)))
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
