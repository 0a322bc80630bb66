package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// maxWebhooks bounds what one tenant can make a snapshot hold.
const maxWebhooks = 1000

// PutWebhook creates or replaces a webhook. body is a tree of package fields.
func (r *Resources) PutWebhook(by auth.Principal, tenant, id string, body any) (w *directory.Webhook, created bool, err error) {
	return r.putWebhook(by, tenant, id, func(spec, old *gateway.Webhook) []gateway.Fault {
		return decode(body, spec, old, readOnlyWebhook)
	})
}

// PutWebhookSpec is PutWebhook for what was read already.
func (r *Resources) PutWebhookSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (w *directory.Webhook, created bool, err error) {
	return r.putWebhook(by, tenant, id, taken(spec))
}

// CheckWebhookSpec gives a webhook as PutWebhookSpec would take it, its masks
// replaced by what they keep, or says what stands against that. It stores nothing:
// for those who must ask elsewhere before anything is stored. The masks within spec
// are written over.
func (r *Resources) CheckWebhookSpec(by auth.Principal, tenant, id string, spec gateway.Webhook) (gateway.Webhook, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.compileWebhook(by, tenant, id, taken(spec))
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

func (r *Resources) putWebhook(by auth.Principal, tenant, id string, read webhookReader) (*directory.Webhook, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.compileWebhook(by, tenant, id, read)
	if err != nil {
		return nil, false, err
	}
	if err := r.storeWebhook(by, n.tenant, id, n.record); err != nil {
		return nil, false, err
	}
	r.Directory.Swap(r.Directory.Current().With(n.tenant.WithWebhook(n.compiled)))
	return r.Directory.Current().Tenant(tenant).Webhook(id), n.created, nil
}

// nextWebhook is a webhook that is about to be stored.
type nextWebhook struct {
	tenant   *directory.Tenant
	compiled *directory.Webhook
	record   *webhookRecord
	created  bool
}

// compileWebhook finds out whether a webhook may be stored. The lock is held.
func (r *Resources) compileWebhook(by auth.Principal, tenant, id string, read webhookReader) (*nextWebhook, error) {
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
	w, more := directory.CompileWebhook(rec.meta(id), rec.Spec, r.compile)
	if err := withMore(faults, more); err != nil {
		return nil, err
	}
	return &nextWebhook{t, w, rec, last == nil}, nil
}

// storeWebhook stores a webhook for who may keep as much; of a call's error that is
// hookgate itself.
func (r *Resources) storeWebhook(by auth.Principal, t *directory.Tenant, id string, rec *webhookRecord) error {
	stored, err := writeRecord(r.Sealer, gateway.KindWebhook, t.ID, id, rec)
	if err != nil {
		return err
	}
	if err := r.fits(by, r.Directory.Current(), stored, t.Spec.Parent); err != nil {
		return err
	}
	if err := r.Store.PutResources(stored); err != nil {
		return err
	}
	r.of(t.ID).webhooks[id] = rec
	r.callErrors.set(webhookKey{t.ID, id}, rec.Error)
	return nil
}

// DeleteWebhook removes a webhook: no call finds it from now on. Calls that are
// under way go on to their end.
func (r *Resources) DeleteWebhook(by auth.Principal, tenant, id string) error {
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
	if err := r.Store.DeleteResource(gateway.KindWebhook, tenant, id); err != nil {
		return err
	}
	delete(r.of(tenant).webhooks, id)
	r.callErrors.forget(func(k webhookKey) bool { return k == webhookKey{tenant, id} })
	r.Directory.Swap(r.Directory.Current().With(t.WithoutWebhook(id)))
	if r.OnWebhookDeleted != nil {
		r.OnWebhookDeleted(tenant, id)
	}
	return nil
}

func (rec *webhookRecord) meta(id string) gateway.Meta {
	return gateway.Meta{ID: id, ManagedBy: gateway.ManagedByAPI, CreatedAt: rec.CreatedAt, UpdatedAt: rec.UpdatedAt}
}

// compileKeptWebhook is compileKept for a webhook.
func (r *Resources) compileKeptWebhook(tenant, id string, rec *webhookRecord) *directory.Webhook {
	w, faults := directory.CompileWebhook(rec.meta(id), rec.Spec, r.stored())
	if len(faults) > 0 {
		r.Log.Error("a stored webhook is refused and out of service until it is written anew", "tenant", tenant, "webhook", id, "error", faults[0].String())
		w = &directory.Webhook{ID: id, Meta: rec.meta(id), Spec: rec.Spec, Refused: true}
	}
	return w
}

func (r *Resources) warnOfWebhooks(t *directory.Tenant, file directory.FileTenant) {
	k := r.kept[t.ID]
	for id := range file.Webhooks {
		if k != nil && k.webhooks[id] != nil {
			r.Log.Warn("the file hides a webhook of the same id that the API made", "tenant", t.ID, "webhook", id)
		}
	}
}
